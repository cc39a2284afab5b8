"""Restorations beside other methods: the table is right against Pillow itself, and nobody's archive is touched."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.errors import UsageError
from archive.evaluate.baselines import LOSSY, Comparison, psnr
from archive.imaging.contact_sheet import CAPTION, CELL, GAP, HEAD, SheetRow, Tile, write_sheet
from archive.imaging.encode import recompress
from archive.models.pairs import find_pair
from archive.settings import Settings
from tests.support.shell import Shell
from training.scenes import draw_scene

METHODS = ["coldframe", "color_map", "jpeg", "webp", "avif"]
SIZES = ((240, 160), (160, 200))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two drawn pictures."""
    folder = tmp_path_factory.mktemp("folder")
    for seed, size in enumerate(SIZES):
        Image.fromarray(draw_scene(seed, size=size).pixels).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def compared(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    comparison = Comparison(folder, tmp_path_factory.mktemp("out"), "pocket")
    assert list(comparison.run()) == [1, 2]
    return comparison


def test_the_table_is_what_pillow_and_the_encoder_say(
    compared: Comparison, folder: Path, tmp_path: Path
) -> None:
    assert list(compared.means) == METHODS
    found: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in LOSSY}
    pair = find_pair("pocket")
    with Archive.create(Settings(str(tmp_path / "archive")), pair, codec="klt") as archive:
        list(archive.ingest([str(folder)]))
        rows = list(archive.rows())
        encoder = archive.encoder
        bits = [8 * (len(row.clip_code) + len(row.color_code)) for row in rows]
        assert compared.means["coldframe"].bits == sum(bits) / 2
        for row in rows:
            frame = archive.reconstructor().frame(row)
            original = Image.open(row.path).resize(frame, Image.Resampling.LANCZOS)
            for kind, quality in LOSSY.items():
                file = io.BytesIO()
                original.save(file, kind, quality=quality, optimize=True, method=6)
                again = Image.open(file).convert("RGB")
                one, other = encoder.encode_images(
                    [encoder.preprocess(np.asarray(x)) for x in (original, again)]
                )
                similar = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
                maps = [
                    np.asarray(x.resize((32, 32), Image.Resampling.BILINEAR)) / 255
                    for x in (original, again)
                ]
                error = np.mean((np.asarray(original) / 255 - np.asarray(again) / 255) ** 2)
                count = 8 * len(file.getvalue())
                color = np.mean((maps[0] - maps[1]) ** 2)
                found[kind].append(
                    (count, count / math.prod(frame), similar, color, 10 * math.log10(1 / error))
                )
    for kind, scores in found.items():
        one = compared.means[kind]
        told = (one.bits, one.bpp, one.clip_similarity, one.color_score, one.psnr)
        assert told == pytest.approx(np.mean(scores, axis=0), rel=1e-3, abs=1e-5), kind


def test_the_rate_is_the_lowest_there_is() -> None:
    pixels = draw_scene(3, size=(160, 96)).pixels
    for kind, quality in LOSSY.items():
        least, _ = recompress(pixels, kind, quality)
        assert all(least <= recompress(pixels, kind, other)[0] for other in (0, 1, 2, 5, 20, 75)), (
            kind
        )


def test_a_restoration_keeps_more_meaning_than_the_bare_map_in_far_fewer_bits_than_jpeg(
    compared: Comparison,
) -> None:
    means = compared.means
    assert means["coldframe"].clip_similarity > means["color_map"].clip_similarity
    assert 10 * means["coldframe"].bits < min(means[kind].bits for kind in LOSSY)
    assert means["color_map"].bits <= means["coldframe"].bits


def test_equal_pictures_have_a_psnr_too() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    grey = np.full((4, 4, 3), 51, np.uint8)
    assert psnr(black, black) == 100
    assert psnr(black, grey) == pytest.approx(-20 * math.log10(0.2))


def test_the_sheet_has_a_line_for_each_picture_and_a_column_for_each_method(
    compared: Comparison,
) -> None:
    heights = [CELL * height // max(width, height) for width, height in SIZES]
    with Image.open(compared.sheet) as sheet:
        assert sheet.width == GAP + (1 + len(METHODS)) * (CELL + GAP)
        assert sheet.height == HEAD + sum(heights) + 2 * (CAPTION + GAP)
    assert [path.name for path in compared.sheet.parent.iterdir()] == ["methods.png"]


def test_pictures_stand_in_the_sheet_where_their_heads_are(tmp_path: Path) -> None:
    red, blue = (np.full((10, 20, 3), color, np.uint8) for color in ((255, 0, 0), (0, 0, 255)))
    write_sheet(
        tmp_path / "sheet.png", ["one", "two"], [SheetRow(2.0, [Tile(red), Tile(blue)])] * 2
    )
    sheet = Image.open(tmp_path / "sheet.png")
    for top in (HEAD, HEAD + CELL // 2 + CAPTION + GAP):
        assert sheet.getpixel((GAP + CELL // 2, top + 60)) == (255, 0, 0)
        assert sheet.getpixel((2 * GAP + 3 * CELL // 2, top + 60)) == (0, 0, 255)


def test_the_command_tells_skips_methods_and_the_sheet_and_touches_no_archive(
    folder: Path, tmp_path: Path
) -> None:
    shell = Shell(str(tmp_path / "archive"), tmp_path)
    album = tmp_path / "album"
    album.mkdir()
    os.link(folder / "0.png", album / "0.png")
    (album / "empty.jpg").touch()
    skipped, *methods, summary = shell.json(
        "bench", "restore", album, "--out", tmp_path / "out", code=3
    )
    assert (skipped["message_type"], skipped["reason"]) == ("skipped", "empty")
    assert [one["method"] for one in methods] == METHODS
    names = {
        "message_type",
        "method",
        "pictures",
        "bits",
        "bpp",
        "clip_similarity",
        "color_score",
        "psnr",
    }
    assert all(set(one) == names and one["pictures"] == 1 for one in methods)
    sheet = str(tmp_path / "out" / "methods.png")
    assert summary == {"message_type": "summary", "pictures": 1, "skipped": 1, "sheet": sheet}
    told = shell("bench", "restore", folder / "1.png", "--out", tmp_path / "out")
    assert [line.split("  ")[0] for line in told.splitlines()[1:6]] == [
        "coldframe",
        "colour map",
        "JPEG",
        "WebP",
        "AVIF",
    ]
    assert "means over 1 picture" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["album", "out"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no picture"):
        list(Comparison(tmp_path, tmp_path / "out", "pocket").run())
