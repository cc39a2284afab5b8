"""`coldframe bench`: measurements of codecs, and their plot."""

from __future__ import annotations

import click

from cli.lazy import LazyGroup


@click.command(cls=LazyGroup, names=("codecs", "plot"), prefix="cli.bench_")
def command() -> None:
    """Measure codecs on vectors of your own, and draw the curves."""
