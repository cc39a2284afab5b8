"""What can be archived: files and images in memory. Both have a digest and decode to a Picture."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Protocol

from archive.imaging.decode import Picture
from archive.imaging.files import digest_of
from archive.imaging.memory import ImageInput, MemoryImage, memory_image
from archive.imaging.workers import Workers
from archive.ingest.volumes import MEMORY
from archive.records import FileStamp, Place


class Input(Protocol):
    """Something to archive, at a place."""

    path: str  # what outcomes call it
    place: Place
    can_move: bool  # whether it may be an archived file at another path

    def digest(self) -> tuple[bytes, FileStamp]:
        """→ SHA-256 (32 bytes), and the stamp of what it was computed from. Raises Unreadable."""

    def load(self, stamp: FileStamp, workers: Workers, *, at_least: int) -> Picture:
        """→ Picture with `at_least` pixels on the short side, where the original has them.

        Files are decoded by `workers`. Raises Unreadable, also if it no longer has this stamp.
        """


class FileInput:
    """A file."""

    can_move = True

    def __init__(self, path: str, place: Place, *, keep_truncated: bool) -> None:
        self.path = path
        self.place = place
        self._keep_truncated = keep_truncated

    def digest(self) -> tuple[bytes, FileStamp]:
        """As Input.digest; the file is read in pieces."""
        return digest_of(Path(self.path))

    def load(self, stamp: FileStamp, workers: Workers, *, at_least: int) -> Picture:
        """As Input.load."""
        path = Path(self.path)
        keep = self._keep_truncated
        return workers.decode(path, at_least=at_least, unchanged=stamp, keep_truncated=keep)


class UploadInput:
    """A file that is about to go: of its place only the name remains, as of an image in memory."""

    can_move = False

    def __init__(self, file: Path, place: Place) -> None:
        self.path = f"{MEMORY.root}/{place.path}"
        self.place = place
        self._file = file

    def digest(self) -> tuple[bytes, FileStamp]:
        """As Input.digest; the file is read in pieces."""
        return digest_of(self._file)

    def load(self, stamp: FileStamp, workers: Workers, *, at_least: int) -> Picture:
        """As Input.load."""
        return workers.decode(self._file, at_least=at_least, unchanged=stamp)


class MemoryInput:
    """An image without a file: encoded bytes, an array or a Pillow image."""

    can_move = False

    def __init__(self, image: ImageInput, place: Place) -> None:
        self.path = f"{MEMORY.root}/{place.path}"
        self.place = place
        self._image = image

    def digest(self) -> tuple[bytes, FileStamp]:
        """As Input.digest, of the bytes of the file that the image would be."""
        content = self._encoded.content
        return hashlib.sha256(content).digest(), FileStamp(len(content), 0)

    def load(self, stamp: FileStamp, workers: Workers, *, at_least: int) -> Picture:
        """As Input.load, in this process."""
        return self._encoded.decode(at_least=at_least)

    @cached_property
    def _encoded(self) -> MemoryImage:
        return memory_image(self._image)
