"""The teacher in PyTorch computes what the 8-bit file does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archive.arrays import Pixels
from tests.conftest import SHARED_DATA

pytest.importorskip("ai_edge_litert")
FILE = next((SHARED_DATA / "teacher").glob("*.tflite"), None) if SHARED_DATA.exists() else None


@pytest.fixture(scope="module")
def file() -> Path:
    if FILE is None:
        pytest.skip("needs the teacher in ../shared/data")
    return FILE


@pytest.fixture(scope="module")
def photos() -> list[Pixels]:
    """Ten photos, squashed to 224 × 224."""
    paths = sorted((SHARED_DATA / "photos").glob("**/*.jpg"))[:40:4]
    images = [Image.open(path).convert("RGB") for path in paths]
    return [np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC)) for image in images]


def test_the_8_bit_network_and_the_float_network_agree(file: Path, photos: list[Pixels]) -> None:
    from training.teacher import Teacher, load_network

    teacher = Teacher(file)
    network = load_network(file)
    for photo in photos:
        probabilities, features = teacher.classify_with_features(photo)
        pixels = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.inference_mode():
            feature_maps = network.forward_features(pixels)
            float_probabilities = network(pixels).softmax(1)[0, 1:].numpy()
        float_features = feature_maps.mean((2, 3))[0].numpy()
        assert np.corrcoef(float_probabilities, probabilities)[0, 1] > 0.8
        assert np.corrcoef(float_features, features)[0, 1] > 0.9


def test_reading_the_features_does_not_change_the_classes(file: Path, photos: list[Pixels]) -> None:
    from ai_edge_litert.interpreter import Interpreter

    from training.teacher import Teacher

    plain = Interpreter(str(file), num_threads=1)
    plain.allocate_tensors()
    plain.set_tensor(plain.get_input_details()[0]["index"], photos[0][None])
    plain.invoke()
    answer = plain.get_tensor(plain.get_output_details()[0]["index"])[0, 1:] / 256
    assert np.array_equal(Teacher(file).classify(photos[0]), answer.astype(np.float32))


def test_gradients_reach_the_pixels(file: Path) -> None:
    from training.teacher import load_network

    pixels = torch.rand(1, 3, 64, 64, requires_grad=True)
    load_network(file).forward_features(pixels).sum().backward()
    assert pixels.grad is not None
    assert pixels.grad.abs().sum() > 0
