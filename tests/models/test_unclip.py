"""Stable unCLIP: an embedding and its noise level as class label."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from archive.errors import ModelMissing, UsageError
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.unclip import ClassLabels
from archive.models.sampling import Sampling
from tests.support.pairs import DIMENSION
from tests.support.pipelines import open_folder, record_calls, sample_image


@pytest.fixture
def embedding_noise() -> Any:
    """The scheduler that noised unCLIP's embeddings in training."""
    from diffusers import DDPMScheduler

    return DDPMScheduler(beta_schedule="squaredcos_cap_v2")


def test_guidance_weighs_the_embedding_against_an_empty_label(
    tiny_decoder: LatentDecoder, vector: np.ndarray
) -> None:
    calls = record_calls(tiny_decoder._unet)
    sample_image(tiny_decoder, vector, frame=(16, 16), sampling=Sampling(steps=1, noise_level=0))
    unconditional, conditional = calls[0]["class_labels"]
    assert not unconditional.any()
    assert np.allclose(conditional[:DIMENSION].numpy(), vector)


@pytest.mark.parametrize("level", [50, 431, 800])
def test_the_noise_level_is_the_one_whose_signal_is_the_alignment(
    tiny_decoder: LatentDecoder, embedding_noise: Any, level: int
) -> None:
    labels = tiny_decoder._conditioning
    assert isinstance(labels, ClassLabels)
    assert labels.matching_level(float(embedding_noise.alphas_cumprod[level])) == level
    assert labels.matching_level(1.0) == 0


def test_the_label_is_what_unclip_makes_of_an_embedding_as_noisy_as_the_code(
    tiny_decoder: LatentDecoder, embedding_noise: Any, rng: np.random.Generator
) -> None:
    dimension = 512
    alphas = embedding_noise.alphas_cumprod
    white = torch.from_numpy(rng.normal(size=(64, dimension)).astype(np.float32))
    noised = embedding_noise.add_noise(white, torch.randn_like(white), torch.tensor([431]))
    decoded = noised * alphas[431].sqrt()  # as a codec of that error decodes to
    normalizer = SimpleNamespace(mean=torch.zeros(1, dimension), std=torch.ones(1, dimension))
    labels = ClassLabels(tiny_decoder._unet, normalizer, alphas, prompt=None)
    made = labels.labels(decoded.numpy(), float(alphas[431]), None)[:, :dimension]
    length = noised.norm(dim=1, keepdim=True)
    assert torch.allclose(made, noised * (dimension**0.5 / length), atol=1e-4)
    assert float(made.std()) == pytest.approx(float(noised.std()), rel=0.02)


def test_a_folder_without_model_index_is_taken_for_stable_unclip(
    tiny_pair: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_pair / "decoder", tmp_path / "copy")
    (tmp_path / "copy" / "model_index.json").unlink()
    assert isinstance(open_folder(tmp_path / "copy")._conditioning, ClassLabels)


def test_an_incomplete_folder_says_what_it_lacks(tiny_pair: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_pair / "decoder", tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "vae")
    with pytest.raises(ModelMissing, match="lacks vae"):
        open_folder(tmp_path / "copy")


def test_a_decoder_for_another_dimension_is_refused(tiny_pair: Path) -> None:
    with pytest.raises(UsageError, match="16 dimensions, this archive's have 768"):
        open_folder(tiny_pair / "decoder", dimension=768)
