"""Images per second, end to end: JPEG files of 1 to 2 MP on disk → committed rows."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from archive.archive import Archive
from archive.ingest.outcomes import Archived
from archive.models.pairs import find_pair
from archive.settings import Settings
from training.scenes import draw_scene

SIZES = ((1280, 960), (1600, 1067), (1200, 1600), (1632, 1224))  # 1.2 to 2.0 MP
LARGE_FILE = 300_000  # bytes; smaller photos are not enlarged
NOISE = 12  # levels, added to drawings so that they take as long to decode as photos
QUALITY = 88


def measure(count: int, photos: Path) -> dict[str, object]:
    """→ the figures for `count` files."""
    with tempfile.TemporaryDirectory() as temporary:
        album = Path(temporary, "album")
        album.mkdir()
        source = _write_files(album, count, photos)
        sizes = [path.stat().st_size for path in album.iterdir()]
        settings = Settings(str(Path(temporary, "archive")))
        with Archive.create(settings, find_pair("pocket")) as archive:
            started = time.perf_counter()
            outcomes = list(archive.ingest([str(album)]))
            seconds = time.perf_counter() - started
            archived = sum(isinstance(outcome, Archived) for outcome in outcomes)
            megapixels = [width * height / 1e6 for width, height in SIZES]
            return {
                "images": archived,
                "source": source,
                "mean_megapixels": round(float(np.mean(megapixels)), 2),
                "mean_file_kb": round(sum(sizes) / len(sizes) / 1000, 1),
                "images_per_second": round(archived / seconds, 1),
                "rows_only_seconds": round(archive.ingest_progress.seconds, 2),
            }


def _write_files(album: Path, count: int, photos: Path) -> str:
    """`count` different JPEG files, of large photos if any, else drawn → which of the two."""
    large = [
        path
        for path in sorted(photos.rglob("*.jpg"))
        if path.stat().st_size > LARGE_FILE and "broken" not in path.parts
    ]
    rng = np.random.default_rng(0)
    for number in range(count):
        size = SIZES[number % len(SIZES)]
        if large:
            photo = Image.open(large[number % len(large)]).convert("RGB").resize(size)
            shift = (number * 29, number * 17)
            image = Image.fromarray(np.roll(np.asarray(photo), shift, axis=(0, 1)))
        else:
            drawing = draw_scene(number, size=size).pixels.astype(np.int16)
            noise = rng.integers(-NOISE, NOISE + 1, drawing.shape, dtype=np.int16)
            image = Image.fromarray(np.clip(drawing + noise, 0, 255).astype(np.uint8))
        image.save(album / f"{number:05}.jpg", quality=QUALITY)
    return "photos" if large else "drawings"
