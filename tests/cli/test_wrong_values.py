"""A wrong value is a sentence that says which one, and what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from PIL import Image

from cli.main import COMMANDS, coldframe
from tests.support.shell import NO_MORE, Environment, Shell

HUGE = "1" + "0" * 30
ARGUMENTS = {
    "search": ["a house"],
    "restore": ["1"],
    "show": ["1"],
    "ingest": ["."],
    "watch": ["."],
    "bench codecs": ["--fit", "file", "--test", "file"],
    "bench plot": ["file"],
    "bench restore": ["."],
}


def commands() -> Iterator[tuple[list[str], click.Command]]:
    """The words of each command, and the command."""
    context = click.Context(coldframe)
    for name in COMMANDS:
        command = coldframe.get_command(context, name)
        if isinstance(command, click.Group):
            inner = click.Context(command)
            for part in command.list_commands(inner):
                yield [name, part], command.get_command(inner, part)  # type: ignore[misc]
        elif command is not None:
            yield [name], command


def number_options() -> Iterator[tuple[list[str], str]]:
    """Each option of each command that takes a number."""
    for words, command in commands():
        for param in command.params:
            if isinstance(param.type, click.types.IntRange | click.types.FloatRange):
                yield words, max(param.opts, key=len)


def is_told(shell: Shell, *words: str, code: int = 2, environment: Environment = NO_MORE) -> str:
    """Runs a command that must fail in sentences → its stderr."""
    done = shell.run(*words, environment=environment)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(("words", "option"), list(number_options()), ids="".join)
def test_no_number_is_told_with_what_is_expected(
    filled_shell: Shell, words: list[str], option: str
) -> None:
    """The same on the command line and in the environment, where the variable is named."""
    arguments = ARGUMENTS.get(" ".join(words), [])
    Path(filled_shell.folder / "file").touch()
    for value in ("", "x", "8x8", "nan", "-1", "-" + HUGE, "1e999"):
        output = is_told(filled_shell, *words, *arguments, option, value)
        assert f"'{option}'" in output
        assert "expected a" in output or "expected the side" in output
    variable = "_".join(["COLDFRAME", *words, option.strip("-")]).upper().replace("-", "_")
    variable = variable if option != "--lock-seconds" else "COLDFRAME_LOCK_SECONDS"
    assert variable in is_told(filled_shell, *words, *arguments, environment={variable: "x"})


@pytest.mark.parametrize(
    "words",
    [
        ("show", "0"),
        ("show", "-1"),
        ("show", HUGE),
        ("show", "--", "-" + HUGE),
        ("restore", "0"),
        ("restore", HUGE),
        ("restore", "--", "-5"),
    ],
)
def test_ids_that_no_image_has_are_told(filled_shell: Shell, words: tuple[str, ...]) -> None:
    done = filled_shell.run(*words)
    assert done.returncode in (1, 2)
    assert words[-1].lstrip("-")[:6] in done.stderr.replace(",", "")
    assert "internal error" not in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search", ""), "empty"),
        (("search", "   "), "empty"),
        (("restore", "--query", ""), "empty"),
        (("ls", "--archive", ""), "empty"),
        (("ingest", ""), "empty"),
        (("restore", "1", "--out", ""), "empty"),
        (("restore", "1", "--out", "file"), "file cannot be a folder for output"),
        (("restore", "1", "--out", "file/under"), "file/under cannot be a folder for output"),
        (("restore", "1", "--size", "8x8"), "the side of a square in pixels, from 64 to 4,096"),
        (("demo", "--out", "file"), "file cannot be a folder for output"),
        (("ls", "--archive", "file"), "is a file; an archive is a directory"),
        (("init", "--archive", "file/under"), "file"),
        (("search", "x", "--model", "nonsense"), "nonsense"),
    ],
)
def test_wrong_texts_and_places_are_told(
    filled_shell: Shell, words: tuple[str, ...], message: str
) -> None:
    (filled_shell.folder / "file").write_text("text")
    done = filled_shell.run(*words)
    assert done.returncode in (1, 2, 12), done.stderr
    assert message in done.stderr
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr


def test_images_to_search_by_that_are_none_are_told(filled_shell: Shell) -> None:
    (filled_shell.folder / "empty.jpg").touch()
    (filled_shell.folder / "text.jpg").write_text("text")
    (filled_shell.folder / "folder").mkdir(exist_ok=True)
    for name in ("empty.jpg", "text.jpg", "folder", "missing.jpg", "/dev/null"):
        assert name in is_told(filled_shell, "search", "--image", name, code=1)


def test_long_and_odd_words_are_searched_for(filled_shell: Shell) -> None:
    for words in ("house " * 20_000, "\udcff odd", "🏠" * 500, "\x1b[31m"):
        assert filled_shell.run("search", words).returncode == 0


def test_a_model_of_another_dimension_is_refused_whatever_is_insisted_on(
    filled_shell: Shell, tiny_pair: Path
) -> None:
    option = ("--model", str(tiny_pair), "--any-weights")
    picture = filled_shell.folder / "picture.png"
    Image.new("RGB", (64, 64), "red").save(picture)
    for words in (("search", "a house"), ("search", "--image", str(picture))):
        output = is_told(filled_shell, *words, *option, code=1)
        assert "this archive's have" in output


def test_variables_of_texts_are_named(filled_shell: Shell) -> None:
    for variable, value, code in (
        ("COLDFRAME_ARCHIVE", "nowhere/at/all", 10),
        ("COLDFRAME_ARCHIVE", "postgresql://user:secret@127.0.0.1:1/x", 15),
        ("COLDFRAME_SEARCH_MODEL", "nonsense", 2),
        ("COLDFRAME_SEARCH_AS_JSON", "perhaps", 2),
        ("COLDFRAME_SEARCH_JSON", "perhaps", 2),
    ):
        output = is_told(filled_shell, "search", "x", code=code, environment={variable: value})
        assert variable in output, value
        assert "secret" not in output
