"""Options that several commands share, each with its environment twin."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from archive.errors import UsageError
from archive.settings import DEFAULT_LOCATION, LOCK_SECONDS, Settings

Command = Callable[..., Any]
CODEC_HELP = (
    "How vectors and colours are coded: coclico, clip, klt, smic, or the file of a trained codec."
)
UNITS = {"s": 1, "m": 60, "h": 3600}  # seconds
CODECS = ("coclico", "clip", "klt", "smic")


def _codec_or_file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Raises BadParameter."""
    if value is None or value in CODECS or (value.endswith(".npz") and Path(value).is_file()):
        return value
    raise click.BadParameter(
        f"{value!r} is neither a codec ({', '.join(CODECS)}) nor the .npz file of one.", ctx, param
    )


def archive_options(command: Command) -> Command:
    """--archive and --lock-seconds, handed over as `settings`."""

    @click.option(
        "--archive",
        envvar="COLDFRAME_ARCHIVE",
        default=DEFAULT_LOCATION,
        show_default=True,
        metavar="DIR|URL",
        help="The archive: a directory, or postgresql://…  [env: COLDFRAME_ARCHIVE]",
    )
    @click.option(
        "--lock-seconds",
        envvar="COLDFRAME_LOCK_SECONDS",
        default=LOCK_SECONDS,
        show_default=True,
        help="How long to wait for another process that is writing.",
    )
    @functools.wraps(command)
    def with_settings(*args: Any, archive: str, lock_seconds: float, **others: Any) -> Any:
        return command(*args, settings=Settings(archive, lock_seconds), **others)

    return with_settings


def time_limit_option(command: Command) -> Command:
    """--time-limit, handed over as `seconds`; infinite where none is given."""

    @click.option(
        "--time-limit", metavar="30s|10m|2h", help="Stop after so long; the exit code is 101 then."
    )
    @functools.wraps(command)
    def with_seconds(*args: Any, time_limit: str | None, **others: Any) -> Any:
        return command(
            *args, seconds=math.inf if time_limit is None else _seconds(time_limit), **others
        )

    return with_seconds


def _seconds(told: str) -> float:
    """`30s`, `10m`, `2h` → seconds. Raises UsageError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", told.strip())
    if found is None or not float(found[1]):
        raise UsageError(f"{told!r} is no time limit; write one like 30s, 10m or 2h")
    return float(found[1]) * UNITS[found[2]]


def json_option(command: Command) -> Command:
    """--json, handed over as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Machine-readable output on stdout."
    )(command)


def model_options(command: Command) -> Command:
    """--model and --any-weights, for commands that load an archive's models."""
    model = click.option(
        "--model",
        metavar="NAME|FOLDER",
        help="Where the archive's model pair lies now, if it was moved.",
    )
    weights = click.option(
        "--any-weights", is_flag=True, help="Use other weights than those that made the archive."
    )
    return model(weights(command))


def codec_options(default: str | None) -> Callable[[Command], Command]:
    """--codec, --bits, --map-side, --map-bits, handed over as `codec` and `rates` (those that were given)."""

    def decorate(command: Command) -> Command:
        @click.option(
            "--codec",
            default=default,
            show_default=True,
            metavar="NAME|FILE",
            callback=_codec_or_file,
            help=CODEC_HELP,
        )
        @click.option(
            "--bits",
            type=click.IntRange(1),
            help="Of the embedding: a dimension, or a picture (klt, smic).",
        )
        @click.option(
            "--map-side", type=click.IntRange(1), help="Side of the colour map, even, 4 to 32."
        )
        @click.option(
            "--map-bits", type=click.IntRange(1), help="Of the colour map: a sample, or a picture."
        )
        @functools.wraps(command)
        def with_rates(*args: Any, bits: Any, map_side: Any, map_bits: Any, **others: Any) -> Any:
            rates = {"bits": bits, "map_side": map_side, "map_bits": map_bits}
            return command(
                *args,
                rates={name: rate for name, rate in rates.items() if rate is not None},
                **others,
            )

        return with_rates

    return decorate
