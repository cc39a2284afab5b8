"""Which file system a path is on. A drive that is away is offline, not deleted; mounted at another
path, it is the same drive.

    path  →  Volume(marker, label, root)  +  path relative to root  +  stamp

The root is the mount point. The marker is

    uuid:UUID[/folder]       where the system knows the file system's UUID (/dev/disk/by-uuid)
    share:SOURCE[/folder]    of a network file system: //server/share
    mount:ROOT               else

`/folder` is the part of the file system that is mounted, if that is not all of it: two bind mounts,
subvolumes or shares of one drive are two volumes, though their relative paths be the same. Nothing
is ever written to a drive in order to recognize it. Images that are not files are on MEMORY, a
volume that is never mounted.

A file is unchanged, and not read, if its size, its mtime *and* its ctime are what they were, and
its inode where that lasts: no program can set a ctime back, and a file that is moved into another's
place brings its own. In doubt a file is read: that costs a digest, and one taken for unchanged that
is not costs a picture. So files are read once more whose ctime is unknown (archives before 0004),
or that chmod or a hard link touched. FAT, exFAT and network file systems number their files anew at
each mount: there inodes are not compared.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from archive.ingest.mounts import Mount, mount_of
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
    has_lasting_inodes: bool = True


MEMORY = Volume("memory:", "memory", "memory:")


def volume_of(directory: str) -> Volume:
    """Absolute, resolved directory → its volume."""
    mount = mount_of(directory)
    label = os.path.basename(mount.point) or mount.point
    return Volume(_marker(mount), label, mount.point, mount.has_lasting_inodes)


def is_mounted(marker: str, root: str) -> bool:
    """Whether the volume that was last mounted at `root` is mounted there now."""
    with contextlib.suppress(OSError):
        return volume_of(root).marker == marker
    return False


def is_gone(path: str) -> bool:
    """Whether there is nothing at a path; not where its folder cannot be looked into."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


class Places:
    """Paths → places, for one run; each volume is recorded when it is first met."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes
        self._volume_of = lru_cache(maxsize=4096)(volume_of)  # the next run may see other drives
        self._ids: dict[str, int] = {}  # by marker
        self._met: dict[int, Volume] = {}  # by id

    def of_file(self, path: str, stamp: FileStamp | None) -> Place:
        """Absolute path → its place."""
        volume = self._volume_of(os.path.dirname(path))
        volume_id = self._id_of(volume)
        self._met.setdefault(volume_id, volume)
        if stamp is not None and not volume.has_lasting_inodes:
            stamp = replace(stamp, inode=None)
        return Place(volume_id, os.path.relpath(path, volume.root), stamp or UNKNOWN)

    def meet(self, folders: Iterable[str]) -> None:
        """Records the volumes of absolute, resolved folders, whether they hold files or not."""
        for folder in folders:
            self.of_file(os.path.join(folder, "."), None)

    @property
    def met(self) -> list[int]:
        """Ids of the volumes that this run has met."""
        return list(self._met)

    def root_of(self, volume_id: int) -> str | None:
        """Where this run met a volume; None if it has not."""
        return self._met[volume_id].root if volume_id in self._met else None

    def in_memory(self, name: str) -> Place:
        """The name of an image in memory → its place."""
        return Place(self._id_of(MEMORY), name, UNKNOWN)

    def is_vacant(self, place: Place) -> bool:
        """Whether the place no longer exists, as far as this run can tell: its volume is here."""
        volume = self._met.get(place.volume_id)
        if volume is None or not is_gone(os.path.join(volume.root, place.path)):
            return False
        return is_mounted(volume.marker, volume.root)  # it may have left during the run

    def _id_of(self, volume: Volume) -> int:
        if volume.marker not in self._ids:
            self._ids[volume.marker] = self._volumes.see(
                marker=volume.marker, label=volume.label, root=volume.root
            )
        return self._ids[volume.marker]


def _marker(mount: Mount) -> str:
    folder = "" if mount.root == "/" else mount.root
    uuid = _uuid_of(_device(mount))
    if uuid:
        return f"uuid:{uuid}{folder}"
    if mount.is_network:
        return f"share:{mount.source}{folder}"
    return f"mount:{mount.point}"


def _device(mount: Mount) -> int:
    """The block device: btrfs gives each subvolume a number of its own, which no UUID has."""
    with contextlib.suppress(OSError):
        status = os.stat(mount.source)
        if stat.S_ISBLK(status.st_mode):
            return status.st_rdev
    return os.stat(mount.point).st_dev


def _uuid_of(device: int) -> str | None:
    with contextlib.suppress(OSError):
        for link in BY_UUID.iterdir():
            if os.stat(link).st_rdev == device:
                return link.name
    return None
