"""Groups whose commands are modules of their own, imported when they are asked for."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from typing import Any

import click


class LazyGroup(click.Group):
    """Command `name` is `command` in the module `prefix` + name."""

    def __init__(
        self, *args: Any, names: Sequence[str] = (), prefix: str = "cli.commands.", **others: Any
    ) -> None:
        super().__init__(*args, **others)
        self._names = names
        self._prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of `--help`."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command; None if there is none of that name."""
        if cmd_name not in self._names:
            return None
        command: click.Command = importlib.import_module(self._prefix + cmd_name).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's. Raises UsageError with the names that are like an unknown one."""
        name = args[0]
        if name in self._names or name.startswith("-"):
            return super().resolve_command(ctx, args)
        similar = difflib.get_close_matches(name, self._names)
        meant = f"did you mean {' or '.join(similar)}?" if similar else "see --help"
        raise click.UsageError(f"no command {name!r}; {meant}", ctx)
