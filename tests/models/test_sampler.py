"""The sampling loop, on a tiny Stable unCLIP."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from archive.imaging.resize import to_square
from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import open_decoder
from archive.models.decoders.pulls import low_frequencies
from archive.models.decoders.sampler import LatentDecoder
from archive.models.pairs import PAIRS
from archive.models.sampling import Sampling
from tests.support.pairs import DIMENSION
from tests.support.pipelines import GRAY_MAP, NO_MAP, record_calls, sample_image

FOUR_STEPS = Sampling(steps=4)


def test_sampling_is_deterministic_and_depends_on_every_parameter(
    tiny_decoder: LatentDecoder, vector: np.ndarray
) -> None:
    def sample(
        embedding: np.ndarray = vector,
        colors: np.ndarray = GRAY_MAP,
        seed: int = 1,
        **parameters: float,
    ) -> np.ndarray:
        sampling = replace(FOUR_STEPS, **parameters)  # type: ignore[arg-type]
        return sample_image(
            tiny_decoder, embedding, colors, seed=seed, frame=(32, 16), sampling=sampling
        )

    first = sample()
    assert first.shape == (16, 32, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, sample())
    others = [
        sample(embedding=-vector),
        sample(colors=NO_MAP),
        sample(seed=2),
        sample(guidance=1.0),
        sample(strength=0.5),
        sample(low_frequency_guidance=0.5),
        sample(noise_level=500),
        sample(steps=5),
    ]
    assert not any(np.array_equal(first, other) for other in others)


def test_timesteps_start_at_the_strength_and_descend(tiny_decoder: LatentDecoder) -> None:
    timesteps = tiny_decoder.timesteps(20, 0.88).tolist()
    assert timesteps[0] == 880
    assert timesteps == sorted(timesteps, reverse=True)
    assert tiny_decoder.timesteps(20, 1.0).shape == (20,)


def test_the_start_is_the_map_noised_to_exactly_the_level_of_the_first_step(
    tiny_decoder: LatentDecoder,
) -> None:
    timestep = tiny_decoder.timesteps(20, 0.88)[0]
    alpha_bar = tiny_decoder._schedule.alpha_bar(timestep)
    z_map = torch.full((1, 4, 32, 32), 3.0)
    start = tiny_decoder._initial_latents(z_map, (64, 64), [7], timestep)
    assert start.mean().item() == pytest.approx(3 * alpha_bar.sqrt().item(), abs=0.05)
    assert start.std().item() == pytest.approx((1 - alpha_bar).sqrt().item(), rel=0.05)


def test_every_step_gets_its_timestep_and_is_reported(
    tiny_decoder: LatentDecoder, vector: np.ndarray
) -> None:
    calls = record_calls(tiny_decoder._unet)
    progress: list[tuple[int, int]] = []
    tiny_decoder.sample(
        DecodeRequest(vector[None], GRAY_MAP[None], [1]),
        frame=(16, 16),
        sampling=FOUR_STEPS,
        on_step=lambda done, total: progress.append((done, total)),
    )
    timesteps = [int(call["timestep"]) for call in calls]
    assert timesteps == tiny_decoder.timesteps(4, 0.88).tolist()
    assert progress == [(done, len(calls)) for done in range(1, len(calls) + 1)]


def test_an_image_is_the_same_whatever_else_is_in_the_request(
    tiny_decoder: LatentDecoder, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(7, DIMENSION)).astype(np.float32)
    maps = rng.integers(0, 256, (7, 8, 8, 3), dtype=np.uint8)

    def sample(*rows: int) -> list[np.ndarray]:
        request = DecodeRequest(vectors[list(rows)], maps[list(rows)], rows)
        return tiny_decoder.sample(request, frame=(16, 24), sampling=FOUR_STEPS)

    expected = sample(*range(7))[3]
    for rows in ((3,), (6, 3), (3, 0, 1, 2, 5)):
        assert np.array_equal(sample(*rows)[rows.index(3)], expected)


def test_low_frequencies_of_a_constant_are_the_constant() -> None:
    constant = torch.full((1, 4, 12, 20), 2.0)
    assert torch.allclose(low_frequencies(constant, 8), constant)


def test_the_pixel_gradient_leads_to_a_smaller_error(
    tiny_decoder: LatentDecoder, rng: np.random.Generator
) -> None:
    target, other = rng.integers(0, 256, (2, 24, 16, 3), dtype=np.uint8)
    [z] = tiny_decoder.latents([other])
    gradient = tiny_decoder.pixel_gradient(z, target)
    assert gradient.shape == z.shape

    def error(latents: torch.Tensor) -> float:
        [pixels] = tiny_decoder.decode_pixels(latents[None])
        return float(np.square(pixels.astype(float) - target).mean())

    assert error(z + z.norm() * gradient / gradient.norm()) < error(z)


def test_low_frequency_guidance_brings_an_images_colors_nearer_to_the_map(
    rng: np.random.Generator,
) -> None:
    pocket = open_decoder(PAIRS["pocket"], dimension=512)
    colors = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)

    def distance(share: float) -> float:
        sampling = replace(PAIRS["pocket"].sampling, low_frequency_guidance=share)
        vector = np.zeros(512, np.float32)
        image = sample_image(pocket, vector, colors, frame=(128, 128), sampling=sampling)
        return float(np.square(to_square(image, 8).astype(float) - colors).mean())

    assert distance(0.5) < distance(0.0)
