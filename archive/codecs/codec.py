"""What a codec is: a coder of vectors and a coder of color maps.

    (N, D) float32        ─VectorCoder─►  N clip_codes     ─►  vector_hat (N, D)
    (N, n, n, 3) uint8    ─MapCoder────►  N color_codes    ─►  colors_hat (N, n, n, 3)

Maps are coded and decoded given vector_hat, which may predict them. A coder's parameters are
numbers, its fitted state is named arrays; both are stored in the codec row and never change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from archive.arrays import Pixels, Vectors
from archive.codecs.coders.linear_decoder import LinearDecoder
from archive.codecs.coders.serialization import Arrays, to_bytes
from archive.errors import BadCode

MISFITS = (  # what foreign parameters, states and codes cause
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    MemoryError,
)
ALIGNMENT_DRAWS = 256  # random vectors that measure the alignment of a codec without a sample
SMALLEST_ENERGY = 1e-20  # product of squared lengths, below which a cosine is 0


@dataclass(frozen=True)
class PendingCodec:
    """The codec that rows wait for, until there are enough of them to fit it."""

    name: str
    bits: int  # per image
    map_bits: int  # per image


class VectorCoder(Protocol):
    """Vectors ⇄ codes."""

    @property
    def dimension(self) -> int:
        """D of the vectors."""
        ...

    @property
    def payload_bits(self) -> int | None:
        """Bits of every code, or None where they vary."""

    @property
    def scan_bits(self) -> int | None:
        """Bits per dimension where codes are packed scalar levels, which an index scans as they
        are; None for other codes."""

    @property
    def linear_decoder(self) -> LinearDecoder | None:
        """What decodes all levels of a code jointly; None where each is decoded alone, and for
        codes without levels."""

    @property
    def pending(self) -> PendingCodec | None:
        """The codec that rows of this one wait for; None where they are final."""

    def parameters(self) -> Mapping[str, Any]:
        """Numbers for the codec row."""
        ...

    def arrays(self) -> Arrays:
        """The fitted state for the codec row; empty if there is none."""
        ...

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32, finite → N codes."""
        ...

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → vector_hat (N, D) float32. Raises BadCode."""
        ...


class MapCoder(Protocol):
    """Color maps ⇄ codes; side 0 stores none."""

    @property
    def side(self) -> int:
        """n of the (n, n, 3) maps; 0 for none."""
        ...

    @property
    def payload_bits(self) -> int | None:
        """Bits of every code, or None where they vary."""

    @property
    def quantization_error(self) -> float:
        """How far a sample may be from its decoded value, 0 … 255; for fitted coders the root mean
        square."""
        ...

    @property
    def predicted(self) -> bool:
        """Whether maps are coded as differences from a prediction by the decoded vectors."""
        ...

    def parameters(self) -> Mapping[str, Any]:
        """Numbers for the codec row."""
        ...

    def arrays(self) -> Arrays:
        """The fitted state for the codec row; empty if there is none."""
        ...

    def encode(self, maps: Pixels, vectors_hat: Vectors) -> list[bytes]:
        """(N, n, n, 3) uint8 RGB and vector_hat (N, D) → N codes; empty codes for side 0."""
        ...

    def decode(self, codes: list[bytes], vectors_hat: Vectors) -> Pixels:
        """N codes and vector_hat (N, D) → (N, n, n, 3) uint8 RGB. Raises BadCode."""
        ...


@dataclass(frozen=True)
class Codec:
    """A name and its two coders."""

    name: str
    vectors: VectorCoder
    maps: MapCoder
    alignment: float | None = None  # see with_alignment; None where it was never measured

    @property
    def dimension(self) -> int:
        """D of the vectors."""
        return self.vectors.dimension

    @property
    def map_side(self) -> int:
        """n of the (n, n, 3) color maps; 0 for none."""
        return self.maps.side

    @property
    def pending(self) -> PendingCodec | None:
        """The codec that rows of this one wait for; None where they are final."""
        return self.vectors.pending

    @property
    def is_pending(self) -> bool:
        """Whether rows only wait for another codec to be fitted to them."""
        return self.vectors.pending is not None

    @property
    def has_fixed_rate(self) -> bool:
        """Whether all codes have the same length, also once rows no longer wait."""
        rates = (self.vectors.payload_bits, self.maps.payload_bits)
        return not self.is_pending and None not in rates

    @property
    def supports_linear_decoder(self) -> bool:
        """Whether codes are scalar levels, each decoded alone so far."""
        return self.vectors.scan_bits is not None and self.vectors.linear_decoder is None

    @property
    def bits_per_image(self) -> int:
        """Bits of both codes: exact where they are fixed, else the rate they are fitted to; for a
        pending codec the rate of the codec to be fitted."""
        pending = self.vectors.pending
        if pending is not None:
            return pending.bits + pending.map_bits
        rates = self.parameters()
        vector_bits = self.vectors.payload_bits
        map_bits = self.maps.payload_bits
        fitted_bits: int = rates["bits"] if vector_bits is None else vector_bits
        fitted_map_bits: int = rates["map_bits"] if map_bits is None else map_bits
        return fitted_bits + fitted_map_bits

    def parameters(self) -> dict[str, Any]:
        """What the codec row stores along with the name."""
        measured = {} if self.alignment is None else {"alignment": self.alignment}
        return {**self.vectors.parameters(), **self.maps.parameters(), **measured}

    @cached_property
    def state(self) -> bytes:
        """The fitted state of both coders; b'' if there is none."""
        arrays = {**self.vectors.arrays(), **self.maps.arrays()}
        return to_bytes(arrays) if arrays else b""

    def with_alignment(self, vectors: Vectors) -> Codec:
        """This codec with its alignment, measured on (N, D) float32.

        The alignment is the mean squared cosine of vectors and vector_hat about the vectors' mean.
        """
        center = vectors.mean(axis=0)
        vectors_hat = self.decode_vectors(self.encode_vectors(vectors))
        measured = _mean_squared_cosine(vectors - center, vectors_hat - center)
        return replace(self, alignment=round(measured, 4))

    def alignment_in(self, mean: Vectors, std: Vectors) -> float:
        """How close vector_hat is to the truth, 0 … 1, where vectors have this mean and standard
        deviation (D,).

        As measured; else, for codecs that are fitted to nothing, on ALIGNMENT_DRAWS normal vectors
        of that mean and deviation: 2/π for the signs of centered ones.
        """
        if self.alignment is not None:
            return self.alignment
        rng = np.random.default_rng(0)
        white = rng.standard_normal((ALIGNMENT_DRAWS, self.dimension), np.float32)
        vectors_hat = self.decode_vectors(self.encode_vectors(white * std + mean))
        return _mean_squared_cosine(white, (vectors_hat - mean) / std)

    def encode_vectors(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes. Raises ValueError for a value that is not finite."""
        if not np.isfinite(vectors).all():
            raise ValueError("a vector with values that are not finite cannot be coded")
        return self.vectors.encode(vectors)

    def decode_vectors(self, codes: list[bytes]) -> Vectors:
        """N codes → vector_hat (N, D) float32. Raises BadCode."""
        with self._decoding():
            return self.vectors.decode(codes)

    def encode(self, vectors: Vectors, maps: Pixels) -> tuple[list[bytes], list[bytes]]:
        """(N, D) float32 and (N, n, n, 3) uint8 RGB of the same images → N clip_codes and N
        color_codes.

        A color_code is empty where no map is stored. Raises ValueError as encode_vectors does.
        """
        clip_codes = self.encode_vectors(vectors)
        vectors_hat = self.decode_vectors(clip_codes) if self.maps.predicted else vectors
        return clip_codes, self.maps.encode(maps, vectors_hat)

    def decode(self, clip_codes: list[bytes], color_codes: list[bytes]) -> tuple[Vectors, Pixels]:
        """The mirror of encode → vector_hat (N, D) float32 and colors_hat (N, n, n, 3) uint8 RGB,
        n = 0 for no map. Raises BadCode.
        """
        vectors_hat = self.decode_vectors(clip_codes)
        with self._decoding():
            return vectors_hat, self.maps.decode(color_codes, vectors_hat)

    @contextlib.contextmanager
    def _decoding(self) -> Iterator[None]:
        """Turns what a foreign code or state causes into BadCode."""
        try:
            yield
        except MISFITS as error:
            raise BadCode(f"the codec {self.name} cannot decode a code ({error})") from error


def _mean_squared_cosine(vectors: Vectors, others: Vectors) -> float:
    """Rows of (N, D) and (N, D) → the mean of their squared cosines."""
    energy = (vectors**2).sum(axis=1) * (others**2).sum(axis=1)
    products = (vectors * others).sum(axis=1)
    return float((products**2 / np.maximum(energy, SMALLEST_ENERGY)).mean())
