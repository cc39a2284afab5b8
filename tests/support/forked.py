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
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NO_HUB = "/nonexistent"  # models that somebody has downloaded must not decide a test


def run_forked(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """`coldframe WORDS` in `folder`, with this environment and no other."""
    with tempfile.TemporaryDirectory() as streams:
        arguments = (list(words), folder, dict(environment), Path(streams))
        process = _server().Process(target=_command, args=arguments)
        process.start()
        process.join()
        stdout, stderr = (
            (Path(streams) / name).read_text("utf-8", "surrogateescape")
            for name in ("stdout", "stderr")
        )
        assert process.exitcode is not None
        return subprocess.CompletedProcess(list(words), process.exitcode, stdout, stderr)


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


def _command(words: list[str], folder: Path, environment: dict[str, str], streams: Path) -> None:
    """In the fork: becomes the command. Ends by SystemExit, as the command does."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["coldframe", *words]
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        with open(streams / name, "wb") as file:
            os.dup2(file.fileno(), descriptor)

    from cli.main import main

    main()
