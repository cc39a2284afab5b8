"""Conditions select rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from archive.errors import UsageError
from archive.filters import row_filter
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
    ],
)
def test_a_condition_matches(condition: str, matches: bool) -> None:
    assert row_filter([condition])(ROW) is matches


def test_all_conditions_must_match_and_none_matches_everything() -> None:
    assert row_filter([])(ROW)
    assert row_filter(["width>1000", "format=JPEG"])(ROW)
    assert not row_filter(["width>1000", "format=PNG"])(ROW)


def test_a_row_without_a_date_matches_no_date() -> None:
    assert not row_filter(["taken_at>1900-01-01"])(replace(ROW, taken_at=None))


@pytest.mark.parametrize("condition", ["color=red", "width", "width>wide", "taken_at>yesterday"])
def test_a_condition_that_means_nothing_is_refused(condition: str) -> None:
    with pytest.raises(UsageError, match=r"invalid condition|expected a "):
        row_filter([condition])
