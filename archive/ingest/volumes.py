"""Which file system a path is on. A drive that is away is offline, not deleted; mounted at another
path, it is the same drive.

    path  →  Volume(marker, label, root)  +  path relative to root

The root is the mount point. The marker is the file system's UUID if the system knows it
(/dev/disk/by-uuid), else the mount point. Nothing is ever written to a drive in order to recognize
it. Images that are not files are on MEMORY, a volume that is never mounted.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from archive.records import FileStamp, Place
from archive.store.volumes import Volumes

BY_UUID = Path("/dev/disk/by-uuid")
UNKNOWN = FileStamp(-1, -1)  # of a file without a status: equal to no file's stamp


@dataclass(frozen=True)
class Volume:
    """A mounted file system."""

    marker: str
    label: str
    root: str


MEMORY = Volume("memory:", "memory", "memory:")


@lru_cache(maxsize=4096)
def volume_of(directory: str) -> Volume:
    """Absolute, resolved directory → its volume."""
    root = directory
    while not os.path.ismount(root) and os.path.dirname(root) != root:
        root = os.path.dirname(root)
    uuid = _uuid_of(os.stat(root).st_dev)
    marker = f"uuid:{uuid}" if uuid else f"mount:{root}"
    return Volume(marker, os.path.basename(root) or root, root)


def is_mounted(marker: str, root: str) -> bool:
    """Whether the volume that was last mounted at `root` is mounted there now."""
    with contextlib.suppress(OSError):
        return volume_of.__wrapped__(root).marker == marker
    return False


class Places:
    """Paths → places, for one run; each volume is recorded when it is first met."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes
        self._ids: dict[str, int] = {}  # by marker
        self._roots: dict[int, str] = {}  # of the volumes met, by id

    def of_file(self, path: str, stamp: FileStamp | None) -> Place:
        """Absolute path → its place."""
        volume = volume_of(os.path.dirname(path))
        volume_id = self._id_of(volume)
        self._roots.setdefault(volume_id, volume.root)
        return Place(volume_id, os.path.relpath(path, volume.root), stamp or UNKNOWN)

    def in_memory(self, name: str) -> Place:
        """The name of an image in memory → its place."""
        return Place(self._id_of(MEMORY), name, UNKNOWN)

    def is_vacant(self, place: Place) -> bool:
        """Whether the place no longer exists, as far as this run can tell: its volume is here."""
        root = self._roots.get(place.volume_id)
        return root is not None and not os.path.lexists(os.path.join(root, place.path))

    def _id_of(self, volume: Volume) -> int:
        if volume.marker not in self._ids:
            self._ids[volume.marker] = self._volumes.see(
                marker=volume.marker, label=volume.label, root=volume.root
            )
        return self._ids[volume.marker]


def _uuid_of(device: int) -> str | None:
    with contextlib.suppress(OSError):
        for link in BY_UUID.iterdir():
            if os.stat(link).st_rdev == device:
                return link.name
    return None
