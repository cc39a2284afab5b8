"""What all codecs share: how well decoded vectors are aligned with the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from archive.arrays import cosine
from archive.codecs import open_codec
from archive.codecs.coclico import coclico
from tests.support.vectors import embeddings


def test_the_alignment_is_the_mean_squared_cosine_about_the_mean() -> None:
    vectors = embeddings(400, seed=1)
    codec = coclico(48, bits=2).with_alignment(vectors)
    center = vectors.mean(axis=0)
    vectors_hat = codec.decode_vectors(codec.encode_vectors(vectors))
    cosines = cosine(vectors - center, vectors_hat - center)
    assert codec.alignment == pytest.approx(float((cosines**2).mean()), abs=1e-4)
    assert codec.alignment_in(center, vectors.std(axis=0)) == codec.alignment
    assert open_codec(codec.name, codec.parameters()) == codec


def test_signs_of_centered_normal_vectors_have_the_alignment_two_over_pi() -> None:
    dimension = 256
    nothing = np.zeros(dimension, np.float32)
    measured = coclico(dimension).alignment_in(nothing, nothing + 1)
    assert measured == pytest.approx(2 / math.pi, abs=0.005)


def test_vectors_that_are_all_the_same_have_no_alignment() -> None:
    assert coclico(8).with_alignment(np.full((4, 8), 0.5, np.float32)).alignment == 0
