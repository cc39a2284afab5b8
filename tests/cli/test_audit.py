"""`coldframe audit` and `coldframe ls --worst`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from archive.archive import Archive
from tests.evaluate.conftest import archive, filled, scenes  # noqa: F401  fixtures
from tests.support.beforehand import hurry
from tests.support.shell import Shell


@pytest.fixture
def shell(archive: Archive, tmp_path: Path) -> Shell:  # noqa: F811
    return Shell(archive.settings.location, tmp_path, first=hurry)


@pytest.mark.slow
def test_audit_and_ls_say_the_same_to_programs_and_people(shell: Shell) -> None:
    *lines, summary = shell.json("audit", "--sample", "2")
    assert [line["message_type"] for line in lines] == ["audited"] * 2
    similarities = sorted((line["clip_similarity"], line["id"]) for line in lines)
    counts = {"message_type": "summary", "audited": 2, "again": 0, "damages": 0, "left": 0}
    assert counts.items() <= summary.items()
    score = summary["scores"]["clip_similarity"]
    lowest = similarities[0][0]
    mean = sum(similarity for similarity, _ in similarities) / 2
    assert (score["rows"], score["worst"]) == (2, lowest)
    assert score["mean"] == pytest.approx(mean, abs=1e-5)
    worst = shell.json("ls", "--worst", "50")
    assert [(row["clip_similarity"], row["id"]) for row in worst] == similarities
    color_scores = {line["id"]: line["color_score"] for line in lines}
    assert worst[0]["color_score"] == color_scores[worst[0]["id"]]
    text = shell("ls", "--worst", "1")
    assert f"clip similarity {lowest:.4f}" in text
    assert text.count("\n") == 1
    text = shell("audit", "--sample", "3", "--time-limit", "10m")
    assert "audited 1 row in" in text
    assert ", 2 already known" in text
    assert f"{lowest:.4f}" in text


def test_a_time_limit_that_leaves_rows_has_its_own_exit_code(shell: Shell) -> None:
    text = shell("audit", "--sample", "100%", "--time-limit", "0.001s", code=101)
    assert "audited 1 row in" in text
    assert "5 rows left" in text


def test_damaged_codes_have_the_exit_code_of_skipped_inputs(
    shell: Shell,
    archive: Archive,  # noqa: F811
    tmp_path: Path,
) -> None:
    [first] = archive.sample("1")
    with sqlite3.connect(tmp_path / "archive" / "archive.db") as database:
        database.execute("UPDATE image SET clip_code = x'00' WHERE id = ?", [first])
    assert f"row {first}: " in shell("audit", "--sample", "1", code=3)


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "--sample", "0%"),
        ("audit", "--sample", "200%"),
        ("audit", "--sample", "x"),
        ("audit", "--time-limit", "x"),
        ("audit", "--time-limit", "0s"),
        ("audit", "--time-limit", "10"),
        ("ls", "--worst", "3", "--skipped"),
    ],
)
def test_wrong_usage_ends_in_one_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    text = shell(*words, code=2)
    assert text.startswith("coldframe: ")
    assert text.count("\n") == 1


def test_where_nothing_was_audited_ls_says_how_to(shell: Shell) -> None:
    assert "coldframe audit" in shell("ls", "--worst", "5")
