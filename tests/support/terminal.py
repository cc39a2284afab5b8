"""A terminal as a command meets it, 80 columns wide unless a test says otherwise."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

from tests.support.shell import COMMAND, Shell

PATIENCE = 60.0  # seconds
ROWS = 24
CELL = (10, 20)  # pixels of a letter
CODES = re.compile(r"\x1b(?:[P_][^\x1b]*\x1b\\|\[[\d;?]*[A-Za-z]|[78])")
QUESTIONS = {"attributes": b"\x1b[c", "kitty": b"\x1b_G"}
SIXEL = {"attributes": b"\x1b[?62;4;22c"}  # answers, by question
KITTY = {"attributes": b"\x1b[?62c", "kitty": b"\x1b_Gi=1;OK\x1b\\"}
PLAIN = {"attributes": b"\x1b[?62c"}


def on_terminal(
    shell: Shell,
    *words: str | Path,
    columns: int = 80,
    folder: Path | None = None,
    answers: dict[str, bytes] = PLAIN,
) -> tuple[int, str]:
    """Runs a command whose standard streams are a terminal → its exit code, and what it wrote."""
    leader, follower = pty.openpty()
    size = struct.pack("HHHH", ROWS, columns, columns * CELL[0], ROWS * CELL[1])
    fcntl.ioctl(follower, termios.TIOCSWINSZ, size)
    environment = {key: value for key, value in shell.environment.items() if key != "COLUMNS"}
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=folder or shell.folder,
        env=environment | {"TERM": "xterm-256color"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    output = _converse(leader, dict(answers))
    os.close(leader)
    return process.wait(PATIENCE), output.decode("utf-8").replace("\r\n", "\n")


def plain(output: str) -> str:
    """What was written, without pictures, colors and other styles."""
    return CODES.sub("", output)


def _converse(leader: int, answers: dict[str, bytes]) -> bytes:
    """Reads to the end, and answers each question once."""
    output = b""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ready, _, _ = select.select([leader], [], [], 1)
        if not ready:
            continue
        part = b""
        with contextlib.suppress(OSError):  # the end, on Linux
            part = os.read(leader, 1 << 16)
        if not part:
            return output
        output += part
        for question, asked in QUESTIONS.items():
            if asked in output and question in answers:
                os.write(leader, answers.pop(question))
    raise TimeoutError(output.decode("utf-8", "replace"))
