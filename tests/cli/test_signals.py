"""SIGTERM and SIGHUP end a command as Ctrl-C does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.shell import COMMAND, Shell

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
VERBS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
PATIENCE = 120.0  # seconds


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds; fails where it never does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    listing = ["ps", "-o", "pid=", "--ppid", str(pid)]
    done = subprocess.run(listing, check=False, capture_output=True, text=True)
    return [int(line) for line in done.stdout.split()]


def has_loaded(running: subprocess.Popen[str], library: str) -> bool:
    assert running.poll() is None, running.communicate()
    return library in Path(f"/proc/{running.pid}/maps").read_text()


@pytest.fixture
def many_images(album: Path) -> Path:
    content = (album / "scene 0.jpg").read_bytes()
    for number in range(2000):
        (album / f"more {number}.jpg").write_bytes(content + number.to_bytes(2))
    return album


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_ingest_ends_with_its_workers(
    pocket_shell: Shell, many_images: Path, number: signal.Signals
) -> None:
    running = pocket_shell.start_new("ingest", many_images)
    wait_until(lambda: bool(children_of(running.pid)))
    workers = children_of(running.pid)
    running.send_signal(number)
    _, output = running.communicate(timeout=PATIENCE)
    assert running.returncode == 128 + number, output
    assert output.strip().startswith(f"coldframe: {VERBS[number]}")
    assert output.strip().count("\n") == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert "no errors found" in pocket_shell("verify")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "words",
    [
        ("search", "a house"),
        ("restore", "1", "2", "3", "--steps", "1000"),
        ("recode", "--codec", "clip"),
        ("audit",),
    ],
    ids=lambda words: words[0],
)
def test_every_command_ends_with_a_sentence(
    filled_shell: Shell, tmp_path: Path, number: signal.Signals, words: tuple[str, ...]
) -> None:
    shutil.copytree(filled_shell.location, tmp_path / "archive")
    running = Shell(str(tmp_path / "archive"), tmp_path).start_new(*words)
    wait_until(lambda: has_loaded(running, "numpy"))
    running.send_signal(number)
    _, output = running.communicate(timeout=PATIENCE)
    assert running.returncode == 128 + number, output
    assert output.splitlines()[-1].startswith(f"coldframe: {VERBS[number]}")
    assert "Traceback" not in output


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_not_lost_where_python_drops_exceptions(number: signal.Signals) -> None:
    """The import system has weak references with callbacks, for one."""
    program = f"""
import signal, time, weakref
from cli.shared.signals import number_of, raise_on_signals

class Thing: ...

raise_on_signals()
thing = Thing()
dropped = weakref.ref(thing, lambda _: signal.raise_signal({number.value}))
try:
    del thing
    time.sleep({PATIENCE})
except KeyboardInterrupt as error:
    print(number_of(error).value)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE / 2,
    )
    assert (done.stdout, done.stderr) == (f"{number.value}\n", "")


@pytest.mark.slow
def test_a_signal_that_the_caller_ignores_stays_ignored(filled_shell: Shell) -> None:
    """As with nohup."""
    code = "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
    code += "os.execv(sys.executable, sys.argv[1:])"
    running = subprocess.Popen(
        [sys.executable, "-c", code, *COMMAND, "search", "a house"],
        env=filled_shell.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: has_loaded(running, "numpy"))
    os.kill(running.pid, signal.SIGHUP)
    output, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert output
