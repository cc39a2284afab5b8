"""What passes between workers.py and worker.py: a header as JSON, and bytes.

    length of the header, 4 bytes · length of the bytes, 8 bytes · header · bytes     (big-endian)

No pickle: a worker reads files that may be made to take it over, so nothing it sends is executed.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

import numpy as np

from archive.imaging.decode import Picture
from archive.records import Capture, Flag

PREFIX = struct.Struct(">IQ")
LONGEST_HEADER = 1 << 20  # bytes
LONGEST_BODY = 1 << 32
Message = tuple[dict[str, Any], bytes]


def send(stream: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Writes a message."""
    text = json.dumps(header).encode()
    stream.write(PREFIX.pack(len(text), len(body)) + text)
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO) -> Message:
    """Reads a message. Raises EOFError at the end of the stream, and ValueError for nonsense."""
    header_length, body_length = PREFIX.unpack(_exactly(stream, PREFIX.size))
    if header_length > LONGEST_HEADER or body_length > LONGEST_BODY:
        raise ValueError("a message is longer than any can be")
    header = json.loads(_exactly(stream, header_length))
    if not isinstance(header, dict):
        raise ValueError("a message has no header")
    return header, _exactly(stream, body_length)


def facts_of(picture: Picture) -> dict[str, Any]:
    """A picture without its pixels → a header."""
    taken = picture.taken_at
    return {
        "shape": picture.pixels.shape,
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "taken_at": taken and taken.isoformat(),
        "flags": int(picture.flags),
        "capture": asdict(picture.capture),
    }


def picture_of(message: Message) -> Picture:
    """A message of `facts_of` and the pixels' bytes → the picture. Raises ValueError."""
    facts, pixels = message
    taken = facts["taken_at"]
    return Picture(
        pixels=np.frombuffer(pixels, np.uint8).reshape(facts["shape"]),
        width=int(facts["width"]),
        height=int(facts["height"]),
        format=str(facts["format"]),
        taken_at=taken and datetime.fromisoformat(taken),
        flags=Flag(facts["flags"]),
        capture=_capture(**facts["capture"]),
    )


def _capture(*, camera: Any, latitude_e5: Any, longitude_e5: Any) -> Capture:
    """Raises ValueError."""
    place = [None if part is None else int(part) for part in (latitude_e5, longitude_e5)]
    return Capture(None if camera is None else str(camera), *place)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise EOFError("the other process has ended")
    return content
