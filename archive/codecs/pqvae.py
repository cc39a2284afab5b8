"""`pqvae`: a product-quantised autoencoder with one shared codebook (Shen et al., MLSP 2025, arXiv 2509.05925).

    clip_code    3200 / e_dim indices of log2(n_e) bits, packed       e_dim divides 128, n_e = 2 … 256, a power of two
                 one byte of norm, where norms differ

    rate = (3200 / e_dim) · log2(n_e)        (e_dim, n_e) = (16, 4) → 400 bits, (16, 8) → 600 bits

The paper's pairs are so read because no other order gives 2–3·10⁻³ bits a pixel: n_e = 16, e_dim = 4 would be 3,200
bits. (32, 16) and (32, 64) cost the same 400 and 600 bits and hold those points as special cases.

The network (archive.codecs.coders.pqvae_network) codes the unit vector. The norm is restored from a log-uniform level,

    level = round(255 · ln(|σ| / low) / ln(high / low)), clamped to 0 … 255
    |σ̂|   = low · (high / low)^(level / 255)

within (high / low)^(1/510) of the truth between the least and the greatest fitted norm. If those are within 0.1 % of
each other, no byte is spent and |σ̂| = their geometric mean.

The fitted state is the weights as float16. Codes are read with integers alone, so a code names the same entries for
ever; what the network makes of them are sums of floats, equal to about 10⁻⁶ of the norm from machine to machine and
from one number of threads to another, but not to the bit.
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
from archive.codecs.coders.scalar import pack, packed_bytes, rows_of, unpack
from archive.codecs.coders.serialization import Arrays
from archive.codecs.fitted_coders import open_maps
from archive.errors import UnknownCodec, UsageError

if TYPE_CHECKING:
    from archive.codecs.coders.pqvae_network import Pqvae

GRID = 3200  # numbers the encoder makes of a vector: 128 channels at 5 × 5 positions
SUBVECTORS = (1, 2, 4, 8, 16, 32, 64, 128)  # e_dim
ENTRIES = (2, 4, 8, 16, 32, 64, 128, 256)  # n_e
NORM_LEVELS = 256
SAME_NORM = 1e-3  # greatest / least − 1 of norms that are one
BATCH = 256  # vectors in the network at a time
PREFIX = "vector_"  # of the weights' names in the state


@dataclass(frozen=True)
class Norms:
    """The log-uniform quantiser of norms, least to greatest."""

    low: float
    high: float

    @classmethod
    def of(cls, vectors: Vectors) -> Norms:
        """(N, D) sample → its range. Raises UsageError where all vectors are zero."""
        norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
        norms = norms[norms > 0]
        if not len(norms):
            raise UsageError("vectors that are all zero have no direction to be fitted to")
        return cls(float(norms.min()), float(norms.max()))

    @property
    def bits(self) -> int:
        return 0 if self.high <= self.low * (1 + SAME_NORM) else 8

    def quantize(self, norms: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
        """(N,) → (N, 1) levels, or (N, 0) where one norm serves all."""
        if not self.bits:
            return np.zeros((len(norms), 0), np.uint8)
        place = np.log(np.maximum(norms, self.low) / self.low) / math.log(self.high / self.low)
        levels: npt.NDArray[np.uint8] = np.rint((NORM_LEVELS - 1) * np.minimum(place, 1)).astype(
            np.uint8
        )[:, None]
        return levels

    def dequantize(self, levels: npt.NDArray[np.uint8]) -> Vectors:
        """The mirror of quantize → (N, 1) float32."""
        place = levels / (NORM_LEVELS - 1) if self.bits else np.full((len(levels), 1), 0.5)
        norms: Vectors = (self.low * (self.high / self.low) ** place).astype(np.float32)
        return norms


@dataclass(frozen=True)
class PqvaeVectors:
    """Embeddings by a trained network."""

    dimension: int
    weights: Mapping[str, npt.NDArray[np.float16]]  # of Pqvae, by name
    norms: Norms
    scan_bits = None
    linear_decoder = None
    pending = None

    def __post_init__(self) -> None:
        if self.subvector not in SUBVECTORS or self.entries not in ENTRIES:
            wanted = f"{self.entries} entries of {self.subvector} numbers"
            raise UsageError(
                f"{wanted} cannot be coded; entries are 2, 4, … 256, numbers divide 128"
            )

    @property
    def entries(self) -> int:
        return len(self.weights["codebook"])

    @property
    def subvector(self) -> int:
        return int(self.weights["codebook"].shape[1])

    @property
    def payload_bits(self) -> int:
        return GRID // self.subvector * self._index_bits + self.norms.bits

    def parameters(self) -> dict[str, Any]:
        shape = {"dimension": self.dimension, "subvector": self.subvector, "entries": self.entries}
        return {**shape, "norm_low": self.norms.low, "norm_high": self.norms.high}

    def arrays(self) -> Arrays:
        return {PREFIX + name: weight for name, weight in self.weights.items()}

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes."""
        if not len(vectors):
            return []
        norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
        units = (vectors / np.maximum(norms, np.finfo(np.float32).tiny)[:, None]).astype(np.float32)
        indices = np.concatenate(
            [self._indices(units[at : at + BATCH]) for at in range(0, len(units), BATCH)]
        )
        rows = np.concatenate([pack(indices, self._index_bits), self.norms.quantize(norms)], axis=1)
        return [row.tobytes() for row in rows]

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32. Raises BadCode on a wrong length."""
        count = GRID // self.subvector
        width = packed_bytes(count, self._index_bits)
        rows = rows_of(codes, width + self.norms.bits // 8)
        indices = unpack(rows[:, :width], self._index_bits, count)
        parts = [self._units(indices[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
        units = np.concatenate([np.zeros((0, self.dimension), np.float32), *parts])
        vectors: Vectors = units * self.norms.dequantize(rows[:, width:])
        return vectors

    @property
    def _index_bits(self) -> int:
        return self.entries.bit_length() - 1

    def _indices(self, units: Vectors) -> npt.NDArray[np.uint8]:
        """(B, D) unit → (B, 3200/e_dim)."""
        import torch

        with torch.inference_mode():
            nearest = self._network.nearest(self._network.symbols(torch.from_numpy(units)))
        indices: npt.NDArray[np.uint8] = nearest.numpy().astype(np.uint8)
        return indices

    def _units(self, indices: npt.NDArray[np.uint8]) -> Vectors:
        """(B, 3200/e_dim) → unit_hat (B, D)."""
        import torch

        with torch.inference_mode():
            parts = self._network.codebook[torch.from_numpy(indices.astype(np.int64))]
            units: Vectors = self._network.reconstruct(parts).numpy()
        return units

    @cached_property
    def _network(self) -> Pqvae:
        """The weights in float32, made into a network once. Raises UnknownCodec if they are not those of one."""
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
        name.removeprefix(PREFIX): array
        for name, array in arrays.items()
        if name.startswith(PREFIX)
    }
    norms = Norms(float(parameters["norm_low"]), float(parameters["norm_high"]))
    return Codec(
        "pqvae",
        PqvaeVectors(int(parameters["dimension"]), weights, norms),
        open_maps(parameters, arrays),
    )
