"""What the commands that compare methods have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.shared.output import emit, path_fields, plural, say
from cli.shared.progress import progress
from cli.shared.values import PathValue

if TYPE_CHECKING:
    from archive.evaluate.baselines import Compared, Comparison
    from archive.ingest.outcomes import Skipped


def comparison_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """FOLDER, --out and --model."""
    model_option = click.option(
        "--model",
        default="pocket",
        show_default=True,
        help="Model pair: `coldframe models` lists them.",
    )
    out_option = click.option(
        "--out",
        required=True,
        type=PathValue(path_type=Path, file_okay=False),
        help="Folder for the contact sheet.",
    )
    argument = click.argument("folder", type=PathValue(path_type=Path, exists=True))
    return argument(out_option(model_option(command)))


def run_comparison(comparison: Comparison, *, as_json: bool) -> Iterator[Compared]:
    """Each image once it is compared, with progress; says which formats are left out."""
    from archive.evaluate.methods import unavailable_formats

    for kind in unavailable_formats():
        say(f"{kind} is left out: this Pillow cannot write it", err=True)
    with progress("comparing", comparison.total, silent=as_json) as show:
        for compared in comparison.run():
            yield compared
            show(comparison.images)


def emit_skipped(skipped: Sequence[Skipped]) -> None:
    """A line of JSON for each file."""
    for file in skipped:
        reason = {"reason": file.reason, "detail": file.detail}
        emit({"message_type": "skipped", **path_fields(file.path), **reason})


def emit_summary(comparison: Comparison, skipped: Sequence[Skipped], **facts: str) -> None:
    """The last line of JSON."""
    counts = {"pictures": comparison.images, "skipped": len(skipped)}
    emit({"message_type": "summary", **counts, **facts, "sheet": str(comparison.sheet)})


def say_summary(comparison: Comparison, skipped: Sequence[Skipped]) -> None:
    """The line below the table, and one on stderr for each skipped file."""
    sheet = str(comparison.sheet)
    say(f"means over {plural(comparison.images, 'image')}; contact sheet: {sheet}")
    for file in skipped:
        say(f"skipped {file.path}: {file.reason}, {file.detail}", err=True)
