"""CLIP guidance: steps go where the encoder sees more of the row's embedding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from archive.archive import Archive
from archive.arrays import cosine
from archive.models.decoders.clip_guidance import guidance_gradient
from archive.models.pairs import POCKET_SAMPLING
from training.scenes import draw_scene

SCENES = 24  # their gains differ by 0.17, and a few of them by chance more than the bound
SMALL = replace(POCKET_SAMPLING, steps=12, image_size=64)  # small images gain most, and are cheap
GAIN = 0.1  # of the mean cosine, at least


def test_guided_images_are_more_like_the_embedding(tmp_path: Path) -> None:
    for seed in range(SCENES):
        pixels = draw_scene(seed, size=(160, 160)).pixels
        Image.fromarray(pixels).save(tmp_path / f"{seed:02}.png")
    with Archive.create(tmp_path / "archive", "pocket") as archive:
        list(archive.ingest(sorted(tmp_path.glob("*.png"))))
        rows = list(archive)
        assert archive.decoder.embedding_stats is not None
        center, _ = archive.decoder.embedding_stats
        vectors_hat = archive.codec.decode_vectors([row.clip_code for row in rows])

        def mean_cosine(clip_guidance: float) -> float:
            sampling = replace(SMALL, clip_guidance=clip_guidance)
            reconstructor = archive.reconstructor(sampling)
            images = [reconstructor.reconstruct([row], [row.id])[0].pixels for row in rows]
            encoder = archive.encoder
            vectors = encoder.encode_images([encoder.preprocess(image) for image in images])
            return float(cosine(vectors - center, vectors_hat - center).mean())

        assert mean_cosine(0.2) > mean_cosine(0.0) + GAIN


def test_a_step_along_the_gradient_is_a_step_up() -> None:
    target = torch.tensor([1.0, -2.0, 0.5])
    z_hat = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    vectors = np.zeros((2, 3), np.float32)

    def similarity(pixels: torch.Tensor, vectors: np.ndarray) -> torch.Tensor:
        assert vectors.shape == (2, 3)
        return torch.nn.functional.cosine_similarity(pixels.mean(dim=(2, 3)), target[None], dim=1)

    with torch.inference_mode():
        gradient = guidance_gradient(z_hat, torch.tanh, similarity, vectors, seed=0)
        before = similarity(torch.tanh(z_hat), vectors)
        after = similarity(torch.tanh(z_hat + 0.01 * gradient), vectors)
    assert torch.allclose(gradient.square().mean(dim=(1, 2, 3)), torch.ones(2))
    assert bool((after > before).all())
