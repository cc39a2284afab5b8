"""Options that several commands share, each with an environment variable."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from archive.errors import UsageError
from archive.settings import DEFAULT_LOCATION, LOCK_SECONDS, Settings
from cli.shared.values import Number, PathValue, Whole

if TYPE_CHECKING:
    from archive.codecs import CodecConfig

Command = Callable[..., Any]
FILTER_OPTIONS: dict[str, dict[str, Any]] = {  # fields of archive.filters.Filters
    "since": {
        "metavar": "DATE",
        "help": "Only images taken then or later: 2019, 2019-08, 2019-08-24 or 2019-08-24T10:30.",
    },
    "until": {
        "metavar": "DATE",
        "help": "Only images taken then or earlier; that year, month, day or minute counts.",
    },
    "under": {
        "metavar": "FOLDER",
        "type": PathValue(),
        "help": "Only images whose file was seen below this folder.",
    },
    "camera": {"metavar": "NAME", "help": "Only this camera: a part of its name, in any case."},
    "format": {"metavar": "NAME", "help": "Only this file format, such as jpeg or heic."},
    "near": {
        "metavar": "LAT,LON,KM",
        "help": "Only images taken within so many kilometers of a place, in degrees.",
    },
    "volume": {
        "metavar": "LABEL",
        "help": "Only images seen on this drive; `coldframe volumes` lists them.",
    },
    "has_original": {"is_flag": True, "help": "Only images whose original can be seen now."},
    "where": {
        "metavar": "CONDITION",
        "multiple": True,
        "help": "Only rows like 'path~*/2019/*' or 'width>1000'; may be repeated.",
    },
}
MOST_LOCK_SECONDS = 86_400  # a day
UNITS = {"s": 1, "m": 60, "h": 3600}  # seconds
CODEC_HELP = "Codec of embeddings and color maps: {codecs}, or the .npz file of a fitted codec"
RATE_OPTIONS = {  # help, with the names of codecs that have them (see CodecOption), and bounds
    "bits": ("Embedding rate in bits per image ({per_image}).", (1, None)),
    "bits_per_dim": ("Embedding rate in bits per dimension ({per_dim}).", (1, 8)),
    "map_side": ("Side of the color map in pixels, even.", (4, 32)),
    "map_bits": ("Color map rate in bits per image ({per_image}).", (1, None)),
    "map_bits_per_sample": ("Color map rate in bits per sample ({per_sample}).", (1, 8)),
}


def archive_options(command: Command) -> Command:
    """--archive and --lock-seconds, passed as `settings`."""

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
        type=Number(0, MOST_LOCK_SECONDS),
        show_default=True,
        help="Seconds to wait for another process that is writing.",
    )
    @functools.wraps(command)
    def with_settings(*args: Any, archive: str, lock_seconds: float, **others: Any) -> Any:
        return command(*args, settings=Settings(archive, lock_seconds), **others)

    return with_settings


def time_limit_option(command: Command) -> Command:
    """--time-limit, passed as `seconds`; infinite if none is given."""

    @click.option(
        "--time-limit",
        metavar="30s|10m|2h",
        help="Stop after this long; the exit code is then 101.",
    )
    @functools.wraps(command)
    def with_seconds(*args: Any, time_limit: str | None, **others: Any) -> Any:
        return command(
            *args, seconds=math.inf if time_limit is None else _seconds(time_limit), **others
        )

    return with_seconds


def _seconds(text: str) -> float:
    """`30s`, `10m`, `2h` → seconds. Raises UsageError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if match is None or not float(match[1]):
        raise UsageError(f"invalid time limit {text!r}: expected one like 30s, 10m or 2h")
    return float(match[1]) * UNITS[match[2]]


def json_option(command: Command) -> Command:
    """--json, passed as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Machine-readable output on stdout."
    )(command)


def filter_options(command: Command) -> Command:
    """--since, --until … --where, passed as `filters`: which rows are meant; all without any."""

    @functools.wraps(command)
    def with_filters(*args: Any, **others: Any) -> Any:
        from archive.filters import Filters

        chosen = {name: others.pop(name) for name in FILTER_OPTIONS}
        return command(*args, filters=Filters(**chosen), **others)

    decorated: Command = with_filters
    for name, option in reversed(FILTER_OPTIONS.items()):
        decorated = click.option("--" + name.replace("_", "-"), **option)(decorated)
    return decorated


def rule_options(command: Command) -> Command:
    """--exclude, --include and --follow-links, passed as `rules`: ScanRules."""

    @click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Pass over files and folders, by a pattern as in .gitignore. Repeatable.",
    )
    @click.option(
        "--include",
        multiple=True,
        metavar="PATTERN",
        help="Take only files that match, by a pattern as in .gitignore. Repeatable.",
    )
    @click.option("--follow-links", is_flag=True, help="Follow links to folders.")
    @functools.wraps(command)
    def with_rules(
        *args: Any,
        exclude: Sequence[str],
        include: Sequence[str],
        follow_links: bool,
        **others: Any,
    ) -> Any:
        from archive.ingest.rules import ScanRules

        rules = ScanRules(exclude, include, follow_links)
        rules.check()
        return command(*args, rules=rules, **others)

    return with_rules


def model_options(command: Command) -> Command:
    """--model and --any-weights, for commands that load an archive's models."""
    model = click.option(
        "--model",
        metavar="NAME|FOLDER",
        help="Where the archive's model pair is now, if it was moved.",
    )
    weights = click.option(
        "--any-weights", is_flag=True, help="Allow weights other than those that made the archive."
    )
    return model(weights(command))


class CodecOption(click.Option):
    """An option whose help names codecs.

    The table of codecs imports numpy, so it is read when the help is, not with this module.
    """

    @property
    def help(self) -> str | None:
        """The text, with {codecs}, {per_image} and {per_dim} replaced by names."""
        return self._help and self._help.format(**_codec_names())

    @help.setter
    def help(self, text: str | None) -> None:
        """The text as it was given."""
        self._help = text


def codec_options(
    default: str | None, *, implied: str | None = None
) -> Callable[[Command], Command]:
    """--codec and its rates, passed as `codec`: a CodecConfig, or None without --codec.

    `implied`: the codec that is meant without --codec, as the help says.
    """

    codec_option = click.option(
        "--codec",
        cls=CodecOption,
        default=default,
        show_default=True,
        metavar="NAME|FILE",
        help=CODEC_HELP + (f" [default: {implied}]." if implied else "."),
    )
    rate_options = [
        click.option("--" + name.replace("_", "-"), cls=CodecOption, type=Whole(*bounds), help=text)
        for name, (text, bounds) in RATE_OPTIONS.items()
    ]

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_codec(*args: Any, codec: str | None, **others: Any) -> Any:
            rates = {name: others.pop(name) for name in RATE_OPTIONS}
            return command(*args, codec=_codec_config(codec, rates, implied), **others)

        decorated: Command = with_codec
        for option in reversed([codec_option, *rate_options]):
            decorated = option(decorated)
        return decorated

    return decorate


def _codec_config(
    codec: str | None, rates: dict[str, int | None], implied: str | None
) -> CodecConfig | None:
    """Raises UsageError for rates that the codec lacks, and for rates without a codec."""
    from archive.codecs import CodecConfig

    given = ["--" + name.replace("_", "-") for name, rate in rates.items() if rate is not None]
    if codec is None and given:
        codec = implied
        if codec is None:
            raise UsageError(f"{', '.join(given)}: rates belong to a codec; name it with --codec")
    if codec is None:
        return None
    config = CodecConfig(codec, **rates)
    config.check()
    return config


def _codec_names() -> dict[str, str]:
    """The names that the help of codec options refers to."""
    from archive.codecs import SELECTABLE_CODECS, RateUnit

    groups = {
        "codecs": SELECTABLE_CODECS,
        "per_image": [spec for spec in SELECTABLE_CODECS if spec.unit is RateUnit.PER_IMAGE],
        "per_dim": [spec for spec in SELECTABLE_CODECS if spec.unit is RateUnit.PER_DIMENSION],
        "per_sample": [
            spec
            for spec in SELECTABLE_CODECS
            if spec.unit is RateUnit.PER_DIMENSION and spec.default.map_side
        ],
    }
    return {group: ", ".join(spec.name for spec in specs) for group, specs in groups.items()}
