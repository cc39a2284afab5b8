"""What decoders raise → Unreadable, with the reason for the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from archive.errors import Unreadable
from archive.imaging.formats import HEAD_BYTES, content_of

TRUNCATED = (  # in the messages of decoders
    "truncated",
    "unexpected end",
    "end of file",
    "premature",
    "not enough data",
    "unexpected eof",
)
UNSUPPORTED = (
    "unsupported",
    "not supported",
    "cannot handle",  # JPEG of 12 or 16 bits
    "unknown pixel mode",
    "unknown pcx mode",
    "unknown raw mode",
)


@contextlib.contextmanager
def decoder_errors(file: BinaryIO | None = None) -> Iterator[None]:
    """Turns whatever decoders raise on damaged files into Unreadable."""
    try:
        yield
    except Unreadable:
        raise
    except UnidentifiedImageError as error:
        raise _unidentified(file) from error
    except MemoryError as error:
        raise Unreadable("too-large", "decoding it takes more memory than is allowed") from error
    except Exception as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise Unreadable(_reason(detail), detail) from error


def means_truncated(detail: str) -> bool:
    """Whether a decoder's message says that bytes are missing at the end."""
    return any(phrase in detail.lower() for phrase in TRUNCATED)


def _unidentified(file: BinaryIO | None) -> Unreadable:
    """Why Pillow recognized nothing: another kind of file, or a damaged one."""
    unknown = Unreadable("not-an-image", "the content is in no known image format")
    if file is None:
        return unknown
    file.seek(0)
    name, is_read = content_of(file.read(HEAD_BYTES))
    if not name:
        return unknown
    if not is_read:
        return Unreadable("unsupported", f"{name}, a format that coldframe does not read")
    file.seek(0)
    detail = ""
    try:
        Image.OPEN[name][0](file, "")
    except Exception as error:  # Pillow keeps from its caller why a plugin refused
        detail = " ".join(str(error).split())
    if detail.isdigit():  # Pillow has no name for it
        return Unreadable("unsupported", f"{name} in compression {detail}, which is not read")
    if not detail or "not identified" in detail:
        detail = "its header is damaged or gives no size"
    reason = _reason(detail)
    if reason == "unsupported":
        return Unreadable(reason, f"{name} of a kind that coldframe does not read: {detail}")
    return Unreadable(reason, f"damaged {name}: {detail}")


def _reason(detail: str) -> str:
    """A decoder's message → the ledger's word."""
    if means_truncated(detail):
        return "truncated"
    is_unsupported = any(phrase in detail.lower() for phrase in UNSUPPORTED)
    return "unsupported" if is_unsupported else "unreadable"
