"""An index on disk: rows are appended, and what has been written is not written again.

    codec-1.npz           stamp, runs, tail and the layout's arrays, replaced as a whole; a few kB,
                          and 256 · D bytes of axes where there are any
    codec-1.<name>.blocks complete blocks of 32 rows, as FAISS packs them, one after the other

A block never changes once it is complete, so that adding one picture rewrites only the .npz; the
rows of the last, incomplete block are its `tail`. An index that is built anew gets blocks of
another name, since others may have the old ones mapped. The .npz also has `blocks`, JSON: name,
number and CRC-32 of the complete blocks. `load` looks at sizes, and at the CRC-32s that an .npz
has; `is_intact` reads all of it.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
NAME_BYTES = 4  # of randomness in the name of the blocks
READ_AT_ONCE = 1 << 24  # bytes


@dataclass(frozen=True)
class Blocks:
    """The complete blocks in a file."""

    name: str = ""
    count: int = 0
    crc32: int = 0


def write(
    path: Path, saved: Blocks, packed: Bytes, *, complete: int, arrays: Mapping[str, Any]
) -> Blocks:
    """Appends the blocks that are not `saved` yet and replaces the .npz → the blocks now there.

    `packed`: all blocks, (count, bytes) uint8, of which `complete` are; the others are the tail.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name = saved.name or f"{path.stem}.{os.urandom(NAME_BYTES).hex()}.blocks"
    added = packed[saved.count : complete].tobytes()
    if added:
        with os.fdopen(os.open(path.with_name(name), os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
            file.seek(saved.count * packed.shape[1])
            file.write(added)
    blocks = Blocks(name, complete, zlib.crc32(added, saved.crc32))
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        facts = np.array(json.dumps(asdict(blocks)))
        np.savez(file, allow_pickle=False, blocks=facts, tail=packed[complete:], **arrays)
    temporary.replace(path)
    return blocks


def mapped(path: Path, blocks: Blocks, block_bytes: int) -> Bytes:
    """(count, block_bytes) uint8, mapped. Raises OSError, ValueError for a file that is too short.

    Also for a name that is none of ours: what is there would be written to.
    """
    if blocks.name and not re.fullmatch(rf"{re.escape(path.stem)}\.[0-9a-f]+\.blocks", blocks.name):
        raise ValueError(f"{blocks.name} is no part of {path}")
    if not blocks.count:
        return np.zeros((0, block_bytes), np.uint8)
    shape = (blocks.count, block_bytes)
    return np.memmap(path.with_name(blocks.name), np.uint8, "r", shape=shape)


def is_intact(path: Path, blocks: Blocks, block_bytes: int) -> bool:
    """Whether the blocks are what was written. Raises OSError."""
    if not blocks.count:
        return True
    crc32 = 0
    remaining = blocks.count * block_bytes
    with path.with_name(blocks.name).open("rb") as file:
        while part := file.read(min(READ_AT_ONCE, remaining)):
            crc32 = zlib.crc32(part, crc32)
            remaining -= len(part)
    return crc32 == blocks.crc32


def all_files(path: Path) -> list[Path]:
    """The .npz, and blocks of any name."""
    return [file for file in (path, *path.parent.glob(f"{path.stem}.*.blocks")) if file.is_file()]


def remove(path: Path) -> None:
    """Deletes all of an index; nothing is lost."""
    for file in all_files(path):
        file.unlink(missing_ok=True)


def identity(path: Path) -> tuple[int, int] | None:
    """Changes whenever the .npz is replaced; None if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
