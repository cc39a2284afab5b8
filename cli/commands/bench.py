"""`coldframe bench`: measurements of codecs, their plot, and of restorations beside other methods."""

from __future__ import annotations

import click

from cli.lazy import LazyGroup


@click.command(cls=LazyGroup, names=("codecs", "plot", "restore"), prefix="cli.commands.bench_")
def command() -> None:
    """Measure codecs on vectors of your own, draw the curves, compare restorations on pictures of yours."""
