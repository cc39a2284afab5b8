"""What measures of picture quality say (extra `iqa`): MUSIQ and DBCNN of a picture alone, DISTS beside its original.

pyiqa's door. It fetches weights itself and keeps them; measures whose weights are not there and cannot be had are left
out. Its weights are pickles, so they are read only where this is asked for.

    musiq   0 … 100, more is better (arXiv 2108.05997)        dbcnn   0 … 1, more is better (arXiv 1907.02665)
    dists   0 … 1, less is better (arXiv 2004.07728)
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.errors import ModelMissing, UsageError
from archive.imaging.resize import resize

ALONE = ("musiq", "dbcnn")
BESIDE = ("dists",)
Pixels = npt.NDArray[np.uint8]


class Quality:
    """The measures that could be had."""

    def __init__(self, measures: Mapping[str, Any]) -> None:
        """Name → pyiqa's measure."""
        self._measures = measures

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._measures)

    @property
    def alone(self) -> frozenset[str]:
        """Those every picture has, whether its original can be seen or not."""
        return self.names & frozenset(ALONE)

    def __call__(self, drawn: Pixels, original: Pixels | None) -> dict[str, float]:
        """(H, W, 3) uint8 → scores by name; those that want an original only where there is one."""
        pictures = [_tensor(drawn)]
        if original is not None:
            pictures.append(_tensor(resize(original, drawn.shape[1], drawn.shape[0])))
        wanted = [name for name in self._measures if name in ALONE or original is not None]
        return {
            name: round(float(self._measures[name](*pictures[: 1 if name in ALONE else 2])), 4)
            for name in wanted
        }


def open_iqa() -> Quality:
    """Every measure whose weights are there or can be fetched. Raises UsageError, and ModelMissing where none can."""
    if find_spec("pyiqa") is None:
        raise UsageError(
            "measures of quality need pyiqa; install it with `pip install 'coldframe[iqa]'`"
        )
    import pyiqa

    measures = {}
    for name in (*ALONE, *BESIDE):
        with (
            contextlib.suppress(OSError),
            contextlib.redirect_stdout(io.StringIO()),
        ):  # it prints what it loads
            measures[name] = pyiqa.create_metric(name)
    if not measures:
        raise ModelMissing(
            f"the weights of {', '.join((*ALONE, *BESIDE))} are not on this machine and cannot be fetched; put them "
            "where pyiqa looks for them, or leave --iqa out"
        )
    return Quality(measures)


def _tensor(pixels: Pixels) -> Any:
    import torch

    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
