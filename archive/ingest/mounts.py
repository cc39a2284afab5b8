"""What is mounted where, as Linux tells it (proc_pid_mountinfo(5)).

    36 35 98:0 /photos /mnt/drive rw,noatime - ext4 /dev/sdb1 rw
               4 root  5 point                 type source      (\\040 and the like are octal)

The root is the folder of the file system that is seen at the mount point: `/`, or what a bind mount
or a subvolume shows. Other systems tell no roots; a mount point then is where the device changes.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")
ROOT, POINT = 3, 4  # fields of a line, from 0
SEPARATOR = "-"  # before the type and the source
NETWORK = frozenset({"cifs", "smb3", "smbfs", "nfs", "nfs4", "9p", "fuse.sshfs", "fuse.rclone"})
NUMBERED_ANEW = NETWORK | frozenset({"vfat", "msdos", "exfat", "fuseblk", "fuse", "overlay"})


@dataclass(frozen=True)
class Mount:
    """A folder of a file system, and where it is seen."""

    point: str  # absolute path
    root: str = "/"  # of what is seen, within the file system
    kind: str = ""  # ext4, cifs … ; '' if unknown
    source: str = ""  # a device, //server/share … ; '' if unknown

    @property
    def is_network(self) -> bool:
        """Whether the source names a share, on whichever machine it is."""
        return self.kind in NETWORK

    @property
    def has_lasting_inodes(self) -> bool:
        """Whether a file keeps its inode when the file system is mounted again."""
        return self.kind not in NUMBERED_ANEW


def mount_of(directory: str) -> Mount:
    """Absolute, resolved directory → the mount that it is seen through."""
    try:
        lines = os.fsdecode(MOUNTINFO.read_bytes()).split("\n")
    except OSError:
        return Mount(_mount_point(directory))
    nearest = Mount(_mount_point(directory))
    length = 0
    for mount in map(_parsed, filter(None, lines)):
        # Of several mounts at one point the last one is seen.
        if _is_below(directory, mount.point) and len(mount.point) >= length:
            length = len(mount.point)
            nearest = mount
    return nearest


def _parsed(line: str) -> Mount:
    fields = line.split(" ")
    kind, source = fields[fields.index(SEPARATOR) + 1 :][:2]
    return Mount(_unescaped(fields[POINT]), _unescaped(fields[ROOT]), kind, _unescaped(source))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _is_below(path: str, folder: str) -> bool:
    return folder in ("/", path) or path.startswith(folder + "/")


def _mount_point(directory: str) -> str:
    point = directory
    while not os.path.ismount(point) and os.path.dirname(point) != point:
        point = os.path.dirname(point)
    return point
