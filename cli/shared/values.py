"""Types of parameters. What they refuse, they refuse with a sentence that says what is expected."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import click


class Text(click.types.StringParamType):
    """Text that is not empty: an empty path would be the folder that one happens to be in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises BadParameter."""
        text = str(super().convert(value, param, ctx))
        if not text.strip():
            self.fail("it is empty", param, ctx)
        return text


class PathValue(click.Path):
    """A path that is not empty."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        if not os.fspath(value):
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


class NewFile(PathValue):
    """A file to be written, of a kind that its suffix tells, in a folder that exists."""

    def __init__(self, *suffixes: str) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)
        self._suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        path: Path = super().convert(value, param, ctx)
        if path.suffix.lower() not in self._suffixes:
            kinds = " or ".join(self._suffixes)
            self.fail(f"expected a name with {kinds}, not {value!r}", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {str(path.parent)!r}", param, ctx)
        return path


class Whole(click.IntRange):
    """A whole number within bounds."""

    def __init__(self, least: int, most: int | None = None, what: str = "a whole number") -> None:
        super().__init__(least, most)
        self._what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"expected {self._what} {_bounds(self)}, not {value!r}", param, ctx)


class Number(click.FloatRange):
    """A number within bounds, and neither infinite nor none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        try:
            number = super().convert(value, param, ctx)
        except click.BadParameter:
            number = math.nan
        if not math.isfinite(number):
            self.fail(f"expected a number {_bounds(self)}, not {value!r}", param, ctx)
        return number


def _bounds(kind: click.IntRange | click.FloatRange) -> str:
    if kind.max is None:
        return f"of at least {kind.min:,}"
    return f"from {kind.min:,} to {kind.max:,}"


MOST_BYTES = 65535  # of a detail
TEXT = Text()
