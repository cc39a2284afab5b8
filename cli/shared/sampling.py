"""Options for how, and on which device, a decoder samples."""

from __future__ import annotations

import functools
from typing import Any

import click

from cli.shared.options import Command
from cli.shared.values import MOST_BYTES, Number, Whole

FIELDS = (
    "steps",
    "guidance",
    "clip_guidance",
    "strength",
    "noise_level",
    "low_frequency_guidance",
    "project_colors",
    "candidates",
    "image_size",
    "detail_bytes",
)
MATCH = -1  # the noise level that matches the codec's distortion


class NoiseLevel(click.ParamType):  # type: ignore[type-arg]  # not generic in older versions of click
    """0 to 999, or `match`."""

    name = "0-999|match"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises BadParameter."""
        if str(value) == "match":
            return MATCH
        return int(Whole(0, 999).convert(value, param, ctx))


OPTIONS = (
    click.option("--steps", type=Whole(1, 1000), help="Sampler steps."),
    click.option("--guidance", type=Number(0), help="Classifier-free guidance scale."),
    click.option(
        "--clip-guidance",
        type=Number(0, 1),
        help="CLIP guidance scale, in standard deviations of the latents; 0 turns it off.",
    ),
    click.option(
        "--strength",
        type=Number(0.01, 1),
        help="Share of the noise schedule that is run, "
        "starting from the color map (as in img2img).",
    ),
    click.option(
        "--noise-level",
        type=NoiseLevel(),
        help="Noise level passed to the decoder, "
        "or `match` to derive it from the codec's distortion.",
    ),
    click.option(
        "--low-frequency-guidance",
        type=Number(0, 1),
        help="How strongly each step is pulled toward the color map.",
    ),
    click.option(
        "--project-colors/--no-project-colors",
        default=None,
        help="Bring the result's colors within the color map's quantization error.",
    ),
    click.option("--candidates", type=Whole(1, 64), help="Sample this many, keep the best match."),
    click.option(
        "--size",
        "image_size",
        type=Whole(64, 4096, "the side of a square in pixels,"),
        help="Side of a square of the area to sample, in pixels. Details are left out at any but "
        "the decoder's own.",
    ),
    click.option(
        "--detail-bytes",
        type=Whole(0, MOST_BYTES),
        help="Bytes of each row's detail to use [default: all].",
    ),
    click.option(
        "--dtype",
        type=click.Choice(["float32", "bfloat16", "float16"]),
        help="Floating-point type.",
    ),
    click.option(
        "--device",
        metavar="DEVICE",
        default="",
        help="cpu, cuda:1 … [default: the best available].",
    ),
)


def sampling_options(command: Command) -> Command:
    """--steps … --device, passed as `overrides` (fields of Sampling that were given) and `device`
    (DeviceConfig).
    """

    @functools.wraps(command)
    def with_sampling(*args: Any, dtype: str | None, device: str, **options: Any) -> Any:
        from archive.models.device import DeviceConfig

        values = {name: options.pop(name) for name in FIELDS}
        overrides = {name: value for name, value in values.items() if value is not None}
        if overrides.get("noise_level") == MATCH:
            overrides["noise_level"] = None
        config = DeviceConfig(device, dtype or "")
        return command(*args, overrides=overrides, device=config, **options)

    decorated: Command = with_sampling
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
