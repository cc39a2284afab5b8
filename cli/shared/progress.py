"""Progress on stderr: a bar on a terminal, otherwise a line a minute, and nothing with --json."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from cli.shared.output import say

SILENT_SECONDS = 1.0  # before a command says what it waits for
LINE_SECONDS = 60.0  # between two lines where there is no terminal


class Progress(Protocol):
    """Shows how much of the work is done."""

    def __call__(self, done: int, text: str = "", *, total: int | None = None) -> None:
        """`done` items, and `text` about them; `total` once it is known, if it was not before."""


@contextmanager
def progress(title: str, total: int | None = None, *, silent: bool = False) -> Iterator[Progress]:
    """Progress as suits stderr; `total` items, or None as long as nobody knows."""
    if silent:
        yield _show_nothing
    elif sys.stderr.isatty():
        with _bar(title, total) as bar:
            yield bar
    else:
        yield _Lines(title, total)


def _show_nothing(done: int, text: str = "", *, total: int | None = None) -> None:
    """With --json, stdout has everything."""


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, text="")

        def show(done: int, text: str = "", *, total: int | None = None) -> None:
            bar.update(task, completed=done, text=text, total=total)

        yield show


@contextmanager
def waiting(text: str, *, silent: bool = False) -> Iterator[None]:
    """Says what a command is waiting for, once it has been silent for a second, on a terminal."""
    if silent or not sys.stderr.isatty():
        yield
        return
    shown = threading.Event()

    def show() -> None:
        shown.set()
        click.echo(text, err=True, nl=False)

    timer = threading.Timer(SILENT_SECONDS, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown.is_set():
            click.echo("\r\033[K", err=True, nl=False)


class _Lines:
    """A line a minute, for logs."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._started = time.monotonic()
        self._last = self._started

    def __call__(self, done: int, text: str = "", *, total: int | None = None) -> None:
        """As Progress."""
        self._total = self._total if total is None else total
        now = time.monotonic()
        if now - self._last < LINE_SECONDS:
            return
        self._last = now
        of_total = "" if self._total is None else f" of {self._total:,}"
        rate = done / (now - self._started)
        line = f"{self._title}: {done:,}{of_total} ({rate:.1f}/s) {text}"
        say(line.rstrip(), err=True)
