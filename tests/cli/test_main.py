"""What all commands share: usage errors, exit codes, options from the environment, threads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import COMMANDS
from tests.support.shell import Shell


def test_where_there_is_no_archive_the_exit_code_is_10(shell: Shell, image_folder: Path) -> None:
    for words in (
        ("ingest", image_folder),
        ("search", "x"),
        ("restore", "1"),
        ("ls",),
        ("show", "1"),
        ("stats",),
        ("verify",),
        ("audit",),
    ):
        output = shell(*words, code=10)
        assert "coldframe init" in output
        assert output.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("ingest",),
        ("ingest", "/nowhere/at/all"),
        ("nonsense",),
        ("show", "x"),
        ("search", "x", "--limit", "0"),
    ],
)
def test_wrong_words_are_a_usage_error(pocket_shell: Shell, words: tuple[str, ...]) -> None:
    pocket_shell(*words, code=2)


def test_every_command_has_short_and_long_help(shell: Shell) -> None:
    for words in ((), *((name,) for name in COMMANDS), ("bench", "codecs"), ("bench", "plot")):
        assert shell(*words, "-h") == shell(*words, "--help")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("serach",), "did you mean search"),
        (("Ingest",), "did you mean ingest"),
        (("restor", "1"), "did you mean restore"),
        (("bench", "codec"), "did you mean codecs"),
        (("search", "x", "--limt", "3"), "--limit"),
        (("restore", "1", "--formt", "png"), "--format"),
        (("xyzzy",), "see --help"),
    ],
)
def test_mistyped_words_are_answered_with_what_was_meant(
    shell: Shell, words: tuple[str, ...], meant: str
) -> None:
    assert meant in shell(*words, code=2)


def test_every_option_has_its_twin_in_the_environment(filled_shell: Shell) -> None:
    done = filled_shell.run(
        "search",
        "a house",
        environment={"COLDFRAME_SEARCH_LIMIT": "2", "COLDFRAME_SEARCH_AS_JSON": "1"},
    )
    assert len(json.loads(done.stdout)["hits"]) == 2


@pytest.mark.slow
def test_threads_that_wait_leave_the_core_to_other_programs(filled_shell: Shell) -> None:
    """As libgomp itself says: 10,000 turns instead of its 300,000, or what the user wants."""
    verbose = {"OMP_DISPLAY_ENV": "verbose"}
    output = filled_shell("search", "a house", environment=verbose)
    if "GOMP_SPINCOUNT" not in output:
        pytest.skip("torch and faiss do not use libgomp here")
    assert "GOMP_SPINCOUNT = '10000'" in output
    assert "GOMP_SPINCOUNT = '10000'" not in filled_shell(
        "search", "a house", environment=verbose | {"OMP_WAIT_POLICY": "active"}
    )
