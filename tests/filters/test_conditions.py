"""Conditions select rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from archive.errors import UsageError
from archive.filters.conditions import row_filter
from archive.records import Flag, Row

DAY = datetime(2019, 5, 1)
ROW = Row(
    id=7,
    codec_id=1,
    sha256=bytes(32),
    clip_code=b"",
    color_code=b"",
    crc32=0,
    width=1200,
    height=800,
    format="JPEG",
    file_bytes=1000,
    flags=Flag.NONE,
    taken_at=DAY,
    archived_at=DAY,
    latitude_e5=4886000,
    longitude_e5=-250000,
    camera="Leica M6",
    paths=("/photos/2019/a.jpg", "/backup/a.jpg"),
)


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ("width>1000", True),
        ("width > 1200", False),
        ("width>=1200", True),
        ("width<1200", False),
        ("width<=1200", True),
        ("height=800", True),
        ("height!=800", False),
        ("format=JPEG", True),
        ("format~J*", True),
        ("format~P*", False),
        ("path~*/2019/*", True),
        ("path~/backup/*", True),
        ("path~*/2020/*", False),
        ("taken_at>2019-04-30", True),
        ("taken_at<2019-04-30", False),
        ("id=7", True),
        ("camera=Leica M6", True),
        ("camera~leica*", False),
        ("camera~*M6", True),
        ("latitude>48.85", True),
        ("longitude<=-2.5", True),
        ("longitude>0", False),
    ],
)
def test_a_condition_matches(condition: str, matches: bool) -> None:
    assert row_filter([condition])(ROW) is matches


def test_all_conditions_must_match_and_none_matches_everything() -> None:
    assert row_filter([])(ROW)
    assert row_filter(["width>1000", "format=JPEG"])(ROW)
    assert not row_filter(["width>1000", "format=PNG"])(ROW)


def test_a_row_without_a_date_camera_or_place_matches_no_condition_on_it() -> None:
    bare = replace(ROW, taken_at=None, camera=None, latitude_e5=None, longitude_e5=None)
    for condition in ("taken_at>1900-01-01", "camera!=Leica M6", "camera~*", "latitude>-90"):
        assert not row_filter([condition])(bare)


@pytest.mark.parametrize(
    "condition",
    [
        *("color=red", "width", "width>wide", "latitude>north", "taken_at>yesterday"),
        "taken_at>2019-01-01T00:00+01:00",
    ],
)
def test_a_condition_that_means_nothing_is_refused(condition: str) -> None:
    with pytest.raises(UsageError, match=r"invalid condition|expected a "):
        row_filter([condition])
