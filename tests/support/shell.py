"""`coldframe` as a user runs it: in a process of its own, on an archive of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support.beforehand import nothing
from tests.support.forked import ForkedCommand

Done = subprocess.CompletedProcess[str]
Environment = Mapping[str, str]
NO_MORE: Environment = {}  # than the shell gives to every command
COMMAND = (sys.executable, "-m", "cli")


class Shell:
    """Runs commands on the archive at `location`, in `folder`; each process calls `first` first."""

    def __init__(self, location: str, folder: Path, *, first: Callable[[], None] = nothing) -> None:
        self.location = location
        self.first = first
        self.environment = os.environ | {
            "COLDFRAME_ARCHIVE": location,
            "HF_HUB_CACHE": str(folder / "hub"),
        }
        self.folder = folder

    def __call__(
        self, *words: str | Path, code: int = 0, environment: Environment = NO_MORE
    ) -> str:
        """stdout followed by stderr; asserts the exit code, and that there is no traceback."""
        done = self.run(*words, environment=environment)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def run(self, *words: str | Path, environment: Environment = NO_MORE) -> Done:
        """The finished command: a fork, or a new process where libraries read what is given."""
        if any(not name.startswith("COLDFRAME_") for name in environment):
            return self.run_new(*words, environment=environment)
        return self.start(*words, environment=environment).wait()

    def run_new(self, *words: str | Path, environment: Environment = NO_MORE) -> Done:
        """The finished command, in a process that imports everything itself."""
        return subprocess.run(
            [*COMMAND, *map(str, words)],
            check=False,
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )

    def start(self, *words: str | Path, environment: Environment = NO_MORE) -> ForkedCommand:
        """The command, still running."""
        return ForkedCommand(
            list(map(str, words)),
            folder=self.folder,
            environment={**self.environment, **environment},
            first=self.first,
        )

    def start_new(self, *words: str | Path) -> subprocess.Popen[str]:
        """The command, still running in a process of its own; its stderr is a pipe."""
        return subprocess.Popen(
            [*COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def json(self, *words: str | Path, code: int = 0) -> list[Any]:
        """The lines of stdout, each of which must be JSON; asserts the exit code."""
        done = self.run(*words, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]
