"""Raw files of cameras are archived by their preview at full size, never by a thumbnail."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from archive.errors import Unreadable
from archive.imaging.decode import DecodeOptions, decode_picture

OPTIONS = DecodeOptions(64)
SHORT, LONG, BYTE = 3, 4, 1


def directory(entries: list[tuple[int, int, int, int]]) -> bytes:
    packed = b"".join(struct.pack("<HHLL", *entry) for entry in sorted(entries))
    return struct.pack("<H", len(entries)) + packed + b"\0\0\0\0"


def dng(orientation: int = 1) -> bytes:
    """A DNG with a sensor of 960 × 640, red at the left, and a thumbnail of 16 × 12, green."""
    thumbnail = bytes([30, 200, 30]) * (16 * 12)
    sensor = np.full((640, 960), 2000, np.uint16)
    sensor[0::2, 0::2] = 30_000  # the red samples of RGGB
    first = [
        *((254, LONG, 1, 1), (256, LONG, 1, 16), (257, LONG, 1, 12), (258, SHORT, 3, 800)),
        *((259, SHORT, 1, 1), (262, SHORT, 1, 2), (273, LONG, 1, 1000), (277, SHORT, 1, 3)),
        *((274, SHORT, 1, orientation), (278, LONG, 1, 12), (279, LONG, 1, len(thumbnail))),
        *((330, LONG, 1, 500), (0xC612, BYTE, 4, 0x00000401)),
    ]
    second = [
        *((254, LONG, 1, 0), (256, LONG, 1, 960), (257, LONG, 1, 640), (258, SHORT, 1, 16)),
        *((259, SHORT, 1, 1), (262, SHORT, 1, 32803), (273, LONG, 1, 2000), (277, SHORT, 1, 1)),
        *((278, LONG, 1, 640), (279, LONG, 1, sensor.nbytes)),
        *((0x828D, SHORT, 2, 0x00020002), (0x828E, BYTE, 4, 0x02010100)),
    ]
    content = (b"II*\0\x08\0\0\0" + directory(first)).ljust(500, b"\0")
    content = (content + directory(second)).ljust(800, b"\0") + struct.pack("<HHH", 8, 8, 8)
    return (content.ljust(1000, b"\0") + thumbnail).ljust(2000, b"\0") + sensor.tobytes()


def test_the_sensor_is_developed_where_there_is_only_a_thumbnail() -> None:
    pytest.importorskip("rawpy")
    picture = decode_picture(io.BytesIO(dng()), OPTIONS)
    assert (picture.width, picture.height, picture.format) == (960, 640, "RAW")
    assert picture.pixels.shape == (160, 240, 3)  # of 320 × 480, half the sensor's
    assert picture.pixels[..., 0].mean() > 100  # the thumbnail is green


def test_a_turned_raw_file_is_upright() -> None:
    pytest.importorskip("rawpy")
    picture = decode_picture(io.BytesIO(dng(orientation=6)), OPTIONS)
    assert (picture.width, picture.height) == (640, 960)
    assert picture.pixels.shape[0] > picture.pixels.shape[1]


@pytest.mark.parametrize(
    "content",
    [
        dng(),
        b"II*\0\x10\0\0\0CR\x02\0" + bytes(99),
        b"\0\0\0\x18ftypcrx " + bytes(99),
        b"FUJIFILMCCD-RAW 0201" + bytes(99),
        b"IIRO" + bytes(99),
        b"IIU\0" + bytes(99),
    ],
)
def test_without_rawpy_the_ledger_says_what_to_install(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(Unreadable, match=r"unsupported: RAW: install coldframe\[raw\]"):
        decode_picture(io.BytesIO(content), OPTIONS)


def test_a_damaged_raw_file_is_unreadable() -> None:
    pytest.importorskip("rawpy")
    with pytest.raises(Unreadable, match="unreadable: RAW"):
        decode_picture(io.BytesIO(b"FUJIFILMCCD-RAW 0201" + bytes(999)), OPTIONS)


def test_a_tiff_with_pages_is_no_raw_file() -> None:
    file = io.BytesIO()
    page = Image.new("RGB", (96, 64), "red")
    page.save(file, "TIFF", save_all=True, append_images=[page])
    assert decode_picture(io.BytesIO(file.getvalue()), OPTIONS).format == "TIFF"
