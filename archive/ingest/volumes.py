"""Which file system a path lies on. A drive that is away is offline, not deleted; mounted elsewhere, it is the same.

    path  →  Volume(marker, label, root)  +  path relative to root

The root is the mount point. The marker is the file system's UUID where the system tells it (/dev/disk/by-uuid), else
the mount point itself. Nothing is ever written to a drive of originals to recognise it.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

BY_UUID = Path("/dev/disk/by-uuid")


@dataclass(frozen=True)
class Volume:
    """A mounted file system."""

    marker: str
    label: str
    root: str


@lru_cache(maxsize=4096)
def volume_of(directory: str) -> Volume:
    """Absolute, resolved directory → its volume."""
    root = directory
    while not os.path.ismount(root) and os.path.dirname(root) != root:
        root = os.path.dirname(root)
    uuid = _uuid_of(os.stat(root).st_dev)
    return Volume(f"uuid:{uuid}" if uuid else f"mount:{root}", os.path.basename(root) or root, root)


def is_mounted(marker: str, root: str) -> bool:
    """Whether the volume last mounted at `root` is there now."""
    with contextlib.suppress(OSError):
        return volume_of.__wrapped__(root).marker == marker
    return False


def _uuid_of(device: int) -> str | None:
    with contextlib.suppress(OSError):
        for link in BY_UUID.iterdir():
            if os.stat(link).st_rdev == device:
                return link.name
    return None
