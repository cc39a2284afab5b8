"""What a codec is: a coder of vectors and a coder of colour maps, with everything they need to decode for ever.

    (N, D) float32        ─VectorCoder─►  N clip_codes      ─►  vector_hat (N, D)
    (N, n, n, 3) uint8    ─MapCoder────►  N color_codes     ─►  colors_hat (N, n, n, 3)        both beside vector_hat

A coder's parameters are numbers, its fitted state named arrays; both stand in the codec row and never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from archive.codecs.coders.serialization import to_bytes

Vectors = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Arrays = Mapping[str, npt.NDArray[np.generic]]
DRAWN = 256


class VectorCoder(Protocol):
    """Vectors ⇄ codes."""

    @property
    def dimension(self) -> int: ...
    @property
    def payload_bits(self) -> int | None:
        """Bits of every code, or None where they vary."""

    @property
    def scan_bits(self) -> int | None:
        """Bits a dimension, where codes are packed scalar levels that the index can scan as they are; else None."""

    @property
    def decodes_levels(self) -> bool:
        """Whether those levels are the decoded vectors themselves."""
        ...

    def scan_query(self, queries: Vectors) -> Vectors:
        """(N, D) queries → (N, D) vectors whose dot products with the levels rank as with the decoded vectors."""
        ...

    def parameters(self) -> Mapping[str, Any]: ...
    def arrays(self) -> Arrays: ...
    def encode(self, vectors: Vectors) -> list[bytes]: ...
    def decode(self, codes: list[bytes]) -> Vectors: ...


class NoLevels:
    """The half of a VectorCoder whose codes are no scalar levels: the index holds decoded vectors."""

    @property
    def scan_bits(self) -> None:
        return None

    @property
    def decodes_levels(self) -> bool:
        return False

    def scan_query(self, queries: Vectors) -> Vectors:
        return queries


class MapCoder(Protocol):
    """Colour maps ⇄ codes; side 0 keeps none."""

    @property
    def side(self) -> int: ...
    @property
    def payload_bits(self) -> int | None:
        """Bits of every code, or None where they vary."""

    @property
    def quantization_error(self) -> float:
        """How far a sample may be from its decoded value, 0 … 255, as a rule."""
        ...

    @property
    def predicted(self) -> bool:
        """Whether maps are coded against what the decoded vectors tell of them."""
        ...

    def parameters(self) -> Mapping[str, Any]: ...
    def arrays(self) -> Arrays: ...
    def encode(self, maps: Pixels, vectors_hat: Vectors) -> list[bytes]: ...
    def decode(self, codes: list[bytes], vectors_hat: Vectors) -> Pixels: ...


@dataclass(frozen=True)
class Codec:
    """A name, and the two coders that stand behind it."""

    name: str
    vectors: VectorCoder
    maps: MapCoder
    alignment: float | None = (
        None  # mean squared cosine of vectors and vectors_hat about their mean, where it was measured
    )

    @property
    def dimension(self) -> int:
        return self.vectors.dimension

    @property
    def map_side(self) -> int:
        return self.maps.side

    def parameters(self) -> dict[str, Any]:
        """What the codec row stores beside the name."""
        measured = {} if self.alignment is None else {"alignment": self.alignment}
        return {**self.vectors.parameters(), **self.maps.parameters(), **measured}

    def aligned(self, vectors: Vectors) -> Codec:
        """This codec, its alignment measured on (N, D) float32."""
        center = vectors.mean(axis=0)
        one = vectors - center
        other = self.decode_vectors(self.encode_vectors(vectors)) - center
        lengths = np.maximum((one**2).sum(axis=1) * (other**2).sum(axis=1), 1e-20)
        return replace(
            self, alignment=round(float(((one * other).sum(axis=1) ** 2 / lengths).mean()), 4)
        )

    @cached_property
    def state(self) -> bytes:
        """The fitted state of both coders; b'' if there is none."""
        arrays = {**self.vectors.arrays(), **self.maps.arrays()}
        return to_bytes(arrays) if arrays else b""

    def alignment_in(self, mean: Vectors, std: Vectors) -> float:
        """How far codes are from the truth, 0 … 1, in a space of mean and standard deviation (D,).

        As measured; else, for codes that are fitted to nothing, on DRAWN vectors of that very distribution: 2/π for the
        signs of centred ones.
        """
        if self.alignment is not None:
            return self.alignment
        white = np.random.default_rng(0).standard_normal((DRAWN, self.dimension), np.float32)
        white_hat = (self.decode_vectors(self.encode_vectors(white * std + mean)) - mean) / std
        lengths = np.maximum((white**2).sum(axis=1) * (white_hat**2).sum(axis=1), 1e-20)
        return float(((white * white_hat).sum(axis=1) ** 2 / lengths).mean())

    def encode_vectors(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes. Raises ValueError where a value is not finite: it would be stored as if it were."""
        if not np.isfinite(vectors).all():
            raise ValueError("a vector with values that are not finite cannot be coded")
        return self.vectors.encode(vectors)

    def decode_vectors(self, codes: list[bytes]) -> Vectors:
        """N codes → vector_hat (N, D) float32. Raises BadCode."""
        return self.vectors.decode(codes)

    def encode(self, vectors: Vectors, maps: Pixels) -> tuple[list[bytes], list[bytes]]:
        """(N, D) float32, and (N, n, n, 3) uint8 RGB of the same pictures → N clip_codes and N color_codes.

        A color_code is empty where no map is kept. Raises ValueError as encode_vectors does.
        """
        clip_codes = self.encode_vectors(vectors)
        vectors_hat = self.decode_vectors(clip_codes) if self.maps.predicted else vectors
        return clip_codes, self.maps.encode(maps, vectors_hat)

    def decode(self, clip_codes: list[bytes], color_codes: list[bytes]) -> tuple[Vectors, Pixels]:
        """The mirror of encode → vector_hat (N, D) float32, and colors_hat (N, n, n, 3) uint8 RGB, n = 0 for no map.

        Raises BadCode.
        """
        vectors_hat = self.decode_vectors(clip_codes)
        return vectors_hat, self.maps.decode(color_codes, vectors_hat)
