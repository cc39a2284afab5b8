"""A codec row that somebody else wrote is refused or decodes; it never takes the machine along."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archive.codecs import Codec, load_codec, open_codec
from archive.codecs.coclico import coclico
from archive.codecs.coders.serialization import from_bytes, to_bytes
from archive.errors import ColdframeError, UnknownCodec
from archive.models.pairs import find_pair

GOLDEN = Path(__file__).parents[1] / "golden"
VALUES: tuple[Any, ...] = (
    10**18,
    10**6,
    -1,
    0,
    True,
    3.5,
    float("nan"),
    float("inf"),
    "x",
    None,
    [],
    {},
)
GOLDEN_NAMES = ("klt-books.npz", "klt-books-trellis.npz", "klt-modes.npz")
BOMB = """
import io, resource, zipfile
resource.setrlimit(resource.RLIMIT_DATA, (1 << 29, 1 << 29))
from archive.codecs.coders.serialization import from_bytes
from archive.errors import UnknownCodec
try:
    from_bytes(open({path!r}, "rb").read())
except UnknownCodec as error:
    print(error)
"""


def codecs() -> list[Codec]:
    """One without a state, one of each coder that has one."""
    shipped = Path(find_pair("pocket").codecs)
    fitted = [load_codec(shipped / name) for name in ("klt-60-20.npz", "clip-squares.npz")]
    golden = [load_codec(GOLDEN / name) for name in GOLDEN_NAMES]
    return [coclico(32, bits=2), *fitted, *golden]


@pytest.mark.parametrize("codec", codecs(), ids=lambda codec: codec.name)
def test_foreign_parameters_are_refused_or_decode(codec: Codec) -> None:
    codes = codec.encode_vectors(np.ones((2, codec.dimension), np.float32))
    for key in codec.parameters():
        for value in VALUES:
            with contextlib.suppress(ColdframeError):
                changed = {**codec.parameters(), key: value}
                open_codec(codec.name, changed, codec.state).decode_vectors(codes)


@pytest.mark.parametrize("codec", codecs()[1:], ids=lambda codec: codec.name)
def test_foreign_states_are_refused_or_decode(codec: Codec) -> None:
    codes = codec.encode_vectors(np.ones((2, codec.dimension), np.float32))
    arrays = from_bytes(codec.state)
    for name, array in arrays.items():
        others: list[Any] = [array[:0] if array.ndim else array, array.ravel()[:3], np.array("x")]
        for other in others:
            with contextlib.suppress(ColdframeError):
                state = to_bytes({**arrays, name: other})
                open_codec(codec.name, codec.parameters(), state).decode_vectors(codes)


def test_a_state_that_inflates_without_bound_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w") as file,
    ):
        for _ in range(1 << 10):
            file.write(bytes(1 << 20))
    assert bomb.stat().st_size < 4 << 20
    script = BOMB.format(path=str(bomb))
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert "inflates to more than 256 MiB" in run.stdout
    assert run.stderr == ""


def test_an_array_that_claims_to_be_larger_than_its_file_is_refused() -> None:
    header = io.BytesIO()
    description = {"descr": "<f4", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, description)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", header.getvalue() + bytes(64))
    with pytest.raises(UnknownCodec, match="larger than its file"):
        from_bytes(buffer.getvalue())
