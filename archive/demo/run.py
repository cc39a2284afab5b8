"""The whole way once: pictures in, three questions asked, six pictures drawn again, one page to look at.

Without a folder of your own, the 48 drawings in samples/ are archived. Their captions are known, so the questions have
right answers. training/scenes draws them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from archive.archive import Archive
from archive.demo.report import Exhibit, Shown, write_page
from archive.imaging.decode import load_picture
from archive.imaging.encode import save_image
from archive.imaging.resize import resize
from archive.index.search import Hit
from archive.models.pairs import find_pair
from archive.records import Row
from archive.restore.run import Restored, picture_size
from archive.settings import Settings

SAMPLES = Path(__file__).parent / "samples"
DRAWN_QUESTIONS = ("a boat on the water", "a planet", "fish under water")
QUESTIONS = ("an animal", "people doing sports", "a landscape")
HITS = 5
EXHIBITS = 6
THUMB_PIXELS = 480 * 480


@dataclass(frozen=True)
class Stage:
    """What is being done, and how many are done."""

    title: str
    done: int


class Demo:
    """One demonstration in one folder: pictures/, archive/, page/, index.html."""

    def __init__(self, out: Path, folder: Path | None = None) -> None:
        self.out = out
        self._folder = folder
        self.captions: dict[str, str] = {}  # of the drawn pictures, by path
        self.answers: list[tuple[str, list[Hit]]] = []
        self.restored: list[Restored] = []

    @property
    def page(self) -> Path:
        return self.out / "index.html"

    def run(self) -> Iterator[Stage]:
        """Does it all, telling how far it is."""
        folder = self._folder
        if folder is None:
            folder = self.out / "pictures"
            self._copy_samples(folder)
        with Archive.create(Settings(str(self.out / "archive")), find_pair("pocket")) as archive:
            for done, _ in enumerate(archive.ingest([str(folder)]), start=1):
                yield Stage("archiving", done)
            questions = QUESTIONS if self._folder else DRAWN_QUESTIONS
            self.answers = list(zip(questions, archive.search(questions, count=HITS), strict=True))
            rows = self._chosen(archive)
            for one in archive.restore([row.id for row in rows], self.out / "page"):
                self.restored.append(one)
                yield Stage("restoring", len(self.restored))
            self._write(archive, rows)

    def _copy_samples(self, folder: Path) -> None:
        """The drawings that ship with the package → files of the user's."""
        folder.mkdir(parents=True, exist_ok=True)
        captions = json.loads((SAMPLES / "captions.json").read_text())
        for name, caption in captions.items():
            path = folder / name
            shutil.copyfile(SAMPLES / name, path)
            self.captions[str(path.resolve())] = caption

    def _chosen(self, archive: Archive) -> list[Row]:
        """The best hits of each question in turn, then other rows, EXHIBITS in all."""
        best = [
            hits[rank].id for rank in range(HITS) for _, hits in self.answers if rank < len(hits)
        ]
        others = [row.id for row in archive.rows()]
        return archive.store.images.get(
            list(dict.fromkeys(best[: EXHIBITS - 1] + others))[:EXHIBITS]
        )

    def _write(self, archive: Archive, rows: Sequence[Row]) -> None:
        answers = [
            (question, [self._shown(hit, archive) for hit in hits])
            for question, hits in self.answers
        ]
        exhibits = [
            self._exhibit(archive, row, one) for row, one in zip(rows, self.restored, strict=True)
        ]
        note = (
            "Drawings that ship with coldframe."
            if self._folder is None
            else f"Pictures of {self._folder}."
        )
        note += " The pocket model pair is small: it shows how coldframe works, not how well large models restore."
        write_page(
            self.page,
            title="coldframe demo",
            note=note,
            stats=archive.stats(),
            answers=answers,
            exhibits=exhibits,
        )

    def _shown(self, hit: Hit, archive: Archive) -> Shown:
        return Shown(
            self._thumb(archive.store.images.get([hit.id])[0]), hit.score, self._name(hit.path)
        )

    def _exhibit(self, archive: Archive, row: Row, one: Restored) -> Exhibit:
        colors = archive.codecs[row.codec_id].decode([row.clip_code], [row.color_code])[1][0]
        map_file = self.out / "page" / f"{row.id:06d}-colours.png"
        save_image(map_file, colors)
        return Exhibit(
            original=self._thumb(row),
            color_map=self._link(map_file),
            restoration=self._link(Path(one.file)),
            width=row.width,
            height=row.height,
            original_bytes=row.file_bytes,
            code_bytes=len(row.clip_code) + len(row.color_code),
            note=f"{self._name(row.path)} · row {row.id} · clip_code {row.clip_code.hex()[:32]}… · seed {one.seed}",
        )

    def _thumb(self, row: Row) -> str:
        """A small copy of the original, written once → its link."""
        path = self.out / "page" / f"{row.id:06d}-original.jpg"
        if not path.exists():
            picture = load_picture(Path(row.path), at_least=480)
            size = picture_size(picture.width, picture.height, THUMB_PIXELS)
            save_image(path, resize(np.ascontiguousarray(picture.pixels), *size))
        return self._link(path)

    def _name(self, path: str) -> str:
        name = os.fsencode(Path(path).name).decode("utf-8", "replace")
        return self.captions.get(path, name)

    def _link(self, path: Path) -> str:
        return quote(str(path.relative_to(self.out)))
