"""Pictures a second, end to end: JPEG files of 1 to 2 MP on disk → committed rows."""

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
GRAIN = 12  # levels of noise on drawn pictures, so that they cost as much to decode as photos
QUALITY = 88


def measure(pictures: int, photos: str) -> dict[str, object]:
    """→ the figures."""
    with tempfile.TemporaryDirectory() as folder:
        album = Path(folder, "album")
        place = Path(folder, "archive")
        album.mkdir()
        source = _write(album, pictures, Path(photos))
        files = list(album.iterdir())
        with Archive.create(Settings(str(place)), find_pair("pocket")) as archive:
            started = time.perf_counter()
            archived = sum(
                isinstance(outcome, Archived) for outcome in archive.ingest([str(album)])
            )
            seconds = time.perf_counter() - started
            return {
                "pictures": archived,
                "source": source,
                "mean_megapixels": round(float(np.mean([w * h for w, h in SIZES])) / 1e6, 2),
                "mean_file_kb": round(
                    sum(path.stat().st_size for path in files) / len(files) / 1000, 1
                ),
                "images_per_second": round(archived / seconds, 1),
                "rows_only_seconds": round(archive.ingest_seconds, 2),
            }


def _write(album: Path, count: int, photos: Path) -> str:
    """`count` different JPEG files: cut from large photos where there are any, else drawn with grain."""
    large = [
        path
        for path in sorted(photos.rglob("*.jpg"))
        if path.stat().st_size > 300_000 and "broken" not in path.parts
    ]
    rng = np.random.default_rng(0)
    for number in range(count):
        size = SIZES[number % len(SIZES)]
        if large:
            picture = Image.open(large[number % len(large)]).convert("RGB").resize(size)
            picture = Image.fromarray(
                np.roll(np.asarray(picture), (number * 29, number * 17), axis=(0, 1))
            )
        else:
            drawn = draw_scene(number, size=size).pixels.astype(np.int16)
            grain = rng.integers(-GRAIN, GRAIN + 1, drawn.shape, dtype=np.int16)
            picture = Image.fromarray(np.clip(drawn + grain, 0, 255).astype(np.uint8))
        picture.save(album / f"{number:05}.jpg", quality=QUALITY)
    return "photos" if large else "drawn"
