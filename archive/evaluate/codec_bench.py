"""Codecs on the user's own vectors: fitted to one sample, measured on another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from archive.arrays import Vectors
from archive.codecs import (
    LINEAR_SUFFIX,
    SELECTABLE_CODECS,
    fit_codec,
    get_spec,
    load_codec,
)
from archive.errors import UsageError
from archive.evaluate.faiss_quantizers import FAISS_QUANTIZERS, train_faiss
from archive.evaluate.rate_distortion import (
    EvaluationSample,
    VectorCodec,
    measure,
    text_to_image,
    zero_shot_agreement,
)

CLIP_NORM = 10.0  # typical of CLIP's image embeddings; unit vectors are scaled to it
NO_MAPS = (0, 0, 3)
SCALAR_BITS = range(1, 9)  # per dimension


@dataclass(frozen=True)
class CodecBench:
    """(N, D) vectors to fit to, (M, D) to measure on; (M, D) texts that describe those; (L, D)
    label vectors.
    """

    fit: Vectors
    test: Vectors
    texts: Vectors | None = None
    labels: Vectors | None = None

    def __post_init__(self) -> None:
        """Raises UsageError where the shapes do not fit together."""
        samples = [self.fit, self.test, self.texts, self.labels]
        widths = {vectors.shape[1] for vectors in samples if vectors is not None}
        if len(widths) > 1:
            raise UsageError(
                f"the vectors differ in dimension: {sorted(widths)}; give vectors of one model"
            )
        if self.texts is not None and len(self.texts) != len(self.test):
            raise UsageError(
                f"{len(self.texts)} texts do not match {len(self.test)} test vectors; "
                "give one text per test vector"
            )

    def points(
        self, names: Sequence[str], rates: Sequence[int], states: Sequence[Path] = ()
    ) -> Iterator[dict[str, Any]]:
        """A point per codec and rate (bits per image), one per file in `states`, then the bound at
        each rate.

        Raises UsageError for an unknown name.
        """
        known = [*(spec.name for spec in SELECTABLE_CODECS), *FAISS_QUANTIZERS]
        for name in names:
            if name.removesuffix(LINEAR_SUFFIX) not in known:
                raise UsageError(f"{name!r} is not a codec; choose from {', '.join(known)}")
        for name in names:
            for rate in rates:
                codec = self._codec(name, rate)
                if codec is not None:
                    yield self._point(codec) | {"codec": name}
        for path in states:
            yield self._point(load_codec(path))
        for rate in rates:
            centered_cosine = round(self._sample.bound.centered_cosine(rate), 5)
            yield {"codec": "bound", "bits": rate, "centered_cosine": centered_cosine}

    @cached_property
    def _sample(self) -> EvaluationSample:
        return EvaluationSample(self.test, self.fit.mean(axis=0))

    def _codec(self, name: str, rate: int) -> VectorCodec | None:
        """None if there is no point at this rate: scalar codecs take whole bits per dimension."""
        if name in FAISS_QUANTIZERS:
            return train_faiss(name, self.fit, rate)
        maps = np.zeros((len(self.fit), *NO_MAPS), np.uint8)
        if get_spec(name.removesuffix(LINEAR_SUFFIX)).is_fitted:
            return fit_codec(name, self.fit, maps, bits=rate, map_bits=0)
        bits, remainder = divmod(rate, self.fit.shape[1])
        if remainder or bits not in SCALAR_BITS:
            return None
        return fit_codec(name, self.fit, maps, bits=bits, map_bits=0)

    def _point(self, codec: VectorCodec) -> dict[str, Any]:
        rate_point, vectors_hat = measure(codec, self._sample)
        point = asdict(rate_point)
        if self.texts is not None:
            point |= text_to_image(self.texts, np.arange(len(self.texts)), vectors_hat)
        if self.labels is not None:
            agreement = zero_shot_agreement(self.labels, self.test, vectors_hat)
            point["zero_shot_agreement"] = agreement
        return point


def load_vectors(path: Path) -> Vectors:
    """(N, D) float32 from an .npy file; unit vectors are scaled to CLIP_NORM. Raises UsageError."""
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UsageError(f"{path} is not an .npy file; give vectors of shape (N, D)") from error
    is_matrix = isinstance(array, np.ndarray) and array.ndim == 2
    if not is_matrix or not np.issubdtype(array.dtype, np.floating):
        raise UsageError(
            f"{path} does not hold a matrix of floats; give an .npy file of shape (N, D)"
        )
    vectors: Vectors = array.astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1)
    if np.allclose(norms, 1, atol=0.01):
        vectors *= np.float32(CLIP_NORM)
    return vectors
