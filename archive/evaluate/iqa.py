"""Image quality assessment (extra `iqa`): MUSIQ and DBCNN without a reference, DISTS against the
original.

pyiqa's door. pyiqa downloads and caches its own weights; measures whose weights are missing and
cannot be downloaded are left out. Those weights are pickles, so they are read only on request:
`audit --iqa`, and `bench table1`, whose table has these columns.

    musiq   0 … 100, higher is better (arXiv 2108.05997)
    dbcnn   0 … 1, higher is better (arXiv 1907.02665)
    dists   0 … 1, lower is better (arXiv 2004.07728)
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from archive.arrays import Pixels
from archive.errors import ModelMissing, UsageError
from archive.imaging.resize import resize

NO_REFERENCE = ("musiq", "dbcnn")
FULL_REFERENCE = ("dists",)
ALL_MEASURES = (*NO_REFERENCE, *FULL_REFERENCE)


class ImageQuality:
    """The measures that are available."""

    def __init__(self, measures: Mapping[str, Any]) -> None:
        """Name → pyiqa metric."""
        self._measures = measures

    @property
    def names(self) -> frozenset[str]:
        """The measures, by name."""
        return frozenset(self._measures)

    @property
    def no_reference(self) -> frozenset[str]:
        """Those that every image has, whether its original can be seen or not."""
        return self.names & frozenset(NO_REFERENCE)

    def __call__(self, image: Pixels, original: Pixels | None) -> dict[str, float]:
        """(H, W, 3) uint8 → scores by name; full-reference measures only where there is an
        original.
        """
        tensors = [_tensor(image)]
        if original is not None:
            height, width, _ = image.shape
            tensors.append(_tensor(resize(original, width, height)))
        scores = {}
        for name, measure in self._measures.items():
            if name in NO_REFERENCE:
                scores[name] = round(float(measure(tensors[0])), 4)
            elif original is not None:
                scores[name] = round(float(measure(*tensors)), 4)
        return scores


def open_iqa(names: Sequence[str] = ALL_MEASURES) -> ImageQuality:
    """Those measures whose weights are here or can be downloaded.

    Raises UsageError without pyiqa, ModelMissing if no measure is available.
    """
    if find_spec("pyiqa") is None:
        raise UsageError(
            "image quality measures need pyiqa; install it with `pip install 'coldframe[iqa]'`"
        )
    import pyiqa

    measures = {}
    for name in names:
        # pyiqa prints what it loads
        with contextlib.suppress(OSError), contextlib.redirect_stdout(io.StringIO()):
            measures[name] = pyiqa.create_metric(name)
    if not measures:
        raise ModelMissing(
            f"the weights of {', '.join(names)} are not on this machine "
            "and cannot be downloaded; put them where pyiqa looks for them"
        )
    return ImageQuality(measures)


def _tensor(pixels: Pixels) -> Any:
    import torch

    return torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255
