"""vector_hat, colors_hat → pixels: what the library asks of a decoder.

A decoder is a folder in diffusers' layout. `decoders/open.py` lists the supported families and
opens one; `decoders/sampler.py` is the sampling loop they share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from archive.arrays import Pixels, Vectors
from archive.models.sampling import Sampling

ProgressCallback = Callable[[int, int], None]
"""Called after every step with the number of steps done and their total."""
ClipSimilarity = Callable[[Any, Vectors], Any]
"""(B, 3, H, W) tensor in −1 … 1, vectors (B, D) → cosines (B,) with gradients."""


class NoisePath(Protocol):
    """A reverse diffusion of one image whose noise is given: see archive.detail."""

    @property
    def timesteps(self) -> Sequence[int]:
        """(n + 1,), descending; sampling goes on at the last one."""
        ...

    def start(self, shape: tuple[int, ...]) -> Any:
        """The latents at the first timestep, a (C, h, w) tensor."""
        ...

    def noise(self, step: int, z_hat: Any) -> Any:
        """Step 0 … n − 1 and the estimate ẑ₀, (C, h, w) → noise of unit variance, (C, h, w)."""
        ...


@dataclass(frozen=True)
class DecodeRequest:
    """B images to sample at one size."""

    vectors_hat: Vectors
    """(B, D) float32, decoded embeddings."""
    colors_hat: Pixels
    """(B, n, n, 3) uint8, decoded color maps; n = 0: none."""
    seeds: Sequence[int]
    """(B,), one per image, 0 … 2⁶³ − 1."""
    alignment: float = 1.0
    """Mean squared cosine, about their mean, of embeddings and decoded embeddings, 0 … 1."""
    clip_similarity: ClipSimilarity | None = None
    """The encoder's similarity, for CLIP guidance. None: no CLIP guidance."""
    paths: Sequence[NoisePath] = ()
    """(B,), all with the same timesteps: where sampling starts instead of at the color map."""


class Decoder(Protocol):
    """What the rest of the library asks of a decoder."""

    @property
    def weights_sha256(self) -> str:
        """Digest of the loaded weights, in hex; see archive.models.weights."""
        ...

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation, (D,) each, of the embeddings it was trained on, if known."""
        ...

    @property
    def guidance(self) -> float:
        """Default scale of classifier-free guidance."""
        ...

    @property
    def batch_size(self) -> int:
        """Number of images sampled at a time."""
        ...

    @property
    def native_pixels(self) -> int:
        """Area of the images it was trained on, in pixels."""
        ...

    @property
    def size_multiple(self) -> int:
        """Both sides of a frame must be divisible by this, in pixels."""
        ...

    def sample(
        self,
        request: DecodeRequest,
        *,
        frame: tuple[int, int],
        sampling: Sampling,
        on_step: ProgressCallback | None = None,
    ) -> list[Pixels]:
        """A request for B images, frame (width, height) → B × (height, width, 3) uint8.

        The same row, seed and sampling give the same pixels on the same machine, whatever else is
        in the request. On an accelerator, another position in the batch may change the order of
        summation.
        """
        ...

    @property
    def timestep_count(self) -> int:
        """Number of timesteps of its noise schedule."""
        ...

    def posterior_gains(self, timesteps: Sequence[int]) -> list[float]:
        """How far the mean of each step of a NoisePath moves with ẑ₀, in units of its σ; (n,)."""
        ...

    def latents(self, images: Sequence[Pixels]) -> Any:
        """B × (h, w, 3) uint8 of one size → their latents z₀, a (B, C, …) tensor."""
        ...

    def pixel_gradient(self, z_hat: Any, image: Pixels) -> Any:
        """Estimated latents (C, h, w) and (H, W, 3) uint8 → −∂/∂ẑ₀ of half the squared error of
        the pixels that ẑ₀ decodes to, in −1 … 1; (C, h, w). Runs the autoencoder backwards.
        """
        ...

    def upscale(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) uint8 → enlarged by the decoder's upscaler; unchanged if it has none."""
        ...
