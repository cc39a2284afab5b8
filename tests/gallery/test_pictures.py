"""A hit's picture is its original, else its color map, in one aspect ratio."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from archive.archive import Archive
from archive.codecs import CodecConfig
from archive.gallery.pictures import hit_pictures
from archive.imaging.decode import load_picture
from archive.imaging.resize import resize, to_square
from archive.index.hits import Hit
from tests.gallery.conftest import AWAY


def test_originals_are_shown_and_color_maps_of_those_that_are_away(
    filled: Archive, hits: list[Hit]
) -> None:
    pictures = list(hit_pictures(filled, hits, side=120))
    assert [picture.rank for picture in pictures] == list(range(1, 13))
    assert [picture.hit for picture in pictures] == hits
    assert [index for index, picture in enumerate(pictures) if not picture.original] == [AWAY]
    assert {picture.pixels.shape for picture in pictures} == {(80, 120, 3)}
    first = load_picture(Path(hits[0].path), at_least=160)
    assert np.abs(pictures[0].pixels - resize(first.pixels, 120, 80).astype(int)).mean() < 3
    _, colors_hat = filled.decode(filled[hits[AWAY].id])
    difference = to_square(pictures[AWAY].pixels, len(colors_hat)).astype(int) - colors_hat
    assert np.abs(difference).mean() < 8


def test_a_moved_original_is_shown_from_where_it_was_seen_last(
    filled: Archive, hits: list[Hit], album: Path
) -> None:
    moved = shutil.move(hits[0].path, album / "moved.jpg")
    assert next(hit_pictures(filled, hits, side=60)).original is None
    list(filled.ingest(album))
    assert next(hit_pictures(filled, hits, side=60)).original == Path(moved)


def test_another_file_at_its_place_is_not_shown(filled: Archive, hits: list[Hit]) -> None:
    shutil.copy(hits[1].path, hits[0].path)
    assert next(hit_pictures(filled, hits, side=60)).original is None


def test_rows_without_a_color_map_are_gray(pocket_archive: Archive, album: Path) -> None:
    pocket_archive.use_codec(CodecConfig("clip"))
    list(pocket_archive.ingest(album))
    hits = pocket_archive.search("a house", limit=1)
    Path(hits[0].path).unlink()
    [picture] = hit_pictures(pocket_archive, hits, side=30)
    assert picture.pixels.dtype == np.uint8
    assert np.array_equal(picture.pixels, np.full((20, 30, 3), 128))


def test_quality_is_told_in_words(filled: Archive, hits: list[Hit]) -> None:
    scored = replace(hits[0], score=0.52, match=0.987)
    [picture] = hit_pictures(filled, [scored], side=8)
    assert picture.quality == "score 0.520, match 0.99"
    [picture] = hit_pictures(filled, [replace(scored, path="/a/\udcfc.jpg", match=None)], side=8)
    assert (picture.quality, picture.name) == ("score 0.520", "?.jpg")
