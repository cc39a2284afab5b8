"""Progress on stderr: a bar on a terminal, one line a minute otherwise, nothing where JSON is wanted."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

QUIET_SECONDS = 60.0  # between two lines where there is no terminal


class Progress(Protocol):
    """DecodeRequest how much of the work is done, and what to say of it."""

    def __call__(self, done: int, told: str = "") -> None: ...


@contextmanager
def progress(title: str, total: int | None, *, silent: bool = False) -> Iterator[Progress]:
    """Opens whatever suits the place stderr goes to."""
    if silent:
        yield _nothing
    elif sys.stderr.isatty():
        with _bar(title, total) as bar:
            yield bar
    else:
        yield _Lines(title, total)


def _nothing(done: int, told: str = "") -> None:
    """JSON is all the user wants."""


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
    )
    with Bar(
        *columns,
        TextColumn("{task.fields[told]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=total, told="")
        yield lambda done, told="": bar.update(task, completed=done, told=told)


class _Lines:
    """A line a minute, for logs."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._started = self._last = time.monotonic()

    def __call__(self, done: int, told: str = "") -> None:
        now = time.monotonic()
        if now - self._last >= QUIET_SECONDS:
            self._last = now
            rate = done / (now - self._started)
            whole = "" if self._total is None else f" of {self._total}"
            click.echo(
                f"{self._title}: {done}{whole}, {rate:.1f} a second {told}".rstrip(), err=True
            )
