"""Raw files of cameras: the preview in them, at full size. rawpy's door (extra `raw`).

A preview is what the camera would have saved as a JPEG. Where there is only a thumbnail, the sensor
is developed instead, at half its resolution.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from archive.errors import Unreadable

DNG_VERSION = 0xC612  # tags of TIFF
SUBFILE_TYPE = 254
SUB_DIRECTORIES = 330
REDUCED = 1  # bit of SUBFILE_TYPE: a smaller version of another image in the file
THUMBNAIL_SIDE = 640  # pixels; a longer side that is less makes it a thumbnail
TURNS = {  # LibRaw's flip → how Pillow turns the stored preview upright
    3: Image.Transpose.ROTATE_180,
    5: Image.Transpose.ROTATE_90,
    6: Image.Transpose.ROTATE_270,
}
ORIENTATION = 0x0112
MISSING = "RAW: install coldframe[raw]"


def is_raw_tiff(image: Image.Image) -> bool:
    """Whether a TIFF is a camera's raw file (DNG, NEF, ARW …), of which Pillow sees a thumbnail."""
    tags: Any = getattr(image, "tag_v2", {})
    is_thumbnail = bool(int(tags.get(SUBFILE_TYPE, 0)) & REDUCED)
    return DNG_VERSION in tags or (is_thumbnail and SUB_DIRECTORIES in tags)


def open_preview(file: BinaryIO) -> tuple[Image.Image, tuple[int, int]]:
    """A raw file → its picture, upright, and (width, height) of the photo, upright.

    Raises Unreadable without rawpy, and for a file that LibRaw cannot read.
    """
    try:
        import rawpy
    except ImportError as error:
        raise Unreadable("unsupported", MISSING) from error
    file.seek(0)
    try:
        with rawpy.imread(file) as raw:
            sizes = raw.sizes
            upright = (sizes.width, sizes.height)
            if sizes.flip in (5, 6):
                upright = (sizes.height, sizes.width)
            image = _preview(raw, rawpy)
            if image is None or max(image.size) < min(THUMBNAIL_SIDE, max(upright)):
                developed = raw.postprocess(use_camera_wb=True, half_size=True)
                image = Image.fromarray(
                    developed.squeeze(2) if developed.shape[2] == 1 else developed
                )
            return image, upright
    except rawpy.LibRawError as error:
        raise Unreadable("unreadable", f"RAW: {_text(error)}") from error


def _preview(raw: Any, rawpy: Any) -> Image.Image | None:
    """The largest embedded preview, upright; None if there is none."""
    try:
        thumb = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return None
    if thumb.format == rawpy.ThumbFormat.BITMAP:
        image: Image.Image = Image.fromarray(np.asarray(thumb.data))
    else:
        image = Image.open(io.BytesIO(thumb.data), formats=("JPEG",))
        image.load()
        if ORIENTATION in image.getexif():
            return image  # it says itself how it is turned
    turn = TURNS.get(raw.sizes.flip)
    return image if turn is None else image.transpose(turn)


def _text(error: Exception) -> str:
    text = error.args[0] if error.args else type(error).__name__
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
