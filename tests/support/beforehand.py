"""What the fork of a command does before it becomes the command (forked.py)."""

from __future__ import annotations

import ctypes
import subprocess
from dataclasses import replace

NEW_MOUNT_NAMESPACE = 0x00020000  # CLONE_NEWNS of Linux's <sched.h>
CANNOT_MOUNT = 99  # exit code of no command
MOUNT = 'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'
FEW_STEPS = 2


def nothing() -> None:
    """Most commands run as they are."""


def hurry() -> None:
    """Gives the pocket pair a few sampler steps, where it does not matter how good images are."""
    from archive.models.pairs import PAIRS

    pocket = PAIRS["pocket"]
    PAIRS["pocket"] = replace(pocket, sampling=replace(pocket.sampling, steps=FEW_STEPS))


def mount_read_only(folder: str) -> None:
    """Makes a folder read-only for this process, or ends it with CANNOT_MOUNT."""
    unshared = ctypes.CDLL(None).unshare(NEW_MOUNT_NAMESPACE) == 0
    if not unshared or subprocess.run(["sh", "-c", MOUNT, folder], check=False).returncode != 0:
        raise SystemExit(CANNOT_MOUNT)
