"""`coldframe bench`: codecs, their plot, restorations beside other methods, the paper's table."""

from __future__ import annotations

import click

from cli.lazy import LazyGroup


@click.command(
    cls=LazyGroup, names=("codecs", "plot", "restore", "table1"), prefix="cli.commands.bench_"
)
def command() -> None:
    """Measure codecs on your own vectors, plot the results, compare restorations of your own
    images.
    """
