"""The library: a cold-storage archive for image collections. `import coldframe` re-exports its
public names.

    in    file ─imaging─► pixels ─┬─encoder──► vector ─codec─► clip_code ──┬─store─► ROW ─► index
                                  └─color map ──────────────► color_code ──┘
    ask   words | image ─encoder─► query ─index─► ids ─store─► hits
    out   ROW ─codec─► vector_hat, colors_hat ─decoder─► pixels + provenance

Imports point one way: errors settings arrays metrics records · codecs filters · imaging models
store · index originals · ingest recode restore · selection near_duplicates · preserve evaluate ·
archive · demo · cli.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.codecs import Codec, CodecConfig, fit_codec, load_codec, open_codec, save_codec
    from archive.errors import (
        ArchiveLocked,
        BadCode,
        ColdframeError,
        ModelMismatch,
        ModelMissing,
        NoArchive,
        NotFound,
        UnknownCodec,
        Unreadable,
        UsageError,
    )
    from archive.evaluate.audit import Audited
    from archive.evaluate.stats import Stats
    from archive.filters import Filters
    from archive.filters.samples import SampleSize
    from archive.index.hits import Hit
    from archive.index.queries import Combination, Query
    from archive.ingest.outcomes import (
        Archived,
        Duplicate,
        Ignored,
        Moved,
        Outcome,
        Skipped,
        Unchanged,
    )
    from archive.ingest.rules import ScanRules
    from archive.models.device import DeviceConfig
    from archive.models.sampling import Sampling
    from archive.recode.run import Recoded
    from archive.records import Damage, Row, SkippedRecord
    from archive.restore.detail_run import DetailOutcome, DetailStatus
    from archive.restore.run import Restored
    from archive.restore.seed_choice import SeedChosen
    from archive.selection import VolumeStatus
    from archive.settings import Settings

    __version__: str

_MODULES = {
    "Archive": "archive.archive",
    "ArchiveLocked": "archive.errors",
    "Archived": "archive.ingest.outcomes",
    "Audited": "archive.evaluate.audit",
    "BadCode": "archive.errors",
    "Codec": "archive.codecs",
    "CodecConfig": "archive.codecs",
    "ColdframeError": "archive.errors",
    "Combination": "archive.index.queries",
    "Damage": "archive.records",
    "DetailOutcome": "archive.restore.detail_run",
    "DetailStatus": "archive.restore.detail_run",
    "DeviceConfig": "archive.models.device",
    "Duplicate": "archive.ingest.outcomes",
    "Filters": "archive.filters",
    "Hit": "archive.index.hits",
    "Ignored": "archive.ingest.outcomes",
    "ModelMismatch": "archive.errors",
    "ModelMissing": "archive.errors",
    "Moved": "archive.ingest.outcomes",
    "NoArchive": "archive.errors",
    "NotFound": "archive.errors",
    "Outcome": "archive.ingest.outcomes",
    "Query": "archive.index.queries",
    "Recoded": "archive.recode.run",
    "Restored": "archive.restore.run",
    "Row": "archive.records",
    "SampleSize": "archive.filters.samples",
    "Sampling": "archive.models.sampling",
    "ScanRules": "archive.ingest.rules",
    "SeedChosen": "archive.restore.seed_choice",
    "Settings": "archive.settings",
    "Skipped": "archive.ingest.outcomes",
    "SkippedRecord": "archive.records",
    "Stats": "archive.evaluate.stats",
    "Unchanged": "archive.ingest.outcomes",
    "UnknownCodec": "archive.errors",
    "Unreadable": "archive.errors",
    "UsageError": "archive.errors",
    "VolumeStatus": "archive.selection",
    "fit_codec": "archive.codecs",
    "load_codec": "archive.codecs",
    "open_codec": "archive.codecs",
    "save_codec": "archive.codecs",
}
__all__ = [
    "Archive",
    "ArchiveLocked",
    "Archived",
    "Audited",
    "BadCode",
    "Codec",
    "CodecConfig",
    "ColdframeError",
    "Combination",
    "Damage",
    "DetailOutcome",
    "DetailStatus",
    "DeviceConfig",
    "Duplicate",
    "Filters",
    "Hit",
    "Ignored",
    "ModelMismatch",
    "ModelMissing",
    "Moved",
    "NoArchive",
    "NotFound",
    "Outcome",
    "Query",
    "Recoded",
    "Restored",
    "Row",
    "SampleSize",
    "Sampling",
    "ScanRules",
    "SeedChosen",
    "Settings",
    "Skipped",
    "SkippedRecord",
    "Stats",
    "Unchanged",
    "UnknownCodec",
    "Unreadable",
    "UsageError",
    "VolumeStatus",
    "__version__",
    "fit_codec",
    "load_codec",
    "open_codec",
    "save_codec",
]


def __getattr__(name: str) -> Any:
    """Imports public names on first use, so that `coldframe --help` does not wait for numpy."""
    from importlib import import_module, metadata

    if name == "__version__":
        return metadata.version("coldframe")
    if name not in _MODULES:
        raise AttributeError(f"module 'archive' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
