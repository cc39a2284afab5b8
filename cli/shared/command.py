"""What all commands are: click's, with a variable for each option that bears the option's name, no
empty values, and errors that name the variable which a wrong value came from.

    coldframe search --limit     COLDFRAME_SEARCH_LIMIT
"""

from __future__ import annotations

import os
import re
from typing import Any

import click
from click.core import ParameterSource

from archive.errors import ColdframeError
from archive.settings import masked
from cli.shared.values import TEXT


class Command(click.Command):
    """A command of coldframe."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for param in self.params:
            if type(param.type) is type(click.STRING) and param.default != "":
                param.type = TEXT

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Gives options their variables first. Raises click.UsageError."""
        for param in self.params:
            if isinstance(param, click.Option) and param.envvar is None:
                option = max(param.opts, key=len).lstrip("-").replace("-", "_")
                param.envvar = f"{ctx.auto_envvar_prefix}_{option.upper()}"
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a note on an error says which variables its message is about."""
        try:
            return super().invoke(ctx)
        except (ColdframeError, OSError) as error:
            for param in self.params:
                variable = variable_of(param, ctx)
                if variable and _quotes(str(error), os.environ[variable], *param.opts):
                    error.add_note(f"{variable} is set")
            raise


def variable_of(param: click.Parameter, ctx: click.Context) -> str | None:
    """The environment variable that a parameter's value came from; None if it came from none."""
    if ctx.get_parameter_source(str(param.name)) is not ParameterSource.ENVIRONMENT:
        return None
    click_name = f"{ctx.auto_envvar_prefix}_{param.name}".upper()
    names = (str(param.envvar), click_name)
    return next((name for name in names if os.environ.get(name)), None)


def _quotes(message: str, value: str, *options: str) -> bool:
    """Whether a message has a value in it, or an option, as a word of its own."""
    words = (re.escape(text) for text in {value, repr(value)[1:-1], masked(value), *options})
    return any(re.search(rf"(?<![\w-]){word}(?![\w-])", message) for word in words)
