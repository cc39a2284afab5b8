"""`coldframe bench`: measurements of codecs, and their plot."""

from __future__ import annotations

import importlib

import click

PARTS = ("codecs", "plot")


class Parts(click.Group):
    """Each measurement is a module of its own, imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PARTS:
            return None
        command: click.Command = importlib.import_module(f"cli.bench_{cmd_name}").command
        return command


@click.command(cls=Parts)
def command() -> None:
    """Measure codecs on vectors of your own, and draw the curves."""
