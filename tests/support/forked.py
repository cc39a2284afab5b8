"""`coldframe` in forks of a process that has imported the model libraries already.

A command that needs a model spends most of its time importing torch, torchvision, open_clip and
diffusers. Here that is paid once for all commands of a test run. A fork is a process of its own:
arguments, environment, folder, streams and exit code are those of a command, and nothing that it
does reaches another. What libraries read from the environment while they are imported (HF_*,
OMP_*) stays as it was when the server started: a test of such a variable starts a real process.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.support.beforehand import nothing

ROOT = Path(__file__).resolve().parents[2]
NO_HUB = "/nonexistent"  # models that somebody has downloaded must not decide a test


class ForkedCommand:
    """`coldframe WORDS` in `folder`, with this environment and no other, as it runs."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        first: Callable[[], None] = nothing,
    ) -> None:
        """`first` is called in the fork before the command: a function of a module."""
        self._words = list(words)
        self._streams = tempfile.TemporaryDirectory()
        arguments = (self._words, folder, dict(environment), Path(self._streams.name), first)
        self._process = _server().Process(target=_command, args=arguments)
        self._process.start()

    def poll(self) -> int | None:
        """The exit code, −N after signal N; None while it runs."""
        return self._process.exitcode

    def kill(self, number: int) -> None:
        """Sends it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def wait(self) -> subprocess.CompletedProcess[str]:
        """The finished command."""
        self._process.join()
        with self._streams as streams:
            stdout, stderr = (
                (Path(streams) / name).read_text("utf-8", "surrogateescape")
                for name in ("stdout", "stderr")
            )
        assert self._process.exitcode is not None
        return subprocess.CompletedProcess(self._words, self._process.exitcode, stdout, stderr)


@cache
def _server() -> ForkServerContext:
    """Started at the first command; ends with this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.preload"])
    before = dict(os.environ)
    os.environ |= {
        "HF_HUB_CACHE": NO_HUB,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [before.get("PYTHONPATH")])]),
    }
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return context


def _command(
    words: list[str],
    folder: Path,
    environment: dict[str, str],
    streams: Path,
    first: Callable[[], None],
) -> None:
    """In the fork: becomes the command. Ends by SystemExit, as the command does."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["coldframe", *words]
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        with open(streams / name, "wb") as file:
            os.dup2(file.fileno(), descriptor)
    first()

    from cli.main import main

    main()
