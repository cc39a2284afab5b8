"""Markdown pages as programs: their ```console and ```python blocks run in order in one folder.

A console block holds commands (`$ …`) and what they print on stdout. Numbers are compared as `#`,
runs of spaces as one, `/home/me` is the current folder, and a line `...` stands for any number of
lines: times, scores and places differ between machines, words do not.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.main import coldframe

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]:\s+(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: `console` or `python`, its text, and the line of the page it begins at."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that can be run, in order."""
    text = page.read_text("utf-8")
    return [
        Block(match[1], match[2], text[: match.start()].count("\n") + 1)
        for match in FENCE.finditer(text)
        if match[1] in ("console", "python")
    ]


def links(page: Path) -> list[str]:
    """Every link target of a page, in its order."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [inline or reference for inline, reference in LINK.findall(text)]


def run_page(page: Path) -> None:
    """Runs every block in the current folder. Raises where one fails or prints other words."""
    namespace: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks(page):
        if block.language == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)
            continue
        for command, expected in _commands(block.text):
            printed = _run(command)
            assert not expected or _matches(printed, expected), (
                f"{page.name}:{block.line}: `{command}` prints\n{printed}"
            )


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Command, and what it should print; nothing is expected where the page shows nothing."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def _run(command: str) -> str:
    """A `coldframe` command → what it prints on stdout, in this process: torch is loaded once."""
    program, *arguments = map(os.path.expanduser, shlex.split(command))
    assert program == "coldframe", command
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        status = coldframe(arguments, standalone_mode=False)
    assert not status, f"`{command}` returns {status}"
    return stdout.getvalue()


def _matches(printed: str, expected: str) -> bool:
    lines = (re.escape(_masked(line)) for line in expected.strip("\n").split("\n"))
    pattern = "\n".join(".*" if line == re.escape("...") else line for line in lines)
    placed = printed.replace(str(Path.cwd()), "/home/me")
    text = "\n".join(map(_masked, placed.strip("\n").split("\n")))
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def _masked(line: str) -> str:
    return " ".join(re.sub(r"\d[\d,]*(\.\d+)?", "#", line).split())
