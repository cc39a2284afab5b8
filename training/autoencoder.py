"""The autoencoder: a small DC-AE (diffusers' AutoencoderDC, arXiv 2410.10733), f = 8, z = 8.

    loss = |x − x̂| + (x − x̂)² + GRADIENT·|∇x − ∇x̂| + MOMENTS·(mean² + (std − 1)²)
           + BACKBONE·Σ_stages ‖φ(x) − φ(x̂)‖²
           + TEACHER·Σ_stages ‖ψ(x) − ψ(x̂)‖² + TOP·(1 − cos(ψ_top(x), ψ_top(x̂)))
           + PERIODIC·max(0, r(x̂) − r(x))

φ are the features of EfficientNet-Lite0, ψ the teacher's at about its own size, normalized over
channels at each position (as in LPIPS, arXiv 1801.03924); ψ_top its last ones, averaged over the
image. Two networks are harder to satisfy with meaningless patterns than one, especially when each
sees the image from a random offset or at a random size. They still prefer any texture to none, and
the cheapest is a dot every four pixels: r is the root mean square of the fine detail that repeats
every 8 pixels, which must not exceed the photo's. Latents get noise in training, so that the
decoder tolerates the denoiser's errors. Crops of 64 px, later whole photos in their frames; photos
smaller than 128 px are left out.

`freeze_encoder`: only the decoder learns, so that latents, and denoisers trained on them, stay
valid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch.nn import functional as F

from archive.arrays import Pixels
from archive.restore.frames import frame_size
from training.corpus import Corpus
from training.frames import AREA, MULTIPLE, squash
from training.networks import Autoencoder, Backbone, TeacherNetwork

LATENT_CHANNELS = 8
LATENT_NOISE = 0.05
GRADIENT = 1.0  # weights of the loss
MOMENTS = 1e-3
BACKBONE = 0.3
TEACHER = 0.4
TOP = 1.0
PERIODIC = 20.0
STAGES = (1, 2, 3)  # of the backbone's features, 4 to 16 times smaller
SHIFT = 16  # pixels: the stride of the coarsest of those stages
TEACHER_STAGES = (1, 2, 3, 4)  # 4 to 32 times smaller
TEACHER_SCALE = 1.75  # about 224 / 128: the teacher's size
TEACHER_JITTER = (0.86, 1.05)  # of that scale
PERIOD = 8  # pixels
FINE = 5  # fine detail: the difference from a mean over FINE × FINE pixels
LEAST = 1e-9  # keeps the gradient of the root finite
CROP = 64  # pixels
CROPS = 32  # per batch
WHOLE = 8  # whole photos per batch
CROPPING = 0.8  # progress until which crops are used


def build() -> Autoencoder:
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
    """Random crops at the photos' own scale, then whole photos, half of them flipped; one ahead."""

    def __init__(self, corpora: list[Corpus], *, seed: int, cropping: float = CROPPING) -> None:
        self._photos = [
            (corpus, int(photo))
            for corpus in corpora
            for photo in corpus.training_rows[corpus.sharp[corpus.training_rows]]
        ]
        self._by_frame = defaultdict(list)
        for corpus, photo in self._photos:
            self._by_frame[_frame(corpus, photo)].append((corpus, photo))
        self._cropping = cropping
        self._rng = np.random.default_rng(seed)
        self._pool = ThreadPoolExecutor(1)
        self._next: Future[torch.Tensor] | None = None

    def __call__(self, progress: float) -> torch.Tensor:
        """→ (B, 3, H, W) float32 in [-1, 1]."""
        draw = self._crops if progress <= self._cropping else self._whole
        ready = self._next.result() if self._next else draw()
        self._next = self._pool.submit(draw)
        return ready

    def _crops(self) -> torch.Tensor:
        rows = self._rng.integers(len(self._photos), size=CROPS)
        chosen = [self._photos[row] for row in rows]
        return torch.stack(
            [self._to_tensor(self._crop(corpus.photo(photo))) for corpus, photo in chosen]
        )

    def _whole(self) -> torch.Tensor:
        frame = _frame(*self._photos[self._rng.integers(len(self._photos))])
        same = self._by_frame[frame]
        chosen = [same[row] for row in self._rng.integers(len(same), size=WHOLE)]
        return torch.stack(
            [self._to_tensor(squash(corpus.photo(photo), frame)) for corpus, photo in chosen]
        )

    def _crop(self, pixels: Pixels) -> Pixels:
        top = self._rng.integers(pixels.shape[0] - CROP + 1)
        left = self._rng.integers(pixels.shape[1] - CROP + 1)
        return pixels[top : top + CROP, left : left + CROP]

    def _to_tensor(self, pixels: Pixels) -> torch.Tensor:
        flipped = pixels[:, ::-1] if self._rng.random() < 0.5 else pixels
        return torch.from_numpy(flipped.copy()).permute(2, 0, 1).float() / 127.5 - 1


def _frame(corpus: Corpus, photo: int) -> tuple[int, int]:
    return frame_size(corpus.width[photo] / corpus.height[photo], AREA, MULTIPLE)


def freeze_encoder(model: Autoencoder) -> Autoencoder:
    """The same autoencoder, with only its decoder trainable."""
    model.encoder.requires_grad_(False)
    return model


def loss_of(
    backbone: Backbone, teacher: TeacherNetwork
) -> Callable[[Autoencoder, torch.Tensor, float], tuple[torch.Tensor, int]]:
    """The loss in this module's docstring, for `loop.fit`; `backbone`: the image encoder's."""

    def loss(model: Autoencoder, pixels: torch.Tensor, progress: float) -> tuple[torch.Tensor, int]:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            z = model.encode(pixels).latent
            decoded = model.decode(z + LATENT_NOISE * torch.randn_like(z)).sample.float()
            perceptual = BACKBONE * _backbone_distance(backbone, decoded, pixels)
            perceptual = perceptual + _teacher_distance(teacher, decoded, pixels)
        error = decoded - pixels
        z = z.float()
        gradient = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
        channels = z.transpose(0, 1).flatten(1)
        moments = channels.mean(1).pow(2).mean() + (channels.std(1) - 1).pow(2).mean()
        pixelwise = error.abs().mean() + error.pow(2).mean() + GRADIENT * gradient
        excess = (periodic_rms(decoded) - periodic_rms(pixels)).clamp(min=0).mean()
        total = pixelwise + perceptual + PERIODIC * excess + MOMENTS * moments
        return total, len(pixels)

    return loss


def _backbone_distance(
    backbone: Backbone, decoded: torch.Tensor, pixels: torch.Tensor
) -> torch.Tensor:
    def features(images: torch.Tensor) -> list[torch.Tensor]:
        stages: list[torch.Tensor] = backbone.forward_intermediates(
            images, indices=list(STAGES), intermediates_only=True
        )
        return stages

    top, left = torch.randint(SHIFT, (2,)).tolist()
    with torch.no_grad():
        true = features(pixels[..., top:, left:])
    return _feature_distance(features(decoded[..., top:, left:]), true)


def _teacher_distance(
    teacher: TeacherNetwork, decoded: torch.Tensor, pixels: torch.Tensor
) -> torch.Tensor:
    size = random_teacher_size(pixels)

    def features(images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        resized = F.interpolate(images, size, mode="bicubic")
        stages = teacher.forward_intermediates(
            resized, indices=list(TEACHER_STAGES), intermediates_only=True
        )
        return stages, teacher.bn2(teacher.conv_head(stages[-1])).float().mean((2, 3))

    with torch.no_grad():
        true, true_top = features(pixels)
    stages, top = features(decoded)
    similarity = F.cosine_similarity(top, true_top).mean()
    return TEACHER * _feature_distance(stages, true) + TOP * (1 - similarity)


def random_teacher_size(pixels: torch.Tensor) -> tuple[int, int]:
    """(B, 3, H, W) → a height and width for the teacher, jittered anew at every call."""
    scale = TEACHER_SCALE * float(torch.empty(()).uniform_(*TEACHER_JITTER))
    return int(pixels.shape[2] * scale), int(pixels.shape[3] * scale)


def _feature_distance(stages: Sequence[torch.Tensor], true: Sequence[torch.Tensor]) -> torch.Tensor:
    """Squared distances of features, each normalized over channels, summed over stages."""
    distances = []
    for stage, true_stage in zip(stages, true, strict=True):
        error = F.normalize(stage.float(), dim=1) - F.normalize(true_stage.float(), dim=1)
        distances.append(error.pow(2).sum(1).mean())
    return torch.stack(distances).sum()


def periodic_rms(pixels: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W), sides divisible by 8 → (B,): r in this module's docstring, of gray images."""
    gray = pixels.mean(1, keepdim=True)
    fine = (gray - F.avg_pool2d(gray, FINE, 1, FINE // 2, count_include_pad=False))[:, 0]
    count, height, width = fine.shape
    blocks = fine.reshape(count, height // PERIOD, PERIOD, width // PERIOD, PERIOD)
    block = blocks.mean((1, 3))
    return (block.square().mean((1, 2)) + LEAST).sqrt()


def set_scaling_factor(model: Autoencoder, batches: list[torch.Tensor]) -> Autoencoder:
    """Writes the factor that gives the latents unit variance into the model's configuration."""
    with torch.no_grad():
        # flattened: batches have several frames
        latents = torch.cat([model.encode(batch).latent.flatten() for batch in batches])
    model.register_to_config(scaling_factor=float(1 / latents.std()))
    return model
