"""Restorations beside other methods: the table is what Pillow and the encoder say."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.errors import UsageError
from archive.evaluate.baselines import Comparison
from archive.evaluate.methods import LOWEST_QUALITY
from archive.imaging.contact_sheet import CAPTION, GAP, HEADING, TILE
from archive.imaging.encode import recompress
from archive.metrics import psnr
from training.scenes import draw_scene

METHODS = ["coldframe", "color_map", "jpeg", "webp", "avif"]
SIZES = ((240, 160), (160, 200))


@pytest.fixture(scope="module")
def two_images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of two drawings, in the codec that ships with the pair."""
    folder = tmp_path_factory.mktemp("two-images")
    for seed, size in enumerate(SIZES):
        Image.fromarray(draw_scene(seed, size=size).pixels).save(folder / f"{seed}.png")
    with Archive.create(folder / "archive", "pocket", codec="klt") as archive:
        list(archive.ingest(folder))
        yield archive


@pytest.fixture(scope="module")
def comparison(two_images: Archive, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    comparison = two_images.compare(tmp_path_factory.mktemp("out"))
    paths = [Path(compared.row.path).name for compared in comparison.run()]
    assert sorted(paths) == ["0.png", "1.png"]
    return comparison


def test_the_table_is_what_pillow_and_the_encoder_say(
    comparison: Comparison, two_images: Archive
) -> None:
    assert list(comparison.means) == METHODS
    rows = list(two_images)
    bits = [8 * (len(row.clip_code) + len(row.color_code)) for row in rows]
    assert comparison.means["coldframe"].bits == sum(bits) / 2
    encoder = two_images.encoder
    reconstructor = two_images.reconstructor()
    for kind, quality in LOWEST_QUALITY.items():
        scores = []
        for row in rows:
            width, height = reconstructor.frame(row)
            size = (2 * width, 2 * height)  # of the upscaled reconstruction
            original = Image.open(row.path).resize(size, Image.Resampling.LANCZOS)
            file = io.BytesIO()
            original.save(file, kind, quality=quality, optimize=True, method=6)
            decoded = Image.open(file).convert("RGB")
            images = [np.asarray(original), np.asarray(decoded)]
            vectors = encoder.encode_images([encoder.preprocess(pixels) for pixels in images])
            similarity = np.prod([1 / np.linalg.norm(vector) for vector in vectors])
            similarity *= vectors[0] @ vectors[1]
            maps = [
                np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR)) / 255
                for image in (original, decoded)
            ]
            error = np.square(images[0] / 255 - images[1] / 255).mean()
            count = 8 * len(file.getvalue())
            color = np.square(maps[0] - maps[1]).mean()
            scores.append(
                (count, count / math.prod(size), similarity, color, 10 * math.log10(1 / error))
            )
        mean = comparison.means[kind]
        table = (mean.bits, mean.bpp, mean.clip_similarity, mean.color_score, mean.psnr)
        assert table == pytest.approx(np.mean(scores, axis=0), rel=1e-3, abs=1e-5), kind


def test_the_quality_is_the_lowest_there_is() -> None:
    pixels = draw_scene(3, size=(160, 96)).pixels
    for kind, quality in LOWEST_QUALITY.items():
        smallest, _ = recompress(pixels, kind, quality)
        others = [recompress(pixels, kind, other)[0] for other in (0, 1, 2, 5, 20, 75)]
        assert smallest <= min(others), kind


def test_a_restoration_keeps_more_meaning_than_the_map_in_far_fewer_bits_than_jpeg(
    comparison: Comparison,
) -> None:
    means = comparison.means
    assert means["coldframe"].clip_similarity > means["color_map"].clip_similarity
    assert 10 * means["coldframe"].bits < min(means[kind].bits for kind in LOWEST_QUALITY)
    assert means["color_map"].bits <= means["coldframe"].bits


def test_equal_images_have_a_psnr_too() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    gray = np.full((4, 4, 3), 51, np.uint8)
    assert psnr(black, black) == 100
    assert psnr(black, gray) == pytest.approx(-20 * math.log10(0.2))


def test_the_sheet_has_a_row_per_image_and_a_column_per_method(comparison: Comparison) -> None:
    heights = [TILE * height // max(width, height) for width, height in SIZES]
    with Image.open(comparison.sheet) as sheet:
        assert sheet.width == GAP + (1 + len(METHODS)) * (TILE + GAP)
        assert sheet.height == HEADING + sum(heights) + 2 * (CAPTION + GAP)
    assert [path.name for path in comparison.sheet.parent.iterdir()] == ["methods.png"]


def test_an_empty_archive_has_nothing_to_compare(pocket_archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        pocket_archive.compare(tmp_path)
