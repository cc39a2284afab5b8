"""The end of an ingest in words: what happened, without zeros, and not too many names."""

from __future__ import annotations

import json
import re
from typing import Protocol

import pytest

from archive.ingest.outcomes import Archived, Duplicate, Ignored, Moved, Outcome, Skipped, Unchanged
from cli.shared.seeds import SeedCounts
from cli.shared.tally import LISTED, Tally, outcome_fields

UNCHANGED = Unchanged("/a.jpg")
MOVED = Moved("/b.jpg", 2)
DUPLICATE = Duplicate("/c.jpg", 2)
SKIPPED = Skipped("/d.jpg", "empty", "the file has no bytes")
IGNORED = Ignored("/e.txt")


SEEDS = SeedCounts(selected=1, unreadable=2, bits=3)


def tally_of(*outcomes: Outcome) -> Tally:
    tally = Tally()
    for outcome in outcomes:
        tally.add(outcome)
    return tally


class Printed(Protocol):
    """The lines that a tally prints."""

    def __call__(self, tally: Tally, seconds: float = 0.0) -> list[str]: ...


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    def lines(tally: Tally, seconds: float = 0.0) -> list[str]:
        tally.print(seconds)
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ([], "nothing new: no files"),
        ([UNCHANGED] * 1113, "nothing new: 1,113 unchanged"),
        (
            [IGNORED, SKIPPED, DUPLICATE, MOVED, UNCHANGED],
            "nothing new: 1 unchanged, 1 moved, 1 duplicate, 1 skipped, 1 not an image",
        ),
    ],
)
def test_nothing_new_is_said_first(printed: Printed, outcomes: list[Outcome], line: str) -> None:
    assert printed(tally_of(*outcomes))[0] == line


@pytest.mark.parametrize(
    ("count", "seconds", "text"),
    [
        (1, 2.0, "1 image in S (0.5 images/s after loading the model)"),
        (1234, 10.0, "1,234 images in S (123 images/s after loading the model)"),
    ],
)
def test_new_images_come_with_their_rate(
    printed: Printed, count: int, seconds: float, text: str
) -> None:
    [line] = printed(tally_of(*[Archived("/a.jpg", 1)] * count), seconds)
    assert re.sub(r"\d+\.\d s", "S", line) == f"archived {text}"
    [line] = printed(tally_of(*[Archived("/a.jpg", 1)] * count, MOVED), seconds)
    assert line.endswith("model); 1 moved")


def test_skipped_files_are_listed_up_to_a_limit(printed: Printed) -> None:
    assert printed(tally_of(SKIPPED))[1:] == ["  skipped /d.jpg: empty, the file has no bytes"]
    assert len(printed(tally_of(*[SKIPPED] * LISTED))) == 1 + LISTED
    lines = printed(tally_of(*[SKIPPED] * (LISTED + 3)))
    assert len(lines) == 1 + LISTED + 1
    assert lines[-1] == "  … and 3 more: `coldframe ls --skipped`"


def test_names_cannot_control_the_terminal(printed: Printed) -> None:
    [_, line] = printed(tally_of(Skipped("/red \x1b[31m.jpg", "empty", "no bytes")))
    assert "\x1b" not in line


def test_progress_is_short() -> None:
    assert tally_of().short() == ""
    assert tally_of(Archived("/a.jpg", 1)).short() == "1 archived"
    assert tally_of(Archived("/a.jpg", 1), UNCHANGED, IGNORED).short() == (
        "1 archived, 1 unchanged, 1 not an image"
    )
    assert tally_of(UNCHANGED, SKIPPED).files == 2
    assert tally_of(UNCHANGED, SKIPPED).skipped == 1


def test_the_summary_counts_every_kind() -> None:
    summary = tally_of(Archived("/a.jpg", 1), Archived("/b.jpg", 2), UNCHANGED).summary(4.0)
    assert summary.pop("seconds") >= 0
    assert summary == {
        "archived": 2,
        "known": 1,
        "duplicate": 0,
        "moved": 0,
        "skipped": 0,
        "forgotten": 0,
        "ignored": 0,
        "linked": 0,
        "described": 0,
        "images_per_second": 0.5,
    }
    assert tally_of().summary(0.0)["images_per_second"] == 0


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        (Archived("/a.jpg", 1), {"message_type": "archived", "path": "/a.jpg", "id": 1}),
        (UNCHANGED, {"message_type": "known", "path": "/a.jpg"}),
        (MOVED, {"message_type": "moved", "path": "/b.jpg", "id": 2}),
        (DUPLICATE, {"message_type": "duplicate", "path": "/c.jpg", "id": 2}),
        (IGNORED, {"message_type": "ignored", "path": "/e.txt"}),
        (
            SKIPPED,
            {
                "message_type": "skipped",
                "path": "/d.jpg",
                "reason": "empty",
                "detail": "the file has no bytes",
            },
        ),
    ],
)
def test_each_outcome_is_a_line_of_json(outcome: Outcome, fields: dict[str, object]) -> None:
    assert outcome_fields(outcome) == fields


def test_paths_that_are_not_text_are_base64_too() -> None:
    fields = outcome_fields(Ignored("/\udcff.txt"))
    assert fields == {"message_type": "ignored", "path": "/?.txt", "path_b64": "L/8udHh0"}


def test_seeds_are_reported_last(printed: Printed) -> None:
    tally = tally_of(UNCHANGED)
    tally.seeds = SEEDS
    assert printed(tally)[1:] == [
        "selected seeds for 1 image, 3 bits each; 2 without, their originals cannot be read"
    ]
    tally.seeds = SeedCounts(selected=2, unreadable=0, bits=1)
    assert printed(tally)[1:] == ["selected seeds for 2 images, 1 bit each"]
    tally.seeds = SeedCounts(selected=0, unreadable=0, bits=1, waiting=2)
    assert printed(tally)[1:] == [
        "selected seeds for 0 images, 1 bit each; 2 without until their codec is fitted"
    ]


def test_json_is_a_line_for_each_outcome_and_a_summary(printed: Printed) -> None:
    tally = Tally(as_json=True)
    tally.add(UNCHANGED)
    tally.add(SKIPPED)
    tally.seeds = SEEDS
    unchanged, skipped, summary = map(json.loads, printed(tally))
    assert (unchanged, skipped) == (outcome_fields(UNCHANGED), outcome_fields(SKIPPED))
    assert {"message_type": "summary", "known": 1, "skipped": 1}.items() <= summary.items()
    assert {"chosen": 1, "unseen": 2, "choice_bits": 3}.items() <= summary.items()
