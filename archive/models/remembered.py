"""What is remembered in the user's cache, so that it need not be found out again.

A digest over 600 MB takes a second, and finding a tag's file takes open_clip, and so torch. Both
are remembered in the user's cache, a file of JSON for each: deleting it loses nothing. A digest is
believed only while path, size, time of modification, time of status change and inode are all what
they were, and the file had been left alone for SETTLED_SECONDS when it was read: otherwise it is
computed again. Whoever can write to the user's cache can write to the models as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from archive.models.pairs import Pair
from archive.settings import cache_folder

SETTLED_SECONDS = 2.0  # a file that changed within them may change again within one tick
NAME_LENGTH = 32  # hexadecimal digits of the SHA-256 of what is remembered


def remembered_sha256(path: Path) -> str | None:
    """The weights' digest, if the file is the one that `remember_sha256` saw."""
    known = recall(f"weights {path.absolute()}")
    stamp = _stamp(path)
    return str(known["sha256"]) if known and stamp and known.get("stamp") == stamp else None


def remember_sha256(path: Path, sha256: str) -> None:
    """Keeps the digest of the weights in a file; does nothing where there is no cache."""
    stamp = _stamp(path)
    if stamp and time.time() - max(stamp["mtime_ns"], stamp["ctime_ns"]) / 1e9 > SETTLED_SECONDS:
        keep(f"weights {path.absolute()}", {"stamp": stamp, "sha256": sha256})


def remembered_file(pair: Pair) -> tuple[Path, bool] | None:
    """The weights file that a model and its tag stood for, and whether QuickGELU is forced."""
    known = recall(f"file {pair.encoder} {pair.pretrained}")
    return (Path(known["path"]), bool(known["quick_gelu"])) if known else None


def remember_file(pair: Pair, path: Path, quick_gelu: bool) -> None:
    """Keeps what a model and its tag stand for."""
    facts = {"path": str(path), "quick_gelu": quick_gelu}
    keep(f"file {pair.encoder} {pair.pretrained}", facts)


def _stamp(path: Path) -> dict[str, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "ctime_ns": status.st_ctime_ns,
        "inode": status.st_ino,
        "device": status.st_dev,
    }


def _file(key: str) -> Path:
    name = hashlib.sha256(os.fsencode(key)).hexdigest()[:NAME_LENGTH]
    return cache_folder() / "models" / f"{name}.json"


def recall(key: str) -> dict[str, Any] | None:
    """What was kept under a key; None if nothing was, or the file is damaged."""
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        known = json.loads(_file(key).read_text("utf-8"))
        if isinstance(known, dict) and known.pop("key", None) == key:
            return known
    return None


def keep(key: str, facts: dict[str, Any]) -> None:
    """Keeps facts under a key, by atomic rename; does nothing where there is no cache."""
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        file = _file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f"{file.name}.{os.getpid()}")
        temporary.write_text(json.dumps({"key": key, **facts}), "utf-8")
        temporary.replace(file)
