"""python -m training.detail_scores --data ../shared/data --pair archive/models/pocket --first 64

Validation photos through a real archive: ingested, given details, restored with more and more of
them, and scored beside WebP, AVIF and JPEG XL of as many bytes. One JSON line each:

    bytes       the row's codes and what is used of the detail; of files, without their headers
    psnr        dB, in the decoder's frame
    id@5        of 64 photos: is the original among the five nearest, by the judge and the teacher
    own         centered cosine of original and restoration, in the pair's encoder
    color       mean squared error of 32 × 32 color maps, values 0…1
    better      share of the photos with a higher PSNR than at the length before

Files are the best of SIDES × QUALITIES for each photo, by squared error, and enlarged again.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import click
import numpy as np
import torch
from PIL import Image

from archive.archive import Archive
from archive.arrays import Pixels, Vectors, cosine
from archive.create_archive import DEFAULT_CODEC
from archive.errors import Unreadable
from archive.imaging.decode import load_picture
from archive.metrics import psnr
from archive.models.encoder import Encoder
from archive.models.pairs import POCKET_FOLDER, POCKET_SAMPLING
from archive.restore.frames import frame_size
from training.evaluate import PHOTOS, load_data
from training.frames import AREA, MULTIPLE, squash
from training.metrics import JudgeMetrics, TeacherMetrics, identification_rate
from training.restoration_scores import color_score, sharp_photos

SIDES = (12, 16, 24, 32, 48, 64, 96, 128)  # pixels; √area of what is compressed
SHORT_SIDE = 128  # pixels
QUALITIES = (0, 5, 15, 30, 50, 75)
HEADERS = {"WEBP": 30, "AVIF": 0, "JXL": 14}  # bytes of a file that say nothing of its picture
OPTIONS = {"WEBP": {"method": 6}, "JXL": {"effort": 9}}


@dataclass(frozen=True)
class Judges:
    """What images are compared by."""

    originals: Sequence[Pixels]  # in the decoder's frames
    teacher: TeacherMetrics
    encoder: Encoder
    center: Vectors

    def scores(self, images: Sequence[Pixels]) -> dict[str, float]:
        """Restorations of all originals, in their frames → their scores."""
        originals = list(self.originals)
        both = [self.encoder.preprocess(pixels) for pixels in [*originals, *images]]
        similarity = cosine(*np.split(self.encoder.encode_images(both) - self.center, 2))
        return {
            "psnr": round(float(self.psnrs(images).mean()), 2),
            "id@5": round(identification_rate(JudgeMetrics(), originals, images), 3),
            "id@5_teacher": round(identification_rate(self.teacher, originals, images), 3),
            "own": round(float(similarity.mean()), 3),
            "own_worst_5_percent": round(
                float(np.sort(similarity)[: max(1, len(similarity) // 20)].mean()), 3
            ),
            "color": round(color_score(originals, images), 4),
        }

    def psnrs(self, images: Sequence[Pixels]) -> Vectors:
        """(n,) dB."""
        pairs = zip(images, self.originals, strict=True)
        return np.array([psnr(image, original) for image, original in pairs], np.float32)


def compressed(kind: str, original: Pixels, max_bytes: int) -> Pixels:
    """The original as a file of at most so many bytes gives it back, the best of all ways."""
    best, error = original * 0 + 128, np.inf
    height, width, _ = original.shape
    for side in SIDES:
        scale = side / (width * height) ** 0.5
        small = Image.fromarray(original).resize(
            (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS
        )
        for quality in QUALITIES:
            file = BytesIO()
            small.save(file, kind, quality=quality, **OPTIONS.get(kind, {}))
            if _payload(kind, file.getvalue()) > max_bytes:
                break
            enlarged = squash(np.asarray(Image.open(file).convert("RGB")), (width, height))
            if (new := float(np.square(enlarged.astype(np.float32) - original).mean())) < error:
                best, error = enlarged, new
    return best


def _payload(kind: str, file: bytes) -> int:
    """Bytes of a file that say something of its picture."""
    if kind == "AVIF":
        return len(file) - file.index(b"mdat") - len(b"mdat")
    return len(file) - HEADERS[kind]


def photos_of(folder: Path) -> list[Pixels]:
    """The readable photos of a folder by path, with the short side of those of the corpus."""
    photos = []
    for file in filter(Path.is_file, sorted(folder.rglob("*"))):
        with contextlib.suppress(Unreadable):
            pixels = load_picture(file, at_least=SHORT_SIDE).pixels
            height, width = (side * SHORT_SIDE / min(pixels.shape[:2]) for side in pixels.shape[:2])
            photos.append(squash(pixels, (round(width), round(height))))
    return photos


def restorations(
    archive: Archive, frames: Sequence[tuple[int, int]], lengths: Sequence[int]
) -> Iterator[tuple[float, list[Pixels]]]:
    """Mean bytes and the images, in their frames, for each length of the details."""
    rows = sorted(archive, key=lambda row: row.path)  # the photos' order
    written = archive.write_details(rows, max_bytes=max(lengths), sampling=POCKET_SAMPLING)
    details = {outcome.id: outcome.bytes for outcome in written}
    for length in lengths:
        sampling = replace(POCKET_SAMPLING, detail_bytes=length)  # a folder's is another
        restored = archive.restore([row.id for row in rows], sampling=sampling)
        by_id = {image.id: np.asarray(image.image) for image in restored}
        images = [squash(by_id[row.id], frame) for row, frame in zip(rows, frames, strict=True)]
        sizes = [row.bits / 8 + min(length, details[row.id]) for row in rows]
        yield float(np.mean(sizes)), images


def _say(method: str, size: float, scores: dict[str, float]) -> None:
    click.echo(json.dumps({"method": method, "bytes": round(size, 1), **scores}))


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default="training/run", show_default=True)
@click.option("--pair", default=str(POCKET_FOLDER), help="Folder of the pair.")
@click.option("--codec", default=DEFAULT_CODEC, show_default=True, help="A codec or its .npz file.")
@click.option("--lengths", default="0,20,40,60,80,120,160,250", show_default=True)
@click.option("--count", default=PHOTOS, show_default=True, help="Photos.")
@click.option("--first", default=0, show_default=True, help="Photos to skip.")
@click.option(
    "--photos", type=click.Path(path_type=Path), help="Score a folder's photos, not validation's."
)
@click.option("--formats/--no-formats", default=True, help="Whether to score files, too.")
def main(
    *,
    data: Path,
    work: Path,
    pair: str,
    codec: str,
    lengths: str,
    count: int,
    first: int,
    photos: Path | None,
    formats: bool,
) -> None:
    """Print the scores."""
    import pillow_jxl  # noqa: F401  registers itself

    torch.set_num_threads(2)
    corpus, _, teacher = load_data(data, work)
    if photos is None:
        images = sharp_photos(corpus, count, first=first)
    else:
        images = photos_of(photos)[first:][:count]
    frames = [frame_size(px.shape[1] / px.shape[0], AREA, MULTIPLE) for px in images]
    originals = [squash(photo, frame) for photo, frame in zip(images, frames, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        for number, photo in enumerate(images):
            Image.fromarray(photo).save(Path(folder) / f"{number:04d}.png")
        with Archive.create(Path(folder) / "archive", pair, codec=codec) as archive:
            list(archive.ingest(sorted(Path(folder).glob("*.png"))))
            stats = archive.decoder.embedding_stats
            center = stats[0] if stats else np.zeros(1, np.float32)
            judges = Judges(originals, teacher, archive.encoder, center)
            before = np.zeros(len(images), np.float32)
            for size, restored in restorations(archive, frames, list(map(int, lengths.split(",")))):
                psnrs = judges.psnrs(restored)
                better = float((psnrs > before).mean())
                before = psnrs
                _say("coldframe", size, judges.scores(restored) | {"better": round(better, 3)})
                for kind in HEADERS if formats else ():
                    same = [compressed(kind, original, int(size)) for original in originals]
                    _say(kind.lower(), int(size), judges.scores(same))


if __name__ == "__main__":
    main()
