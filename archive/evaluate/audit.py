"""How well rows come back: they are drawn, looked at with the archive's own encoder, and scored. No file is kept.

    clip_similarity        cos(σ̂, CLIP(drawn))                    what the row says, and what was drawn from it
    original_similarity    cos(CLIP(original), CLIP(drawn))       where the original can still be seen
    original_color_score   mean (map(original) − map(drawn))²     likewise; maps of 32 × 32, values 0 … 1
    color_score            the same; against the stored map, enlarged, where the original cannot be seen
    musiq, dbcnn, dists    where they are asked for (archive.evaluate.iqa)

The scores stand in the table of restorations. A row that was audited before with the same decoder, parameters and codes
is not drawn again, so that a stopped run goes on; a sample is of the same rows every time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archive.archive import Archive
from archive.errors import BadCode
from archive.evaluate.iqa import Quality
from archive.filters import SampleSize
from archive.imaging.resize import to_square
from archive.models.sampling import Sampling
from archive.recode.run import original_pixels
from archive.records import AUDITED, Damage, RestorationRecord, Row
from archive.restore.reconstruct import SCORE_SIDE, Reconstructor, color_score, cosines
from archive.store.clock import utc_now

LOOKED_UP = 512  # rows whose earlier audits are read at a time
LOW_IS_GOOD = frozenset({"color_score", "original_color_score", "dists"})
Pixels = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Audited:
    """A row and its scores; `again`: they were known already."""

    id: int
    path: str
    scores: Mapping[str, float]
    seconds: float = 0.0
    again: bool = False


@dataclass(frozen=True)
class Spread:
    """One score over some rows."""

    rows: int
    mean: float
    median: float
    worst: float


@dataclass(frozen=True)
class _Decoded:
    """A row and what its codes say: vector (D,), map (n, n, 3)."""

    row: Row
    vector_hat: Vectors
    colors_hat: Pixels


class Audit:
    """Audits of one archive."""

    def __init__(
        self, archive: Archive, sampling: Sampling | None = None, quality: Quality | None = None
    ) -> None:
        """`quality`: further measures."""
        self._archive = archive
        self._store = archive.store
        self._sampling = sampling
        self._quality = quality

    def sample(self, parse_sample_size: SampleSize) -> list[int]:
        """→ ids, in the order of the rows' digests: a smaller sample begins a larger one."""
        return self._store.images.sample(parse_sample_size.of(self._store.images.totals().images))

    def run(
        self, ids: Sequence[int], *, seconds: float = float("inf")
    ) -> Iterator[Audited | Damage]:
        """Every row → its scores, once they are stored, or what is wrong with its codes.

        Stops after the first rows drawn beyond `seconds`. Raises as Archive.reconstructor does, and NotFound.
        """
        ends = time.monotonic() + seconds
        reconstructor = self._archive.reconstructor(self._sampling)
        for start in range(0, len(ids), LOOKED_UP):
            rows = self._store.images.get(ids[start : start + LOOKED_UP])
            known = self._known(rows, reconstructor)
            yield from (
                Audited(row.id, row.path, known[row.id], again=True)
                for row in rows
                if row.id in known
            )
            read = [self._read(row) for row in rows if row.id not in known]
            yield from (one for one in read if isinstance(one, Damage))
            sound = (one for one in read if not isinstance(one, Damage))
            for batch in reconstructor.batches(sound, lambda one: one.row):
                yield from self._audited(batch, reconstructor)
                if time.monotonic() >= ends:
                    return

    def _known(
        self, rows: Sequence[Row], reconstructor: Reconstructor
    ) -> dict[int, Mapping[str, float]]:
        """Id → scores of the rows that were audited in this very way."""
        decoder = self._archive.decoder.weights_sha256
        measured = self._quality.alone if self._quality else frozenset()
        wanted = {
            row.id: (decoder, reconstructor.parameters(row, reconstructor.seed(row)))
            for row in rows
        }
        return {
            one.image_id: one.scores
            for one in self._store.restorations.audits(list(wanted))
            if one.scores
            and measured <= one.scores.keys()
            and (one.decoder_sha256, one.parameters) == wanted[one.image_id]
        }

    def _read(self, row: Row) -> _Decoded | Damage:
        try:
            vectors_hat, colors_hat = self._archive.codecs[row.codec_id].decode(
                [row.clip_code], [row.color_code]
            )
        except BadCode as error:
            return Damage(row.id, str(error))
        return _Decoded(row, vectors_hat[0], colors_hat[0])

    def _audited(
        self, batch: Sequence[_Decoded], reconstructor: Reconstructor
    ) -> Iterator[Audited]:
        started = time.monotonic()
        reconstructions = reconstructor.reconstruct(
            [one.row for one in batch], [reconstructor.seed(one.row) for one in batch]
        )
        scores = [
            self._scores(one, drawn.pixels)
            for one, drawn in zip(batch, reconstructions, strict=True)
        ]
        took = round((time.monotonic() - started) / len(batch), 3)
        for one, drawn, scored in zip(batch, reconstructions, scores, strict=True):
            self._keep(one.row, reconstructor, drawn.seed, scored)
            yield Audited(one.row.id, one.row.path, scored, took)

    def _scores(self, one: _Decoded, drawn: Pixels) -> dict[str, float]:
        encoder = self._archive.encoder
        original = original_pixels(one.row, at_least=max(encoder.image_size, SCORE_SIDE))
        seen = [drawn] if original is None else [drawn, original]
        vectors = encoder.encode_images([encoder.preprocess(pixels) for pixels in seen])
        similar = cosines(np.stack([one.vector_hat, *vectors[1:]]), vectors[:1])
        names = ("clip_similarity", "original_similarity")
        scores = {name: round(float(value), 4) for name, value in zip(names, similar, strict=False)}
        scores |= self._quality(drawn, original) if self._quality else {}
        if original is not None:
            score = map_score(original, drawn)
            return scores | {"color_score": score, "original_color_score": score}
        return scores | (
            {"color_score": map_score(one.colors_hat, drawn)} if one.colors_hat.size else {}
        )

    def _keep(
        self, row: Row, reconstructor: Reconstructor, seed: int, scores: Mapping[str, float]
    ) -> None:
        decoder = self._archive.decoder
        record = RestorationRecord(
            image_id=row.id,
            decoder=self._archive.pair.decoder[0],
            decoder_sha256=decoder.weights_sha256,
            parameters=reconstructor.parameters(row, reconstructor.seed(row)),
            seed=seed,
            path="",
            created_at=utc_now(),
            scores=scores,
            state=AUDITED,
        )
        self._store.restorations.add(record)


def map_score(one: Pixels, other: Pixels) -> float:
    """CoCliCo's colour score of two pictures of any sizes: of their maps of SCORE_SIDE."""
    return round(color_score(to_square(one, SCORE_SIDE), to_square(other, SCORE_SIDE)), 5)


def spreads(audited: Iterable[Audited]) -> dict[str, Spread]:
    """Scores → by name, what they are over all rows that have them."""
    found: dict[str, list[float]] = {}
    for one in audited:
        for name, score in one.scores.items():
            found.setdefault(name, []).append(score)
    return {
        name: _spread(scores, max if name in LOW_IS_GOOD else min)
        for name, scores in sorted(found.items())
    }


def _spread(scores: list[float], worst: Callable[[list[float]], float]) -> Spread:
    return Spread(
        len(scores),
        round(statistics.fmean(scores), 5),
        round(statistics.median(scores), 5),
        worst(scores),
    )
