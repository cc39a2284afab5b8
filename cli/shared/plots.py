"""The door of matplotlib, and what all plots have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archive.errors import UsageError

DOTS_PER_INCH = 150


def load_pyplot() -> Any:
    """matplotlib.pyplot, for files. Raises UsageError where it is not installed."""
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError(
            "plotting needs matplotlib; install it with: pip install 'coldframe[plot]'"
        ) from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def save_plot(figure: Any, path: Path) -> None:
    """A figure → a file; its suffix selects the format."""
    figure.savefig(path, bbox_inches="tight", dpi=DOTS_PER_INCH)
