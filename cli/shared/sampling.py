"""Options of how a decoder draws, and where."""

from __future__ import annotations

import functools
from typing import Any

import click

from cli.shared.options import Command

NAMES = (
    "steps",
    "guidance",
    "clip_guidance",
    "strength",
    "noise_level",
    "low_frequency_guidance",
    "project_colors",
    "candidates",
    "image_size",
)
MATCH = -1  # the noise level that matches the codec


class Level(click.ParamType):  # type: ignore[type-arg]  # older versions of click have no parameter here
    """0 to 999, or `match`."""

    name = "0-999|match"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises BadParameter."""
        if str(value) == "match":
            return MATCH
        return int(click.IntRange(0, 999).convert(value, param, ctx))


LEVEL = Level()


def sampling_options(command: Command) -> Command:
    """--steps … --device, handed over as `wanted`, those of a Sampling that were given, and `on`: device and dtype."""

    @click.option("--steps", type=click.IntRange(1, 1000), help="Steps of the sampler.")
    @click.option("--guidance", type=click.FloatRange(0), help="Weight of the embedding.")
    @click.option(
        "--clip-guidance",
        type=click.FloatRange(0, 1),
        help="How far steps go to what the encoder looks for.",
    )
    @click.option(
        "--strength",
        type=click.FloatRange(0.01, 1),
        help="Share of the schedule to start at from the colour map.",
    )
    @click.option(
        "--noise-level",
        type=LEVEL,
        help="How noisy the embedding is said to be; match: as its codec is.",
    )
    @click.option(
        "--low_frequency_guidance",
        type=click.FloatRange(0, 1),
        help="How strongly steps are drawn to the colour map.",
    )
    @click.option(
        "--project-colors/--no-project-colors",
        default=None,
        help="Bring colours into the map's cells at the end.",
    )
    @click.option(
        "--candidates",
        type=click.IntRange(1, 64),
        help="Draw so many, keep the one that fits the row best.",
    )
    @click.option(
        "--size",
        "image_size",
        type=click.IntRange(64, 4096),
        help="Side of a square of the area to draw.",
    )
    @click.option(
        "--dtype",
        type=click.Choice(["float32", "bfloat16", "float16"]),
        help="Numbers to compute with.",
    )
    @click.option(
        "--device",
        metavar="DEVICE",
        default="",
        help="Like cpu or cuda:1; the best there is, if left out.",
    )
    @functools.wraps(command)
    def with_sampling(*args: Any, dtype: str | None, device: str, **others: Any) -> Any:
        wanted = _given({name: others.pop(name) for name in NAMES})
        return command(*args, wanted=wanted, on=(device, dtype or ""), **others)

    return with_sampling


def _given(wanted: dict[str, Any]) -> dict[str, Any]:
    """The options that were given; a noise level that is to match is None."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return {name: None if value == MATCH else value for name, value in given.items()}
