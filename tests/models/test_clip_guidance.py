"""CLIP guidance: steps go where the encoder sees more of the row's embedding."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from archive.arrays import cosine
from archive.codecs.coclico import coclico
from archive.imaging.resize import to_square
from archive.models.decoder import DecodeRequest
from archive.models.decoders.clip_guidance import guidance_gradient
from archive.models.decoders.open import open_decoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_SAMPLING, find_pair
from training.scenes import draw_scene

SCENES = 24  # with fewer, chance matters as much as guidance
GAIN = 0.03  # of the mean cosine, at least


@pytest.mark.slow
def test_guided_images_are_more_like_the_embedding() -> None:
    pair = find_pair("pocket")
    encoder = OpenClipEncoder(pair)
    decoder = open_decoder(pair, dimension=encoder.dimension)
    assert decoder.embedding_stats is not None
    center, _ = decoder.embedding_stats
    scenes = [draw_scene(seed, size=(160, 160)).pixels for seed in range(SCENES)]
    originals = encoder.encode_images([encoder.preprocess(scene) for scene in scenes])
    codec = coclico(encoder.dimension)
    vectors = codec.decode_vectors(codec.encode_vectors(originals))
    maps = np.stack([to_square(scene, 8) for scene in scenes])
    similarity = partial(encoder.clip_similarity, center=center)

    def mean_cosine(clip_guidance: float) -> float:
        guide = similarity if clip_guidance else None
        request = DecodeRequest(vectors, maps, range(SCENES), 0.6, guide)
        sampling = replace(POCKET_SAMPLING, clip_guidance=clip_guidance)
        images = decoder.sample(request, frame=(128, 128), sampling=sampling)
        embeddings = encoder.encode_images([encoder.preprocess(image) for image in images])
        return float(cosine(embeddings - center, vectors - center).mean())

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
