"""Damaged rows that a command left out: told once, at its end."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

from archive.errors import DamagedRow
from cli.shared.output import plural, say

LISTED = 5  # ids named in the message


@contextlib.contextmanager
def damaged_rows() -> Iterator[set[int]]:
    """→ the ids of rows that are left out from now on; they are told when the block ends."""
    ids: set[int] = set()

    def collect(message: Warning | str, *_: Any, **__: Any) -> None:
        """Called by Python for each warning that is not ignored."""
        if isinstance(message, DamagedRow):
            ids.add(message.image_id)

    warnings.simplefilter("always", DamagedRow)
    with contextlib.ExitStack() as restore:
        restore.callback(setattr, warnings, "showwarning", warnings.showwarning)
        warnings.showwarning = collect
        yield ids
    if ids:
        listed = ", ".join(map(str, sorted(ids)[:LISTED])) + ", …" * (len(ids) > LISTED)
        images = plural(len(ids), "image")
        message = f"records of {images} are damaged and left out ({listed}); run `coldframe verify`"
        say(f"coldframe: {message}", err=True)
