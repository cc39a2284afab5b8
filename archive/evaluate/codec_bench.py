"""Codecs tried on vectors of the user's: fitted to one sample, measured on another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.codecs import CODEC_NAMES, LINEAR_SUFFIX, Codec, fit_codec, get_spec, load_codec
from archive.errors import UsageError
from archive.evaluate.rate_distortion import Sample, measure, text_to_image, zero_shot_agreement

Vectors = npt.NDArray[np.float32]
CLIP_NORM = 10.0  # of CLIP's image embeddings; vectors that come with norm 1 are given it back
NO_MAPS = (0, 0, 3)


@dataclass(frozen=True)
class CodecBench:
    """Vectors to fit to and to measure on, (N, D); texts (N, D) beside the latter, labels (L, D)."""

    fit: Vectors
    test: Vectors
    texts: Vectors | None = None
    labels: Vectors | None = None

    def __post_init__(self) -> None:
        widths = {
            one.shape[1]
            for one in (self.fit, self.test, self.texts, self.labels)
            if one is not None
        }
        if len(widths) > 1:
            raise UsageError(
                f"the vectors differ in dimension: {sorted(widths)}; give vectors of one model"
            )
        if self.texts is not None and len(self.texts) != len(self.test):
            raise UsageError(
                f"{len(self.texts)} texts do not pair with {len(self.test)} test vectors; give one a row"
            )

    def points(
        self, names: Sequence[str], rates: Sequence[int], states: Sequence[Path] = ()
    ) -> Iterator[dict[str, Any]]:
        """One point a codec and rate, then the bound at every rate. Raises UsageError for an unknown name."""
        unknown = [name for name in names if name.removesuffix(LINEAR_SUFFIX) not in CODEC_NAMES]
        if unknown:
            raise UsageError(f"{unknown[0]!r} is no codec; use {', '.join(CODEC_NAMES)}")
        for name in names:
            for rate in rates:
                codec = self._codec(name, rate)
                if codec is not None:
                    yield self._point(codec) | {"codec": name}
        for path in states:
            yield self._point(load_codec(path))
        for rate in rates:
            yield {
                "codec": "bound",
                "bits": rate,
                "centred_cosine": round(self._sample.bound.centred_cosine(rate), 5),
            }

    @cached_property
    def _sample(self) -> Sample:
        return Sample(self.test, self.fit.mean(axis=0))

    def _codec(self, name: str, rate: int) -> Codec | None:
        """None where a codec has no point at this rate: scalar codes come in whole bits a dimension."""
        maps = np.zeros((len(self.fit), *NO_MAPS), np.uint8)
        if get_spec(name.removesuffix(LINEAR_SUFFIX)).is_fitted:
            return fit_codec(name, self.fit, maps, bits=rate, map_bits=0)
        bits, rest = divmod(rate, self.fit.shape[1])
        return (
            fit_codec(name, self.fit, maps, bits=bits, map_bits=0)
            if bits in range(1, 9) and not rest
            else None
        )

    def _point(self, codec: Codec) -> dict[str, Any]:
        point, vectors_hat = measure(codec, self._sample)
        told = asdict(point)
        if self.texts is not None:
            told |= text_to_image(self.texts, np.arange(len(self.texts)), vectors_hat)
        if self.labels is not None:
            told["zero_shot_agreement"] = zero_shot_agreement(self.labels, self.test, vectors_hat)
        return told


def load_vectors(path: Path) -> Vectors:
    """(N, D) float32 from an .npy file; unit vectors at CLIP_NORM. Raises UsageError for anything else."""
    try:
        found = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UsageError(
            f"{path} is not an .npy file of vectors; give one of shape (N, D)"
        ) from error
    if (
        not isinstance(found, np.ndarray)
        or found.ndim != 2
        or not np.issubdtype(found.dtype, np.floating)
    ):
        raise UsageError(
            f"{path} does not hold a matrix of vectors; give an .npy file of shape (N, D)"
        )
    vectors = found.astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1)
    return vectors * np.float32(CLIP_NORM) if np.allclose(norms, 1, atol=0.01) else vectors
