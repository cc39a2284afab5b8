"""Users of the library see no warnings, log records or progress bars of the model libraries."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from archive.models.quiet import quiet

SCRIPT = """
import logging, sys
import numpy as np
from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import open_decoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling

for name in sys.argv[1:]:
    pair = find_pair(name)
    encoder = OpenClipEncoder(pair)
    size = encoder.image_size
    vectors = encoder.encode_images([np.zeros((size, size, 3), np.uint8)])
    decoder = open_decoder(pair, dimension=encoder.dimension)
    request = DecodeRequest(vectors, np.zeros((1, 8, 8, 3), np.uint8), [0])
    [image] = decoder.sample(request, frame=(64, 64), sampling=Sampling(steps=2))
    decoder.upscale(image)
print(logging.getLogger().handlers)
"""


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["-W", "error"]], ids=["default", "warnings-as-errors"])
def test_loading_and_sampling_say_nothing(options: list[str], tiny_pair: Path) -> None:
    command = [sys.executable, *options, "-c", SCRIPT, "pocket", str(tiny_pair)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.stderr == ""
    assert finished.stdout == "[]\n"  # the root logger is as it was
    assert finished.returncode == 0


def test_everything_is_as_before_after_overlapping_silences() -> None:
    logger = logging.getLogger("diffusers")
    with quiet("diffusers"):
        pass  # imported
    level = logger.level
    filters = list(warnings.filters)
    outer = quiet()
    outer.__enter__()
    inner = quiet("diffusers")
    inner.__enter__()
    assert logger.level == logging.ERROR
    outer.__exit__(None, None, None)
    assert logger.level == logging.ERROR
    inner.__exit__(None, None, None)
    assert logger.level == level
    assert list(warnings.filters) == filters


def test_errors_and_the_users_own_records_are_not_silenced(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with quiet("diffusers"):
        monkeypatch.setattr(logging.getLogger("diffusers"), "propagate", True)
        logging.getLogger("diffusers").warning("developers only")
        logging.getLogger("diffusers").error("an error")
        logging.getLogger("application").warning("the application's")
        logging.warning("the user's")
    messages = list(dict.fromkeys(record.message for record in caplog.records))
    assert messages == ["an error", "the application's", "the user's"]
