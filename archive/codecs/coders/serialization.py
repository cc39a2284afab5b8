"""Fitted state ⇄ bytes: named arrays as an .npz (.npy files in a zip, no pickles).

Equal arrays give equal bytes. Bytes from elsewhere may claim any size: nothing is inflated or
allocated beyond MAX_BYTES.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from archive.errors import UnknownCodec

Arrays = Mapping[str, npt.NDArray[np.generic]]
MAX_BYTES = 1 << 28  # of all arrays together; the largest codec we know takes 7 MB
SUFFIX = ".npy"


def to_bytes(arrays: Arrays) -> bytes:
    """Arrays by name → compressed .npz."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()


def from_bytes(state: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """The mirror of to_bytes. Raises UnknownCodec for bytes that are no such state."""
    try:
        with zipfile.ZipFile(io.BytesIO(state)) as archive:
            files = archive.infolist()
            if sum(file.file_size for file in files) > MAX_BYTES:
                raise ValueError(f"it inflates to more than {MAX_BYTES >> 20} MiB")
            return {
                file.filename.removesuffix(SUFFIX): _array(archive.read(file)) for file in files
            }
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UnknownCodec(
            f"the fitted state of a codec cannot be read ({error}); restore the database from a "
            f"backup"
        ) from error


def _array(content: bytes) -> npt.NDArray[np.generic]:
    """A .npy file → its array. Raises ValueError."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"an array of version {version}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > len(content):
        raise ValueError("an array is larger than its file")
    file.seek(0)
    array: npt.NDArray[np.generic] = np.lib.format.read_array(file, allow_pickle=False)
    return array
