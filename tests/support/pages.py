"""Markdown pages as programs: their ```console and ```python blocks run in order in one folder.

A console block holds commands (`$ …`) and what they print on stdout. Digits are compared as `#`,
runs of spaces as one, and a line `...` stands for any number of lines: times and scores differ
between machines, words do not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|^\[[^\]]+\]:\s+(\S+)$|!\[[^\]]*\]\(([^)\s]+)\)", re.M
)


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
    return [next(filter(None, groups)) for groups in LINK.findall(text)]


def run_page(page: Path, folder: Path, environment: dict[str, str]) -> None:
    """Runs every block in `folder`. Raises where one fails or prints other words than the page."""
    namespace: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks(page):
        if block.language == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)
            continue
        for command, expected in _commands(block.text):
            _run(command, expected, folder, environment, where=f"{page.name}:{block.line}")


def program_folder(folder: Path) -> Path:
    """A folder for PATH whose `coldframe` is the checkout's."""
    folder.mkdir()
    program = folder / "coldframe"
    program.write_text(f'#!/bin/sh\nexec env PYTHONPATH="{ROOT}" "{sys.executable}" -m cli "$@"\n')
    program.chmod(0o755)
    return folder


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Command, and the lines it should print; none are expected where the page shows none."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *expected = part.rstrip("\n").split("\n")
        yield command, expected


def _run(
    command: str, expected: list[str], folder: Path, environment: dict[str, str], *, where: str
) -> None:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{where}: {command}\n{done.stdout}{done.stderr}"
    if expected:
        pattern = "\n".join(
            ".*" if line == "..." else re.escape(_masked(line)) for line in expected
        )
        printed = "\n".join(map(_masked, done.stdout.rstrip("\n").split("\n")))
        assert re.fullmatch(pattern, printed, re.DOTALL), f"{where}: {command}\n{done.stdout}"


def _masked(line: str) -> str:
    return " ".join(re.sub(r"\d+", "#", line).split())
