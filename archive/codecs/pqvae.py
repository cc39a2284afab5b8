"""`pqvae`: a product-quantized autoencoder with one shared codebook (Shen et al., MLSP 2025,
arXiv 2509.05925).

    clip_code     3200 / e_dim indices of log2(n_e) bits, packed       e_dim divides 128,
                  one byte of norm, where norms differ                 n_e = 2 … 256, a power of two

    rate = (3200 / e_dim) · log2(n_e)      (e_dim, n_e) = (16, 4) → 400 bits, (16, 8) → 600 bits

The paper's pairs are read this way because no other order gives 2–3·10⁻³ bits per pixel: n_e = 16,
e_dim = 4 would be 3,200 bits. (32, 16) and (32, 64) cost the same 400 and 600 bits and include
those points as special cases.

The network (archive.codecs.coders.pqvae_network) codes the unit vector. The norm is restored from a
log-uniform level,

    level = round(255 · ln(|σ| / low) / ln(high / low)), clamped to 0 … 255
    |σ̂|   = low · (high / low)^(level / 255)

within (high / low)^(1/510) of the truth between the least and the greatest fitted norm. If those
are within 0.1 % of each other, no byte is spent and |σ̂| is their geometric mean.

The fitted state is the weights as float16. Codes are read with integers alone, so a code always
names the same entries; what the network makes of them are sums of floats, equal to about 10⁻⁶ of
the norm from machine to machine and from one number of threads to another, but not to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.codec import Codec
from archive.codecs.coders.scalar import Levels, pack, packed_bytes, stack_codes, unpack
from archive.codecs.coders.serialization import Arrays
from archive.codecs.fitted_coders import VECTOR_PREFIX, open_maps
from archive.errors import UnknownCodec, UsageError

if TYPE_CHECKING:
    from archive.codecs.coders.pqvae_network import Pqvae

GRID = 3200  # values the encoder makes of a vector: 128 channels at 5 × 5 positions
SUBVECTORS = (1, 2, 4, 8, 16, 32, 64, 128)  # e_dim
ENTRIES = (2, 4, 8, 16, 32, 64, 128, 256)  # n_e
NORM_LEVELS = 256
SAME_NORM = 1e-3  # greatest / least − 1 of norms that count as equal
BATCH = 256  # vectors that go through the network at a time


@dataclass(frozen=True)
class Norms:
    """A log-uniform quantizer of norms, least to greatest."""

    low: float
    high: float

    @classmethod
    def of(cls, vectors: Vectors) -> Norms:
        """(N, D) sample → its range. Raises UsageError where all vectors are zero."""
        norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
        norms = norms[norms > 0]
        if not len(norms):
            raise UsageError("vectors that are all zero have no direction to fit a codec to")
        return cls(float(norms.min()), float(norms.max()))

    @property
    def bits(self) -> int:
        """Bits of a level: 8, or 0 where one norm serves all."""
        return 0 if self.high <= self.low * (1 + SAME_NORM) else 8

    def quantize(self, norms: npt.NDArray[np.float64]) -> Levels:
        """(N,) → (N, 1) levels, or (N, 0) where one norm serves all."""
        if not self.bits:
            return np.zeros((len(norms), 0), np.uint8)
        place = np.log(np.maximum(norms, self.low) / self.low) / math.log(self.high / self.low)
        levels = np.rint((NORM_LEVELS - 1) * np.minimum(place, 1))
        return np.asarray(levels[:, None], np.uint8)

    def dequantize(self, levels: Levels) -> Vectors:
        """The mirror of quantize → (N, 1) float32."""
        place = levels / (NORM_LEVELS - 1) if self.bits else np.full((len(levels), 1), 0.5)
        norms: Vectors = (self.low * (self.high / self.low) ** place).astype(np.float32)
        return norms


@dataclass(frozen=True)
class PqvaeVectors:
    """Embeddings by a trained network."""

    dimension: int
    weights: Mapping[str, npt.NDArray[np.float16]]  # of the network, by name
    norms: Norms
    scan_bits = None
    linear_decoder = None
    pending = None

    def __post_init__(self) -> None:
        if self.subvector not in SUBVECTORS or self.entries not in ENTRIES:
            raise UsageError(
                f"{self.entries} entries of {self.subvector} numbers cannot be coded; "
                f"entries are 2, 4, … 256, numbers divide 128"
            )

    @property
    def entries(self) -> int:
        """n_e."""
        return len(self.weights["codebook"])

    @property
    def subvector(self) -> int:
        """e_dim."""
        return int(self.weights["codebook"].shape[1])

    @property
    def payload_bits(self) -> int:
        """Bits of every code."""
        return self._index_count * self._index_bits + self.norms.bits

    def parameters(self) -> dict[str, Any]:
        """Numbers for the codec row."""
        shape = {"dimension": self.dimension, "subvector": self.subvector, "entries": self.entries}
        return {**shape, "norm_low": self.norms.low, "norm_high": self.norms.high}

    def arrays(self) -> Arrays:
        """The weights for the codec row."""
        return {VECTOR_PREFIX + name: weight for name, weight in self.weights.items()}

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes."""
        if not len(vectors):
            return []
        norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
        tiny = np.finfo(np.float32).tiny
        units = (vectors / np.maximum(norms, tiny)[:, None]).astype(np.float32)
        starts = range(0, len(units), BATCH)
        indices = np.concatenate([self._indices(units[at : at + BATCH]) for at in starts])
        rows = np.concatenate([pack(indices, self._index_bits), self.norms.quantize(norms)], axis=1)
        return [row.tobytes() for row in rows]

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32. Raises BadCode for a wrong length."""
        width = packed_bytes(self._index_count, self._index_bits)
        rows = stack_codes(codes, width + self.norms.bits // 8)
        indices = unpack(rows[:, :width], self._index_bits, self._index_count)
        batches = [self._units(indices[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
        units = np.concatenate([np.zeros((0, self.dimension), np.float32), *batches])
        vectors: Vectors = units * self.norms.dequantize(rows[:, width:])
        return vectors

    @property
    def _index_count(self) -> int:
        return GRID // self.subvector

    @property
    def _index_bits(self) -> int:
        return self.entries.bit_length() - 1

    def _indices(self, units: Vectors) -> Levels:
        """(B, D) unit → (B, 3200/e_dim)."""
        import torch

        with torch.inference_mode():
            nearest = self._network.nearest(self._network.subvectors(torch.from_numpy(units)))
        return np.asarray(nearest.numpy(), np.uint8)

    def _units(self, indices: Levels) -> Vectors:
        """(B, 3200/e_dim) → unit_hat (B, D)."""
        import torch

        with torch.inference_mode():
            subvectors = self._network.codebook[torch.from_numpy(indices.astype(np.int64))]
            units: Vectors = self._network.reconstruct(subvectors).numpy()
        return units

    @cached_property
    def _network(self) -> Pqvae:
        """The network, in float32. Raises UnknownCodec if the weights are of another one."""
        import torch

        from archive.codecs.coders.pqvae_network import Pqvae

        with torch.device("meta"):
            network = Pqvae(self.dimension, self.subvector, self.entries)
        weights = {
            name: torch.from_numpy(weight.astype(np.float32))
            for name, weight in self.weights.items()
        }
        try:
            network.load_state_dict(weights, assign=True)
        except RuntimeError as error:
            raise UnknownCodec(
                f"the weights of a pqvae codec are of another network: {error}"
            ) from error
        return network.eval().requires_grad_(False)


def open_pqvae(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    weights = {
        name.removeprefix(VECTOR_PREFIX): array
        for name, array in arrays.items()
        if name.startswith(VECTOR_PREFIX)
    }
    norms = Norms(float(parameters["norm_low"]), float(parameters["norm_high"]))
    coder = PqvaeVectors(int(parameters["dimension"]), weights, norms)
    return Codec("pqvae", coder, open_maps(parameters, arrays))
