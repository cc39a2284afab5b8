"""`coldframe bench`: codecs, their plot, and restorations beside other methods."""

from __future__ import annotations

import click

from cli.lazy import LazyGroup


@click.command(cls=LazyGroup, names=("codecs", "plot", "restore"), prefix="cli.commands.bench_")
def command() -> None:
    """Measure codecs on your own vectors, plot the results, compare restorations of your own
    images.
    """
