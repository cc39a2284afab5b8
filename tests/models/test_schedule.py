"""Noise schedules: predicted clean latents, and what changes them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import diffusers
import pytest
import torch

from archive.models.decoders.schedule import Schedule, classifier_free_guidance
from tests.support.families import FAMILIES
from tests.support.pipelines import open_folder


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction", "sample"])
def test_a_shift_changes_predicted_x0_by_exactly_itself(prediction_type: str) -> None:
    output, z, shift = torch.randn(3, 2, 4, 8, 8)
    config = SimpleNamespace(prediction_type=prediction_type)
    schedule = Schedule(SimpleNamespace(alphas_cumprod=torch.tensor([0.3]), config=config))
    shifted = schedule.model_output_for_x0(output, shift, 0)
    expected = schedule.predict_x0(output, z, 0) + shift
    assert torch.allclose(schedule.predict_x0(shifted, z, 0), expected, atol=1e-4)


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
def test_a_perfect_output_predicts_the_clean_latents(prediction_type: str) -> None:
    clean, noise = torch.randn(2, 1, 4, 8, 8)
    solver = diffusers.DPMSolverMultistepScheduler(prediction_type=prediction_type)
    schedule = Schedule(solver)
    signal = schedule.alpha_bar(500).sqrt()
    sigma = (1 - schedule.alpha_bar(500)).sqrt()
    z = signal * clean + sigma * noise
    output = noise if prediction_type == "epsilon" else signal * noise - sigma * clean
    assert torch.allclose(schedule.predict_x0(output, z, 500), clean, atol=1e-4)


def test_guidance_extrapolates_from_the_unconditional_to_the_conditional_output() -> None:
    outputs = torch.tensor([[1.0], [2.0], [4.0], [6.0]])
    assert classifier_free_guidance(outputs, 0).tolist() == [[1.0], [2.0]]
    assert classifier_free_guidance(outputs, 1).tolist() == [[4.0], [6.0]]
    assert classifier_free_guidance(outputs, 2).tolist() == [[7.0], [10.0]]


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_levels_are_the_checkpoints_own(
    decoder_folders: dict[str, Path], family: str
) -> None:
    folder = decoder_folders[family]
    part = folder / ("decoder_scheduler" if family == "karlo" else "scheduler")
    class_name = json.loads((part / "scheduler_config.json").read_text())["_class_name"]
    checkpoint = getattr(diffusers, class_name).from_pretrained(part)
    solver = open_folder(folder)._schedule.solver
    assert torch.equal(solver.alphas_cumprod, checkpoint.alphas_cumprod)
    assert solver.config.prediction_type == checkpoint.config.prediction_type
