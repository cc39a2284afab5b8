"""vector_hat, colors_hat → pixels. What the library asks of a decoder, and how one is found and loaded.

A decoder is a folder in diffusers layout; `families` says of which kinds it may be, `latent` how it is drawn with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from archive.models.pairs import Sampling

Pixels = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]
ProgressCallback = Callable[[int, int], None]  # steps done, steps in all
ClipSimilarity = Callable[
    [Any, Vectors], Any
]  # (B, 3, H, W) tensor of −1 … 1, vectors (B, D) → (B,), with gradients


@dataclass(frozen=True)
class DecodeRequest:
    """What a decoder is told of B pictures that are drawn in one frame."""

    vectors_hat: Vectors  # (B, D)
    colors_hat: Pixels  # (B, n, n, 3), n = 0: none
    seeds: Sequence[int]  # (B,)
    alignment: float = 1.0  # mean squared cosine of vectors and vectors_hat, about their mean
    clip_similarity: ClipSimilarity | None = None


class Decoder(Protocol):
    """Draws."""

    @property
    def weights_sha256(self) -> str: ...

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation (D,) of the embeddings it knows, if it does."""
        ...

    @property
    def guidance(self) -> float:
        """The weight of the embedding that is usual with it."""
        ...

    @property
    def batch_size(self) -> int:
        """How many pictures it draws at a time."""
        ...

    @property
    def native_pixels(self) -> int:
        """The area it was trained to draw, in pixels."""
        ...

    @property
    def multiple(self) -> int:
        """The sides of a frame are divisible by this."""
        ...

    def sample(
        self,
        told: DecodeRequest,
        *,
        frame: tuple[int, int],
        sampling: Sampling,
        on_step: ProgressCallback | None = None,
    ) -> list[Pixels]:
        """B pictures in one frame (width, height) → B × (height, width, 3) uint8.

        The same row, seed and sampling give the same pixels on the same machine, whatever stands beside them; but on an
        accelerator another place in a batch may be another order of sums.
        """
        ...

    def upscale(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) as drawn → what the decoder's upscaler makes of it; the same where it has none."""
        ...
