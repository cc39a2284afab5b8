"""What a restored file is called: `000012-holiday.restored.jpg`.

The row's id makes the name unique, and no name that Windows reserves (CON, NUL, COM1 …); the
original's name follows, if it is known, and what the file is. The name can be written wherever it
is copied to: it has at most LONGEST_NAME bytes of UTF-8, and nothing in it that Windows or a
terminal takes for something else.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

LONGEST_NAME = 255  # bytes; what Linux, macOS and Windows have in common
RESERVED = re.compile(r'[<>:"/\\|?*]')  # in Windows


def file_name(row_id: int, original_path: str, suffix: str) -> str:
    """12, `/pictures/holiday.png`, `.jpg` → `000012-holiday.restored.jpg`."""
    start = f"{row_id:06d}"
    end = f".restored{suffix}"
    original = _harmless(Path(original_path).stem)
    if not original:
        return start + end
    room = LONGEST_NAME - len(f"{start}-{end}")
    return f"{start}-{_cut(original, room)}{end}"


def _harmless(name: str) -> str:
    """Without what is no character (U+FFFD), reserved (_) or obeyed by a terminal (_)."""
    text = os.fsencode(name).decode("utf-8", "replace")
    shown = "".join(char if char.isprintable() or char.isspace() else "_" for char in text)
    return RESERVED.sub("_", re.sub(r"[^\S ]", "_", shown))


def _cut(text: str, room: int) -> str:
    """The beginning that fits so many bytes of UTF-8, cut between characters."""
    return text.encode()[:room].decode("utf-8", "ignore")
