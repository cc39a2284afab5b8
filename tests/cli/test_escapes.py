"""What a terminal would obey never reaches it, wherever it comes from."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.settings import Settings
from archive.store import Store, schema
from cli.shared.output import escaped
from tests.support.rows import forge
from tests.support.shell import Shell
from tests.support.sources import ROOT

HOSTILE = "red\x1b[31m\nnext\rback\x9b2J\u202egpj.\u2066\u200fx\u2028\x07"
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # categories of characters


def obeyed(output: str) -> list[str]:
    """The characters of some lines that a terminal would obey; newlines end lines."""
    return [char for char in output if unicodedata.category(char) in OBEYED and char != "\n"]


@pytest.fixture
def hostile_shell(pocket_shell: Shell, album: Path) -> Shell:
    """An archive with a hostile file name, and with hostile texts in the database."""
    (album / "scene 0.jpg").rename(album / f"{HOSTILE}.jpg")
    (album / f"{HOSTILE}.png").write_text("not a picture")
    pocket_shell("ingest", album, code=3)
    store = Store.open(Settings(pocket_shell.location))
    forge(store, schema.Image.id > 0, format=HOSTILE)
    store.close()
    return pocket_shell


def test_hostile_names_and_rows_are_escaped_by_every_command(hostile_shell: Shell) -> None:
    for words in (
        ("ls",),
        ("ls", "--skipped"),
        ("search", "a house", "-n", "20"),
        ("show", "1"),
        ("restore", "--query", "a house", "-n", "12", "--steps", "1"),
        ("stats",),
    ):
        output = hostile_shell(*words)
        assert obeyed(output) == [], words
        if words[0] in ("ls", "search"):
            assert "\\x1b[31m\\nnext\\rback\\x9b2J\\u202egpj" in output


def test_hostile_words_are_escaped_in_errors(pocket_shell: Shell) -> None:
    for words in (
        (HOSTILE,),
        ("ls", f"--{HOSTILE}"),
        ("ls", "--worst", HOSTILE),
        ("show", HOSTILE),
        ("ingest", HOSTILE),
        ("ls", "--where", HOSTILE),
        ("search", "x", "--model", HOSTILE),
    ):
        done = pocket_shell.run(*words)
        assert done.returncode != 0
        assert obeyed(done.stdout + done.stderr) == [], words
        assert "internal error" not in done.stderr
    for words in (("ls",), ("init",)):
        done = pocket_shell.run(*words, environment={"COLDFRAME_LOCK_SECONDS": HOSTILE})
        assert done.returncode == 2
        assert obeyed(done.stderr) == []


def test_json_is_valid_and_means_what_the_name_is(hostile_shell: Shell) -> None:
    done = hostile_shell.run("ls", "--json")
    assert obeyed(done.stdout) == []
    names = [Path(json.loads(line)["path"]).stem for line in done.stdout.splitlines()]
    assert HOSTILE in names


def test_names_for_other_programs_are_as_they_are(hostile_shell: Shell) -> None:
    listed = hostile_shell.run("ls", "-0").stdout  # read as text, in which \r is a newline
    assert f"{HOSTILE}.jpg\0".replace("\r", "\n") in listed


@given(st.text())
def test_no_text_is_obeyed(text: str) -> None:
    allowed = {"\u200c", "\u200d"}  # within words of Persian, and within emoji
    assert set(obeyed(escaped(text))) <= allowed
    assert "\n" not in escaped(text)


def test_common_text_is_shown_as_it_is() -> None:
    for text in ("café", "犬", "می‌خواهم", "👩‍👩‍👧", "IMG 1\u202f000\u3000.jpg", "C:\\x"):
        assert escaped(text) == text


def test_lines_are_written_in_one_place() -> None:
    """Where they are escaped; a progress bar draws itself."""
    writers = {
        path.name
        for path in (ROOT / "cli").rglob("*.py")
        if re.search(r"\b(click\.s?echo|(?<!\.)(?<!def )print)\(", path.read_text())
    }
    assert writers == {"output.py", "progress.py"}
