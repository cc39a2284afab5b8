"""Fitting a codec to the rows of an archive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archive.codecs import MIN_SAMPLE, Codec, PendingCodec, fit_codec
from archive.errors import UsageError
from archive.originals import ReferenceSource
from archive.records import Row

FIT_SAMPLE = 4096  # rows that wait before a codec is fitted to them


def fit_to_rows(
    pending: PendingCodec, references: ReferenceSource, rows: Sequence[Row], *, map_side: int
) -> Codec:
    """A codec fitted to the best vectors and maps known of these rows.

    Raises UsageError for fewer than MIN_SAMPLE rows.
    """
    if len(rows) < MIN_SAMPLE:
        raise UsageError(
            f"{pending.name} is fitted to at least {MIN_SAMPLE} images, there are {len(rows)}; "
            f"ingest more"
        )
    best_known = references(rows, map_side, cache=True)
    vectors = np.stack([reference.vector for reference in best_known])
    maps = np.stack([reference.color_map for reference in best_known])
    return fit_codec(pending.name, vectors, maps, bits=pending.bits, map_bits=pending.map_bits)
