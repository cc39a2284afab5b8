"""The autoencoder: a small DC-AE (diffusers' AutoencoderDC, arXiv 2410.10733), f = 8, z = 8.

    loss = |x − x̂| + (x − x̂)² + GRADIENT·|∇x − ∇x̂| + MOMENTS·(mean² + (std − 1)²)
           + TOWER·Σ_stages ‖φ(x) − φ(x̂)‖² + TEACHER·Σ_stages ‖ψ(x) − ψ(x̂)‖² + TOP·(1 − cos(ψ_top(x), ψ_top(x̂)))
           + REPEATED·max(0, r(x̂) − r(x))

φ are the image tower's features, ψ the teacher's at about its own size, normalised over channels at each position (as
in LPIPS, arXiv 1801.03924); ψ_top its last ones, averaged over the picture. Two networks are harder to please with
marks that mean nothing than one, above all where each looks from another corner or at another size every time. They
still like any texture better than none, and the cheapest is a dot every four pixels, everywhere: r is the root mean
square of what fine detail repeats every 8 pixels, and there may not be more of it than in the photo. The latents carry
noise while training, so that the decoder forgives what the denoiser leaves. Crops of 64 px, later whole photos in the
frame they are drawn in; photos of less than 128 px are left out.

`goes_on`: only the decoder learns, so that latents, and denoisers trained on them, stay what they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from archive.restore.reconstruct import frame_size
from training.corpus import Corpus
from training.frames import AREA, MULTIPLE, squash
from training.image_encoder import MEAN, STD

LATENT_CHANNELS = 8
LATENT_NOISE = 0.05
GRADIENT = 1.0
MOMENTS = 1e-3
TOWER = 0.3
TEACHER = 0.4
TOP = 1.0
STAGES = 3  # of the tower's features, from the finest
GRID = 16  # pixels: what the coarsest of those stages sees as one
TEACHER_STAGES = (1, 2, 3, 4)  # 4 to 32 times smaller
# 128 px are 224 to the teacher, more or less
TEACHER_SCALE = 1.75
JITTER = (0.86, 1.05)
REPEATED = 20.0  # its weight
PERIOD = 8  # pixels
FINE = 5  # fine detail is what a mean over so many leaves
LEAST = 1e-9  # where nothing repeats, a root has no gradient
# pixels, pictures a batch of crops, and of whole photos
CROP = 64
CROPS = 32
WHOLE = 8
CROPPING = 0.8  # until this progress


def build() -> nn.Module:
    """→ AutoencoderDC, 2.7 M parameters."""
    from diffusers import AutoencoderDC

    channels = (64, 64, 128, 128)
    return AutoencoderDC(
        latent_channels=LATENT_CHANNELS,
        encoder_block_types="ResBlock",
        decoder_block_types="ResBlock",
        encoder_block_out_channels=channels,
        decoder_block_out_channels=channels,
        encoder_layers_per_block=(0, 1, 1, 1),
        decoder_layers_per_block=(0, 2, 2, 1),
        encoder_qkv_multiscales=((),) * 4,
        decoder_qkv_multiscales=((),) * 4,
        scaling_factor=1.0,
    )


class Batches:
    """Random crops at the photos' own scale, then whole photos, mirrored half of the time, one batch ahead."""

    def __init__(self, corpora: list[Corpus], *, seed: int, cropping: float = CROPPING) -> None:
        sharp = [
            (corpus, int(photo))
            for corpus in corpora
            for photo in corpus.trained[corpus.sharp[corpus.trained]]
        ]
        self._photos = sharp
        self._framed = defaultdict(list)
        for corpus, photo in sharp:
            self._framed[
                frame_size(corpus.width[photo] / corpus.height[photo], AREA, MULTIPLE)
            ].append((corpus, photo))
        self._cropping = cropping
        self._rng = np.random.default_rng(seed)
        self._pool = ThreadPoolExecutor(1)
        self._next: Future[torch.Tensor] | None = None

    def __call__(self, progress: float) -> torch.Tensor:
        """→ (B, 3, H, W) float32 in [−1, 1]."""
        draw = self._crops if progress <= self._cropping else self._whole
        ready = self._next.result() if self._next else draw()
        self._next = self._pool.submit(draw)
        return ready

    def _crops(self) -> torch.Tensor:
        chosen = [
            self._photos[position] for position in self._rng.integers(len(self._photos), size=CROPS)
        ]
        return torch.stack(
            [self._ready(self._crop(corpus.photo(photo))) for corpus, photo in chosen]
        )

    def _whole(self) -> torch.Tensor:
        corpus, photo = self._photos[self._rng.integers(len(self._photos))]
        frame = frame_size(corpus.width[photo] / corpus.height[photo], AREA, MULTIPLE)
        same = self._framed[frame]
        chosen = [same[position] for position in self._rng.integers(len(same), size=WHOLE)]
        return torch.stack(
            [self._ready(squash(corpus.photo(photo), frame)) for corpus, photo in chosen]
        )

    def _crop(self, pixels: np.ndarray) -> np.ndarray:
        top = self._rng.integers(pixels.shape[0] - CROP + 1)
        left = self._rng.integers(pixels.shape[1] - CROP + 1)
        return pixels[top : top + CROP, left : left + CROP]

    def _ready(self, pixels: np.ndarray) -> torch.Tensor:
        mirrored = pixels[:, ::-1] if self._rng.random() < 0.5 else pixels
        return torch.from_numpy(mirrored.copy()).permute(2, 0, 1).float() / 127.5 - 1


def goes_on(model: nn.Module) -> nn.Module:
    """The same autoencoder, whose encoder does not learn."""
    model.encoder.requires_grad_(False)
    return model


def loss_of(
    tower: nn.Module, teacher: nn.Module
) -> Callable[[nn.Module, torch.Tensor, float], tuple[torch.Tensor, int]]:
    """The loss in this module's head, for `loop.fit`: the trained image tower, and training.teacher's network."""
    tower.requires_grad_(False).eval()

    def loss(model: nn.Module, pixels: torch.Tensor, progress: float) -> tuple[torch.Tensor, int]:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            z = model.encode(pixels).latent
            drawn = model.decode(z + LATENT_NOISE * torch.randn_like(z)).sample.float()
            alike = TOWER * _seen_by_tower(tower, drawn, pixels) + _seen_by_teacher(
                teacher, drawn, pixels
            )
        error = drawn - pixels
        z = z.float()
        gradient = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
        channels = z.transpose(0, 1).flatten(1)
        moments = channels.mean(1).pow(2).mean() + (channels.std(1) - 1).pow(2).mean()
        plain = error.abs().mean() + error.pow(2).mean() + GRADIENT * gradient
        more = (repeated(drawn) - repeated(pixels)).clamp(min=0).mean()
        return plain + alike + REPEATED * more + MOMENTS * moments, len(pixels)

    return loss


def _seen_by_tower(tower: nn.Module, drawn: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    def look(picture: torch.Tensor) -> list[torch.Tensor]:
        shifted = (
            (picture + 1) / 2 - picture.new_tensor(MEAN)[:, None, None]
        ) / picture.new_tensor(STD)[:, None, None]
        return tower.trunk.forward_intermediates(
            shifted, indices=list(range(STAGES)), intermediates_only=True
        )

    top, left = torch.randint(GRID, (2,)).tolist()
    with torch.no_grad():
        true = look(pixels[..., top:, left:])
    return _apart(look(drawn[..., top:, left:]), true)


def _seen_by_teacher(teacher: nn.Module, drawn: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    size = teachers_size(pixels)

    def look(picture: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        seen = F.interpolate(picture, size, mode="bicubic")
        stages = teacher.forward_intermediates(
            seen, indices=list(TEACHER_STAGES), intermediates_only=True
        )
        return stages, teacher.bn2(teacher.conv_head(stages[-1])).float().mean((2, 3))

    with torch.no_grad():
        true, true_top = look(pixels)
    stages, top = look(drawn)
    return TEACHER * _apart(stages, true) + TOP * (1 - F.cosine_similarity(top, true_top).mean())


def teachers_size(pixels: torch.Tensor) -> tuple[int, int]:
    """(B, 3, H, W) → height and width for the teacher to look at, others every time."""
    scale = TEACHER_SCALE * float(torch.empty(()).uniform_(*JITTER))
    return int(pixels.shape[2] * scale), int(pixels.shape[3] * scale)


def _apart(stages: list[torch.Tensor], true: list[torch.Tensor]) -> torch.Tensor:
    """Squared distances of features, each normalised, summed over stages."""
    pairs = [
        (F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1))
        for a, b in zip(stages, true, strict=True)
    ]
    return torch.stack([(one - other).pow(2).sum(1).mean() for one, other in pairs]).sum()


def repeated(pixels: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W), sides divisible by 8 → (B,): r in this module's head, of the grey pictures."""
    grey = pixels.mean(1, keepdim=True)
    fine = (grey - F.avg_pool2d(grey, FINE, 1, FINE // 2, count_include_pad=False))[:, 0]
    block = fine.unflatten(1, (-1, PERIOD)).unflatten(3, (-1, PERIOD)).mean((1, 3))
    return (block.square().mean((1, 2)) + LEAST).sqrt()


@torch.no_grad()
def settle_scale(model: nn.Module, batches: list[torch.Tensor]) -> nn.Module:
    """Writes the scaling factor that gives the latents unit variance into the model's configuration."""
    latents = torch.cat(
        [model.encode(batch).latent.flatten() for batch in batches]
    )  # of several frames
    model.register_to_config(scaling_factor=float(1 / latents.std()))
    return model
