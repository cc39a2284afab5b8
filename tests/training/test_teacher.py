"""The teacher in PyTorch is the teacher: it is a perceptual loss, and what a loss is of has to be what it is called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.conftest import SHARED_DATA

pytest.importorskip("ai_edge_litert")
FILE = next((SHARED_DATA / "teacher").glob("*.tflite"), None) if SHARED_DATA.exists() else None


@pytest.fixture(scope="module")
def file() -> Path:
    if FILE is None:
        pytest.skip("the teacher lies in ../shared/data, which is absent")
    return FILE


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    photos = sorted((SHARED_DATA / "photos").glob("**/*.jpg"))[:40:4]
    return [
        np.asarray(Image.open(one).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC))
        for one in photos
    ]


def test_eight_bits_and_real_numbers_say_the_same(file: Path, pictures: list[np.ndarray]) -> None:
    from training.teacher import Teacher, load_network

    teacher = Teacher(file)
    network = load_network(file)
    for picture in pictures:
        probabilities, features = teacher.look(picture)
        pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.inference_mode():
            maps = network.forward_features(pixels)
            real = network(pixels).softmax(1)[0, 1:].numpy()
        assert np.corrcoef(real, probabilities)[0, 1] > 0.8
        assert np.corrcoef(maps.mean((2, 3))[0].numpy(), features)[0, 1] > 0.9


def test_features_do_not_change_the_answer(file: Path, pictures: list[np.ndarray]) -> None:
    from ai_edge_litert.interpreter import Interpreter

    from training.teacher import Teacher

    plain = Interpreter(str(file), num_threads=1)
    plain.allocate_tensors()
    plain.set_tensor(plain.get_input_details()[0]["index"], pictures[0][None])
    plain.invoke()
    answer = plain.get_tensor(plain.get_output_details()[0]["index"])[0, 1:] / 256
    assert np.array_equal(Teacher(file).classify(pictures[0]), answer.astype(np.float32))


def test_gradients_reach_the_pixels(file: Path) -> None:
    from training.teacher import load_network

    pixels = torch.rand(1, 3, 64, 64, requires_grad=True)
    load_network(file).forward_features(pixels).sum().backward()
    assert pixels.grad is not None
    assert pixels.grad.abs().sum() > 0
