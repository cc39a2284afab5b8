"""Levels of sparse codes are the best that there are for their atoms."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from archive.arrays import Vectors
from archive.codecs.coders.sparse import Dictionary, SparseCodes
from archive.codecs.coders.sparse_fit import Shape, fit_dictionary

LEVELS = 4


def squared_errors(dictionary: Dictionary, codes: SparseCodes, rows: Vectors) -> Vectors:
    errors: Vectors = np.square(dictionary.reconstruct(codes) - rows).sum(axis=1)
    return errors


def test_where_bits_are_free_no_other_level_is_closer(rng: np.random.Generator) -> None:
    rows = (rng.normal(size=(2000, 6)) * (3, 2, 1, 1, 0.5, 0.5)).astype(np.float32)
    fitted = fit_dictionary(rows, 12, Shape(16, 2, LEVELS))
    free = replace(fitted, slope=np.array(0.0))
    codes = free.quantize(rows)
    least = squared_errors(free, codes, rows)
    assert (codes.counts == 2).mean() > 0.5
    for position, level in product(range(2), range(LEVELS)):
        levels = codes.levels.copy()
        levels[:, position] = level
        others = squared_errors(free, replace(codes, levels=levels), rows)
        assert (others < least - 1e-3).mean() < 0.03
