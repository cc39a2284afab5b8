"""The whole way once: images in, three questions, six restorations from rows alone and with
details, one page to look at.

Without a folder of your own, the 48 drawings in samples/ are archived. Their captions are known, so
the questions have right answers.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from archive.archive import Archive
from archive.demo.report import Comparison, Thumbnail, write_page
from archive.errors import ColdframeError
from archive.imaging.decode import load_picture
from archive.imaging.encode import LONGEST_SIDES, save_image
from archive.imaging.files import make_folder
from archive.imaging.resize import resize
from archive.index.hits import Hit
from archive.records import Row
from archive.restore.frames import scaled_size
from archive.restore.run import Restored

SAMPLES = Path(__file__).parent / "samples"
SAMPLE_QUESTIONS = ("a boat on the water", "a planet", "fish under water")
QUESTIONS = ("an animal", "people doing sports", "a landscape")
HITS = 5  # per question
RESTORED = 6  # rows
DETAIL_BYTES = (50, 120)  # of each detail, used for a restoration
THUMBNAIL_PIXELS = 480 * 480


@dataclass(frozen=True)
class Stage:
    """What is being done, and how many are done."""

    title: str
    done: int


class Demo:
    """One demo in one folder: pictures/, archive/, page/, index.html."""

    def __init__(self, out: Path, folder: Path | None = None) -> None:
        """`folder`: images to use instead of the samples."""
        self.out = out
        self.captions: dict[str, str] = {}  # of the samples, by path
        self.answers: list[tuple[str, list[Hit]]] = []
        self.restored: dict[int, dict[int, Restored]] = {}  # by bytes of the detail, and by id
        self._details: dict[int, int] = {}  # bytes, by id
        self._folder = folder

    @property
    def page(self) -> Path:
        """The page that is written."""
        return self.out / "index.html"

    def run(self) -> Iterator[Stage]:
        """Does it all, yielding its progress. Raises UsageError for a folder it cannot make."""
        make_folder(self.out)
        folder = self._folder or self._copy_samples()
        with Archive.create(self.out / "archive", "pocket") as archive:
            for done, _ in enumerate(archive.ingest(folder), start=1):
                yield Stage("archiving", done)
            questions = QUESTIONS if self._folder else SAMPLE_QUESTIONS
            answers = archive.search(questions, limit=HITS)
            self.answers = list(zip(questions, answers, strict=True))
            rows = self._rows_to_restore(archive)
            yield from self._restore(archive, rows, 0)
            yield from self._write_details(archive, rows)
            for detail_bytes in DETAIL_BYTES:
                yield from self._restore(archive, rows, detail_bytes)
            self._write_page(archive, rows)

    def _restore(self, archive: Archive, rows: Sequence[Row], detail_bytes: int) -> Iterator[Stage]:
        """From the rows and so many bytes of their details."""
        sampling = replace(archive.sampling, detail_bytes=detail_bytes)
        out = self.out / "page" / (f"detail-{detail_bytes}" if detail_bytes else "row")
        self.restored[detail_bytes] = {}
        for restored in archive.restore([row.id for row in rows], out, sampling=sampling):
            if restored.error:
                raise ColdframeError(restored.error)
            self.restored[detail_bytes][restored.id] = restored
            yield Stage("restoring", sum(map(len, self.restored.values())))

    def _write_details(self, archive: Archive, rows: Sequence[Row]) -> Iterator[Stage]:
        for outcome in archive.write_details(rows, max_bytes=max(DETAIL_BYTES)):
            self._details[outcome.id] = outcome.bytes
            yield Stage("writing details", len(self._details))

    def _copy_samples(self) -> Path:
        """The drawings that ship with the package → a folder of files."""
        folder = self.out / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        captions = json.loads((SAMPLES / "captions.json").read_text())
        for name, caption in captions.items():
            shutil.copyfile(SAMPLES / name, folder / name)
            self.captions[str((folder / name).resolve())] = caption
        return folder

    def _rows_to_restore(self, archive: Archive) -> list[Row]:
        """The best hits of each question in turn, then other rows, RESTORED in all."""
        best = [
            hits[rank].id for rank in range(HITS) for _, hits in self.answers if rank < len(hits)
        ]
        others = [row.id for row in archive]
        ids = list(dict.fromkeys(best[: RESTORED - 1] + others))
        return archive.rows(ids[:RESTORED])

    def _write_page(self, archive: Archive, rows: Sequence[Row]) -> None:
        answers = [
            (question, [self._thumbnail(archive, hit) for hit in hits])
            for question, hits in self.answers
        ]
        comparisons = [self._comparison(row) for row in rows]
        source = (
            f"Images of {self._folder}." if self._folder else "Drawings that ship with coldframe."
        )
        note = (
            f"{source} The pocket model pair is small: it shows how coldframe works, "
            "not how well large models restore."
        )
        write_page(
            self.page,
            title="coldframe demo",
            note=note,
            stats=archive.stats(),
            answers=answers,
            comparisons=comparisons,
        )

    def _thumbnail(self, archive: Archive, hit: Hit) -> Thumbnail:
        return Thumbnail(self._original_link(archive[hit.id]), hit.score, self._name(hit.path))

    def _comparison(self, row: Row) -> Comparison:
        codes = len(row.clip_code) + len(row.color_code)
        facts = [self._name(row.path), f"row {row.id}"]
        facts += [f"embedding {row.clip_code.hex()[:32]}…", f"color map {row.color_code.hex()}"]
        return Comparison(
            original=self._original_link(row),
            original_bytes=row.file_bytes,
            restorations=[
                (
                    self._link(Path(str(restored[row.id].file))),
                    codes + min(detail_bytes, self._details.get(row.id, 0)),
                )
                for detail_bytes, restored in self.restored.items()
            ],
            width=row.width,
            height=row.height,
            note=" · ".join(facts),
        )

    def _original_link(self, row: Row) -> str:
        """A small copy of the original, written once → its link."""
        path = self.out / "page" / f"{row.id:06d}-original.jpg"
        if not path.exists():
            picture = load_picture(Path(row.path), at_least=480)
            longest = LONGEST_SIDES["JPEG"]
            original = (picture.width, picture.height)
            size = scaled_size(*original, THUMBNAIL_PIXELS, longest=longest)
            save_image(path, resize(picture.pixels, *size))
        return self._link(path)

    def _name(self, path: str) -> str:
        name = os.fsencode(Path(path).name).decode("utf-8", "replace")
        return self.captions.get(path, name)

    def _link(self, path: Path) -> str:
        return quote(str(path.relative_to(self.out)))
