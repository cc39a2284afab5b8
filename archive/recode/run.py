"""Rows from one codec to another, in batches.

    original, if it can be seen ─encoder─► vector, map ─┐
    else the old codes ────────────────► σ̂, map ────────┴─new codec─► codes ─decoded again─► one transaction

A row keeps its old codes until its new ones have been decoded again and compared. Stopped and started again, it goes on
with the rows that are left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec
from archive.errors import BadCode, Unreadable
from archive.imaging.decode import digest_of, load_picture
from archive.imaging.resize import to_square
from archive.models.encoder import Encoder
from archive.records import NewCodes, Row
from archive.store import Store

BATCH = 256  # rows a transaction
GREY = np.uint8(128)  # of rows that have no map
Vectors = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
LEAST_COSINE = (
    0.0  # of a code's vector to the one it was made from; below, the code is taken for wrong
)


@dataclass(frozen=True)
class Recoded:
    """A row with new codes: where they came from, and what they cost."""

    id: int
    from_original: bool
    cosine: float  # of the vector that was coded and the one its code decodes to
    bits_before: int
    bits_after: int


@dataclass(frozen=True)
class Reference:
    """The best that is known of a row: vector (D,), map (n, n, 3)."""

    vector: Vectors
    map: Pixels
    from_original: bool


class ReferenceSource:
    """Rows → what is best known of them."""

    def __init__(
        self, codecs: Mapping[int, Codec], encoder: Callable[[], Encoder] | None, *, side: int
    ) -> None:
        """`encoder()` opens the encoder; without one, originals are not looked at. `side` as for ingest."""
        self._codecs = codecs
        self._encoder = encoder
        self._side = side
        self._kept: dict[tuple[int, int], Reference] = {}

    def __call__(
        self, rows: Sequence[Row], map_side: int, *, keep: bool = False
    ) -> list[Reference]:
        """(n, n) maps with them; `keep` what is found until it is asked for again.

        Raises BadCode where codes are all there is and they do not decode.
        """
        new = [row for row in rows if (row.id, map_side) not in self._kept]
        known = dict(zip((row.id for row in new), self._look(new, map_side), strict=True))
        found = [
            known[row.id] if row.id in known else self._kept.pop((row.id, map_side)) for row in rows
        ]
        if keep:
            self._kept.update(
                {(row.id, map_side): one for row, one in zip(rows, found, strict=True)}
            )
        return found

    def _look(self, rows: Sequence[Row], map_side: int) -> list[Reference]:
        pixels = {row.id: one for row in rows if (one := self._pixels(row)) is not None}
        vectors: dict[int, Vectors] = {}
        if pixels and self._encoder is not None:
            encoder = self._encoder()
            prepared = [encoder.preprocess(one) for one in pixels.values()]
            vectors = dict(zip(pixels, encoder.encode_images(prepared), strict=True))
        side = max(map_side, 1)
        return [
            Reference(vectors[row.id], to_square(pixels[row.id], side), True)
            if row.id in vectors
            else self._decoded(row, side)
            for row in rows
        ]

    def _pixels(self, row: Row) -> Pixels | None:
        """The original, if it can be seen; None for rows that are as good as that."""
        if self._encoder is None or self._codecs[row.codec_id].is_pending:
            return None
        return original_pixels(row, at_least=self._side)

    def _decoded(self, row: Row, side: int) -> Reference:
        codec = self._codecs[row.codec_id]
        vector_hat, colors_hat = (one[0] for one in codec.decode([row.clip_code], [row.color_code]))
        return Reference(
            vector_hat,
            to_square(colors_hat, side) if codec.map_side else np.full((side, side, 3), GREY),
            False,
        )


class Recode:
    """One run."""

    def __init__(
        self,
        store: Store,
        sources: ReferenceSource,
        codec_id: int,
        codec: Codec,
        *,
        same_codes: bool = False,
    ) -> None:
        """`same_codes`: the new codec reads the old one's codes, only better."""
        self._store = store
        self._sources = sources
        self._codec_id = codec_id
        self._codec = codec
        self._same_codes = same_codes

    def run(self, rows: Iterable[Row], *, dry: bool = False) -> Iterator[Recoded]:
        """Every row → what became of it, once it is committed; `dry` writes nothing."""
        stream = iter(rows)
        while batch := list(islice(stream, BATCH)):
            known = self._sources(batch, self._codec.map_side)
            codes, recoded = self._coded(batch, known)
            if not dry:
                self._store.images.recode(self._codec_id, codes)
            yield from recoded

    def _coded(
        self, rows: Sequence[Row], known: Sequence[Reference]
    ) -> tuple[list[NewCodes], list[Recoded]]:
        vectors = np.stack([one.vector for one in known])
        clip_codes = [row.clip_code for row in rows]
        color_codes = [row.color_code for row in rows]
        if not self._same_codes:
            clip_codes, color_codes = self._codec.encode(
                vectors, np.stack([one.map for one in known])
            )
        vectors_hat, _ = self._codec.decode(clip_codes, color_codes)
        norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vectors_hat, axis=1)
        cosines = (vectors * vectors_hat).sum(axis=1) / np.maximum(norms, 1e-12)
        if not (cosines > LEAST_COSINE).all():
            worst = rows[int(cosines.argmin())].id
            raise BadCode(
                f"image {worst} would not survive {self._codec.name}: its old codes are kept"
            )
        codes = [
            NewCodes(r.id, r.codec_id, a, b)
            for r, a, b in zip(rows, clip_codes, color_codes, strict=True)
        ]
        return codes, [
            Recoded(
                r.id,
                k.from_original,
                float(c),
                _bits(r.clip_code, r.color_code),
                _bits(n.clip_code, n.color_code),
            )
            for r, k, c, n in zip(rows, known, cosines, codes, strict=True)
        ]


def original_pixels(row: Row, *, at_least: int) -> Pixels | None:
    """A row → its original, read as load_picture does, if it lies where it was seen and is what it was."""
    for path in map(Path, row.paths):
        with contextlib.suppress(Unreadable, OSError):
            if digest_of(path)[0] == row.sha256:
                return load_picture(path, at_least=at_least, keep_truncated=True).pixels
    return None


def _bits(clip_code: bytes, color_code: bytes) -> int:
    return 8 * (len(clip_code) + len(color_code))
