"""Devices and floating-point types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from archive.errors import UsageError
from archive.models.decoders.open import open_decoder
from archive.models.device import DeviceConfig, resolve_device
from archive.models.pairs import find_pair
from tests.support.pairs import DIMENSION
from tests.support.pipelines import sample_image


def test_the_best_device_and_its_dtype_are_the_default() -> None:
    expected = ("cuda", torch.float16) if torch.cuda.is_available() else ("cpu", torch.float32)
    assert resolve_device(None) == resolve_device(DeviceConfig()) == expected
    assert resolve_device(DeviceConfig("cpu", "bfloat16")) == ("cpu", torch.bfloat16)


@pytest.mark.parametrize("device", ["nonsense", "cuda:99"])
def test_a_device_that_this_machine_lacks_is_refused(tiny_pair: Path, device: str) -> None:
    pair = find_pair(str(tiny_pair))
    with pytest.raises(UsageError, match="this machine has no device"):
        open_decoder(pair, dimension=DIMENSION, device=DeviceConfig(device))


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_decoder_runs_in_any_dtype_and_is_known_by_the_same_digest(
    tiny_pair: Path, dtype: str, vector: np.ndarray
) -> None:
    pair = find_pair(str(tiny_pair))
    decoder = open_decoder(pair, dimension=DIMENSION, device=DeviceConfig("cpu", dtype))
    assert sample_image(decoder, vector, frame=(16, 16)).shape == (16, 16, 3)
    assert decoder.weights_sha256 == open_decoder(pair, dimension=DIMENSION).weights_sha256
