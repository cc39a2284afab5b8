"""Fitted states: dataclasses of arrays, which a codec row keeps by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt


class FittedState:
    """What a dataclass of arrays inherits."""

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return {prefix + name: getattr(self, name) for name in names}

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> Self:
        """The mirror of arrays. Raises KeyError where something is missing."""
        names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        return cls(**{name: arrays[prefix + name] for name in names})
