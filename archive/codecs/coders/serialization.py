"""Fitted state ⇄ bytes: named arrays as an .npz (.npy files in a zip, no pickles).

Equal arrays give equal bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from archive.errors import UnknownCodec

Arrays = Mapping[str, npt.NDArray[np.generic]]


def to_bytes(arrays: Arrays) -> bytes:
    """Arrays by name → compressed .npz."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()


def from_bytes(state: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """The mirror of to_bytes. Raises UnknownCodec for bytes that are no such state."""
    try:
        with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UnknownCodec(
            f"the fitted state of a codec cannot be read ({error}); restore the database from a "
            f"backup"
        ) from error
