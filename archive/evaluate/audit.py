"""How well rows come back: reconstruct them, look at them with the archive's own encoder, score
them. Keeps no file.

    clip_similarity        cos(vector_hat, CLIP(image)): the row, and what was sampled from it
    original_similarity    cos(CLIP(original), CLIP(image)), where the original can still be seen
    original_color_score   mean (map(original) − map(image))², likewise; 32 × 32, samples 0 … 1
    color_score            the same; against the enlarged stored map where there is no original
    musiq, dbcnn, dists    if asked for (archive.evaluate.iqa)

Scores are stored as restorations without a file. A row already audited with the same decoder,
parameters and codes is not sampled again, so an interrupted run resumes; a sample always takes the
same rows.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archive.arrays import Pixels, Vectors, cosine
from archive.codecs import Codec
from archive.decode_row import decode_row
from archive.errors import BadCode
from archive.evaluate.iqa import open_iqa
from archive.filters.samples import SampleSize
from archive.models.loader import ModelLoader
from archive.originals import original_pixels
from archive.records import AUDITED, Damage, RestorationRecord, Row
from archive.restore.reconstruct import SCORE_SIDE, Reconstructor, map_score
from archive.store import Store
from archive.store.clock import utc_now

PAGE = 512  # rows whose earlier audits are looked up at a time
LOWER_IS_BETTER = frozenset({"color_score", "original_color_score", "dists"})


@dataclass(frozen=True)
class Audited:
    """A row and its scores; `again`: they were known from an earlier audit."""

    id: int
    path: str
    scores: Mapping[str, float]
    seconds: float = 0.0
    again: bool = False


@dataclass(frozen=True)
class ScoreSummary:
    """One score over some rows."""

    rows: int
    mean: float
    median: float
    worst: float


@dataclass(frozen=True)
class _DecodedRow:
    """A row with its vector_hat (D,) and colors_hat (n, n, 3)."""

    row: Row
    vector_hat: Vectors
    colors_hat: Pixels


class Audit:
    """Audits of one archive."""

    def __init__(
        self,
        store: Store,
        codecs: Mapping[int, Codec],
        models: ModelLoader,
        reconstructor: Reconstructor,
        *,
        iqa: bool = False,
    ) -> None:
        """`iqa` adds image quality measures. Raises UsageError, ModelMissing if there are none."""
        self._store = store
        self._codecs = codecs
        self._models = models
        self._reconstructor = reconstructor
        self._iqa = open_iqa() if iqa else None

    def run(
        self, ids: Sequence[int], *, time_limit: float = float("inf")
    ) -> Iterator[Audited | Damage]:
        """Every row → its scores, once they are stored, or what is wrong with its codes.

        Stops after the batch in which `time_limit` (seconds) passes. Raises NotFound.
        """
        deadline = time.monotonic() + time_limit
        for start in range(0, len(ids), PAGE):
            rows = self._store.images.read(ids[start : start + PAGE])
            known = self._known([row for row in rows if row.intact])
            for row in rows:
                if row.id in known:
                    yield Audited(row.id, row.path, known[row.id], again=True)
            decoded = []
            for row in rows:
                if row.id not in known:
                    outcome = self._decoded(row)
                    if isinstance(outcome, Damage):
                        yield outcome
                    else:
                        decoded.append(outcome)
            for batch in self._reconstructor.batches(decoded, lambda item: item.row):
                yield from self._audited(batch)
                if time.monotonic() >= deadline:
                    return

    def _known(self, rows: Sequence[Row]) -> dict[int, Mapping[str, float]]:
        """Id → scores of the rows already audited in exactly this way."""
        decoder_sha256 = self._models.decoder.weights_sha256
        required = self._iqa.no_reference if self._iqa else frozenset()
        parameters = {row.id: self._parameters(row) for row in rows}
        return {
            audit.image_id: audit.scores
            for audit in self._store.restorations.audits(list(parameters))
            if audit.scores
            and required <= audit.scores.keys()
            and audit.decoder_sha256 == decoder_sha256
            and audit.parameters == parameters[audit.image_id]
        }

    def _decoded(self, row: Row) -> _DecodedRow | Damage:
        try:
            return _DecodedRow(row, *decode_row(row, self._codecs))
        except BadCode as error:
            return Damage(row.id, str(error))

    def _audited(self, batch: Sequence[_DecodedRow]) -> Iterator[Audited]:
        started = time.monotonic()
        rows = [decoded.row for decoded in batch]
        reconstructions = self._reconstructor.reconstruct(
            rows, [self._reconstructor.seed(row) for row in rows]
        )
        scores = [
            self._scores(decoded, reconstruction.pixels)
            for decoded, reconstruction in zip(batch, reconstructions, strict=True)
        ]
        seconds = round((time.monotonic() - started) / len(batch), 3)
        for row, reconstruction, row_scores in zip(rows, reconstructions, scores, strict=True):
            self._store_scores(row, reconstruction.seed, row_scores)
            yield Audited(row.id, row.path, row_scores, seconds)

    def _scores(self, decoded: _DecodedRow, image: Pixels) -> dict[str, float]:
        encoder = self._models.encoder
        original = original_pixels(decoded.row, at_least=max(encoder.image_size, SCORE_SIDE))
        images = [image] if original is None else [image, original]
        vectors = encoder.encode_images([encoder.preprocess(pixels) for pixels in images])
        similarities = cosine(np.stack([decoded.vector_hat, *vectors[1:]]), vectors[:1])
        scores = {"clip_similarity": round(float(similarities[0]), 4)}
        if original is not None:
            scores["original_similarity"] = round(float(similarities[1]), 4)
        if self._iqa:
            scores |= self._iqa(image, original)
        if original is not None:
            score = map_score(original, image)
            return scores | {"color_score": score, "original_color_score": score}
        if decoded.colors_hat.size:
            scores["color_score"] = map_score(decoded.colors_hat, image)
        return scores

    def _store_scores(self, row: Row, seed: int, scores: Mapping[str, float]) -> None:
        record = RestorationRecord(
            image_id=row.id,
            decoder=self._models.pair.decoder_name,
            decoder_sha256=self._models.decoder.weights_sha256,
            parameters=self._parameters(row),
            seed=seed,
            path="",
            created_at=utc_now(),
            scores=scores,
            state=AUDITED,
        )
        self._store.restorations.add(record)

    def _parameters(self, row: Row) -> Mapping[str, object]:
        return self._reconstructor.parameters(row, self._reconstructor.seed(row))


def sample_ids(store: Store, size: SampleSize) -> list[int]:
    """Ids ordered by the rows' digests: a smaller sample is the beginning of a larger one."""
    return store.images.sample(size.of(store.images.totals().images))


def summarize(audited: Iterable[Audited]) -> dict[str, ScoreSummary]:
    """Audited rows → each score over the rows that have it, by name."""
    values: dict[str, list[float]] = {}
    for row in audited:
        for name, score in row.scores.items():
            values.setdefault(name, []).append(score)
    return {
        name: _summary(scores, max if name in LOWER_IS_BETTER else min)
        for name, scores in sorted(values.items())
    }


def _summary(scores: list[float], worst: Callable[[list[float]], float]) -> ScoreSummary:
    return ScoreSummary(
        rows=len(scores),
        mean=round(statistics.fmean(scores), 5),
        median=round(statistics.median(scores), 5),
        worst=worst(scores),
    )
