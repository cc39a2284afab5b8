"""The rate-distortion bound, and vectors read from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archive.errors import UsageError
from archive.evaluate.codec_bench import load_vectors
from archive.evaluate.rate_distortion import GaussianBound


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00"])
def test_files_that_hold_no_vectors_are_refused_in_one_sentence(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "vectors.npy").write_bytes(content)
    with pytest.raises(UsageError, match=r"vectors of shape|of shape"):
        load_vectors(tmp_path / "vectors.npy")
    np.save(tmp_path / "vectors.npy", np.zeros(3, np.float32))
    with pytest.raises(UsageError, match="matrix"):
        load_vectors(tmp_path / "vectors.npy")


def test_the_bound_is_that_of_a_gaussian() -> None:
    white = np.random.default_rng(0).normal(size=(20_000, 8)).astype(np.float32)
    quarter_of_variance = 8 / 4  # one bit per dimension
    assert GaussianBound.of(white).bits(quarter_of_variance) == pytest.approx(8, rel=0.02)
    assert GaussianBound.of(white).bits(9) == 0
    assert GaussianBound.of(white).centered_cosine(8) == pytest.approx(np.sqrt(0.75), rel=0.01)
