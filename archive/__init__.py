"""coldframe: a cold-storage archive for image collections.

    in    file ─images─► pixels ─┬─encoder──► vector ─codec─► clip_code ──┬─store─► ROW ─► index
                                 └─colormap──────────► color_code ────────┘
    ask   words | picture ─encoder─► query ─index─► ids ─store─► hits
    out   ROW ─codec─► vector_hat, colors_hat ─decoder─► pixels + provenance

    >>> from archive import Archive, Settings
    >>> with Archive(Settings("./coldframe")) as archive:
    ...     for outcome in archive.ingest(["photos"]):
    ...         print(outcome)
    ...     [hits] = archive.search(["a dog on the beach"])
    ...     pictures = list(archive.restore([hit.id for hit in hits], Path("restored")))

Imports point one way: errors settings · records codecs · images files volumes models store index provenance ·
ingest search restore · archive · cli.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.errors import ColdframeError
    from archive.index.search import Hit
    from archive.records import Damage, Stats
    from archive.restore.run import Restored
    from archive.settings import Settings

_HOMES = {
    "Archive": "archive.archive",
    "ColdframeError": "archive.errors",
    "Damage": "archive.records",
    "Hit": "archive.index.search",
    "Restored": "archive.restore.run",
    "Settings": "archive.settings",
    "Stats": "archive.records",
}
__all__ = ["Archive", "ColdframeError", "Damage", "Hit", "Restored", "Settings", "Stats"]


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used: `coldframe --help` must not wait for numpy."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'archive' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
