""".safetensors files, mapped: a tensor is read when, and as far as, it is used.

    8 bytes   N, little-endian
    N bytes   JSON: name → {"dtype", "shape", "data_offsets": [begin, end]}, after the header
    …         the tensors' bytes, little-endian, C order

The library `safetensors` copies a tensor as a whole, and gives NumPy no bfloat16; a search needs
twelve rows of a token embedding of 100 MB.
"""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LONGEST_HEADER = 100_000_000  # bytes; as the library allows
DTYPES: dict[str, np.dtype[Any]] = {  # those that NumPy has
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
    "BF16": np.dtype("<u2"),  # the upper half of a float32
    "F8_E4M3": np.dtype("u1"),  # sign, 4 bits of exponent + 7, 3 of mantissa
}
FLOATS = ("F64", "F32", "F16", "BF16", "F8_E4M3")
TORCH_NAMES = {"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8"}
HASHED_AT_ONCE = 1 << 22  # values converted to float32 at a time


class WeightsFile(Mapping[str, Any]):
    """Name → tensor. Floating-point tensors are float32 when they are loaded, as in open_clip."""

    def __init__(self, path: Path) -> None:
        """Maps the file. Raises ValueError if it is not a .safetensors file, OSError."""
        self._bytes = np.memmap(path, np.uint8, "r")
        if len(self._bytes) < 8:
            raise ValueError(f"{path} is not a .safetensors file")
        (length,) = struct.unpack("<Q", self._bytes[:8].tobytes())
        if length > min(LONGEST_HEADER, len(self._bytes) - 8):
            raise ValueError(f"{path} is not a .safetensors file")
        self._start = 8 + length
        header = json.loads(self._bytes[8 : self._start].tobytes())
        header.pop("__metadata__", None)
        self._header: dict[str, dict[str, Any]] = header
        self._wide: dict[str, npt.NDArray[np.float32]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._header)

    def __len__(self) -> int:
        return len(self._header)

    def __getitem__(self, name: str) -> Any:
        """float32 tensors as they lie in the file; narrower ones as `Widened` or converted."""
        stored = self._stored(name)
        dtype = self._header[name]["dtype"]
        if dtype not in FLOATS or dtype == "F32":
            return stored
        if stored.ndim == 2 and stored.shape[0] > 8 * stored.shape[1]:
            return Widened(stored, dtype)  # an embedding, of which few rows are used
        if name not in self._wide:
            self._wide[name] = _wide(stored, dtype)
        return self._wide[name]

    def sha256(self) -> str:
        """What archive.models.weights says of a model that holds exactly these tensors."""
        digest = hashlib.sha256()
        for name in sorted(self._header):
            stored = self._stored(name)
            dtype = self._header[name]["dtype"]
            is_float = dtype in FLOATS
            torch_name = "float32" if is_float else TORCH_NAMES.get(dtype, "bool")
            digest.update(f"{name} torch.{torch_name} {stored.shape}\n".encode())
            flat = stored.reshape(-1)
            for start in range(0, flat.size, HASHED_AT_ONCE):
                part = flat[start : start + HASHED_AT_ONCE]
                digest.update(np.ascontiguousarray(_wide(part, dtype) if is_float else part).data)
        return digest.hexdigest()

    def _stored(self, name: str) -> npt.NDArray[Any]:
        """Raises KeyError, and ValueError where the header points outside the file."""
        entry = self._header[name]
        begin, end = entry["data_offsets"]
        part = np.asarray(self._bytes[self._start + begin : self._start + end])
        tensor: npt.NDArray[Any] = part.view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
        return tensor


class Widened:
    """A tensor in half precision, converted row by row as it is indexed."""

    def __init__(self, stored: npt.NDArray[Any], dtype: str) -> None:
        self._stored = stored
        self._dtype = dtype
        self.shape = stored.shape

    def __getitem__(self, rows: Any) -> npt.NDArray[np.float32]:
        return _wide(self._stored[rows], self._dtype)


def _wide(values: npt.NDArray[Any], dtype: str) -> npt.NDArray[np.float32]:
    """Values as stored → float32."""
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    if dtype == "F8_E4M3":
        float8: npt.NDArray[np.float32] = _float8_values()[values]
        return float8
    return values.astype(np.float32, copy=False)


@functools.cache
def _float8_values() -> npt.NDArray[np.float32]:
    """What each byte is as F8_E4M3 (torch.float8_e4m3fn): subnormals, no infinity, two NaNs."""
    codes = np.arange(256)
    exponents = codes >> 3 & 15
    mantissas = codes & 7
    sizes = np.where(exponents, 8 + mantissas, mantissas) * 2.0 ** (np.maximum(exponents, 1) - 10)
    sizes[codes & 127 == 127] = np.nan
    signed: npt.NDArray[np.float32] = np.where(codes & 128, -sizes, sizes).astype(np.float32)
    return signed
