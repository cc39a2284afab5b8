"""Rows from one codec to another, in batches.

    reference (the original if it can be seen, else the old codes) ─new codec─► codes ─decoded,
    compared─► commit

A row keeps its old codes until its new ones have been decoded and compared with what was encoded.
An interrupted run resumes with the remaining rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from archive.arrays import cosine
from archive.codecs import Codec
from archive.errors import BadCode
from archive.originals import Reference, ReferenceSource
from archive.records import NewCodes, Row
from archive.store import Store

BATCH = 256  # rows per transaction
MIN_COSINE = (
    0.0  # of a decoded vector to the one that was encoded; below it the code is considered wrong
)


@dataclass(frozen=True)
class Recoded:
    """A row with new codes: what they were made from, and what they cost."""

    id: int
    from_original: bool
    cosine: float  # of the vector that was encoded and the one its code decodes to
    bits_before: int
    bits_after: int


class Recode:
    """One run, to one codec."""

    def __init__(
        self,
        store: Store,
        references: ReferenceSource,
        codec_id: int,
        codec: Codec,
        *,
        same_codes: bool = False,
    ) -> None:
        """`same_codes`: the new codec decodes the old one's codes, only better."""
        self._store = store
        self._references = references
        self._codec_id = codec_id
        self._codec = codec
        self._same_codes = same_codes

    def run(self, rows: Iterable[Row], *, dry_run: bool = False) -> Iterator[Recoded]:
        """Every row → what became of it, once it is committed; `dry_run` writes nothing.

        Raises BadCode for a code that fails verification; its batch keeps the old codes.
        """
        remaining = iter(rows)
        while batch := list(islice(remaining, BATCH)):
            references = self._references(batch, self._codec.map_side)
            codes, recoded = self._encode(batch, references)
            if not dry_run:
                self._store.images.recode(self._codec_id, codes)
            yield from recoded

    def _encode(
        self, rows: Sequence[Row], references: Sequence[Reference]
    ) -> tuple[list[NewCodes], list[Recoded]]:
        vectors = np.stack([reference.vector for reference in references])
        if self._same_codes:
            clip_codes = [row.clip_code for row in rows]
            color_codes = [row.color_code for row in rows]
        else:
            maps = np.stack([reference.color_map for reference in references])
            clip_codes, color_codes = self._codec.encode(vectors, maps)
        vectors_hat, _ = self._codec.decode(clip_codes, color_codes)
        cosines = cosine(vectors, vectors_hat)
        if not (cosines > MIN_COSINE).all():
            worst = rows[int(cosines.argmin())].id
            raise BadCode(
                f"recoding image {worst} with {self._codec.name} failed verification; "
                "its codes are unchanged"
            )
        codes = [
            NewCodes(row, clip_code, color_code)
            for row, clip_code, color_code in zip(rows, clip_codes, color_codes, strict=True)
        ]
        recoded = [
            Recoded(
                id=row.id,
                from_original=reference.from_original,
                cosine=float(similarity),
                bits_before=_bits(row.clip_code, row.color_code),
                bits_after=_bits(new.clip_code, new.color_code),
            )
            for row, reference, similarity, new in zip(
                rows, references, cosines, codes, strict=True
            )
        ]
        return codes, recoded


def _bits(clip_code: bytes, color_code: bytes) -> int:
    return 8 * (len(clip_code) + len(color_code))
