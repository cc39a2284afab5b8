"""The trellis: the path of least cost, better than a scalar quantizer, exact messages."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.arrays import Vectors, unit
from archive.codecs.coders import range_coder
from archive.codecs.coders.batch_reader import BatchReader, Tables
from archive.codecs.coders.transform_fit import fit_transform
from archive.codecs.coders.trellis import BRANCHES, NEXT, STATES, best_path, points
from archive.codecs.coders.trellis_fit import LIMIT, Remainder, fit_trellis
from archive.codecs.coders.trellis_transform import TrellisTransform
from archive.errors import BadCode

DIMENSION = 24


def draw(count: int, *, seed: int) -> Vectors:
    """(count, DIMENSION) normal, with a decaying spectrum."""
    spectrum = np.arange(1, DIMENSION + 1) ** -0.5
    noise = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return np.asarray(noise * spectrum, np.float32)


def fit(rows: Vectors, bits: float) -> TrellisTransform:
    """A trellis alone."""
    no_bits = np.zeros(len(rows), np.float32)
    return fit_trellis(Remainder(rows, rows, no_bits, lambda row: []), bits)


def encode(coder: TrellisTransform, rows: Vectors) -> list[bytes]:
    """(N, d) → N messages."""
    codes = coder.quantize(rows, np.zeros(len(rows), np.float32))
    return [range_coder.encode(coder.segments(codes, row)) for row in range(len(rows))]


def decode(coder: TrellisTransform, messages: list[bytes]) -> Vectors:
    """The mirror of encode."""
    return coder.reconstruct(coder.read(BatchReader(messages), len(messages)))


def test_the_path_is_the_cheapest_of_all() -> None:
    costs = np.random.default_rng(0).random((6, BRANCHES, 5), np.float32)
    path = best_path(costs)
    for row in range(costs.shape[2]):
        totals = {}
        for parities in product((0, 1), repeat=len(costs)):
            state = 0
            branches = []
            for parity in parities:
                branches.append(2 * (state & 1) + parity)
                state = NEXT[state, parity]
            totals[tuple(branches)] = costs[np.arange(len(costs)), branches, row].sum()
        assert tuple(path[:, row].tolist()) == min(totals, key=lambda branches: totals[branches])


def test_every_state_is_reached_by_two_others_and_parities_part() -> None:
    assert (np.bincount(NEXT.ravel(), minlength=STATES) == 2).all()
    assert (NEXT[:, 0] != NEXT[:, 1]).all()


def test_the_quantizers_share_the_multiples_of_the_step() -> None:
    levels = np.arange(-3, 4)
    assert points(levels, 0).tolist() == [-6, -4, -2, 0, 2, 4, 6]
    assert points(levels, 1).tolist() == [-5, -3, -1, 0, 1, 3, 5]


@pytest.mark.parametrize("bits", [24, 64, 128])
def test_it_beats_the_scalar_quantizer_at_the_bits_asked_for(bits: int) -> None:
    sample = draw(4000, seed=1)
    fresh = draw(1000, seed=2)
    trellis = fit(sample, bits)
    scalar = fit_transform(sample, bits)
    messages = encode(trellis, fresh)
    assert 8 * np.mean([len(message) for message in messages]) == pytest.approx(bits, rel=0.04)
    error = np.square(decode(trellis, messages) - fresh).sum()
    scalar_error = np.square(scalar.decode(scalar.encode(fresh)) - fresh).sum()
    assert error < (0.94 if bits > 24 else 1.0) * scalar_error


def test_messages_decode_to_what_was_chosen_alone_and_among_others() -> None:
    coder = fit(draw(1000, seed=1), 60)
    fresh = draw(200, seed=2)
    chosen = coder.reconstruct(coder.quantize(fresh, np.zeros(len(fresh), np.float32)))
    messages = encode(coder, fresh)
    assert np.array_equal(decode(coder, messages), chosen)
    alone = [decode(coder, [message]) for message in messages]
    assert np.array_equal(np.concatenate(alone), chosen)


def test_messages_of_rows_unlike_the_sample_are_limited() -> None:
    coder = fit(draw(4000, seed=1), 64)
    usual = coder.quantize(draw(500, seed=2), np.zeros(500, np.float32))
    assert (usual.modes == 0).mean() > 0.95
    foreign = np.random.default_rng(3).normal(size=(500, DIMENSION)).astype(np.float32)
    for scale in (1, 10):
        messages = encode(coder, scale * foreign)
        assert max(map(len, messages)) <= LIMIT * 64 / 8 + 1
        cosines = (unit(decode(coder, messages)) * unit(foreign)).sum(axis=1)
        assert cosines.mean() > 0.3


@settings(deadline=None)
@given(st.data())
def test_the_batch_reader_reads_what_the_range_coder_reads(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    width = data.draw(st.integers(2, 300))
    length = data.draw(st.integers(1, 40))
    counts = range_coder.integer_counts(rng.random((5, width)) ** data.draw(st.integers(1, 20)))
    tables = rng.integers(0, 5, (3, length))
    shares = counts / counts.sum(axis=1, keepdims=True)
    symbols = np.array([[rng.choice(width, p=shares[table]) for table in row] for row in tables])
    messages = [
        range_coder.encode([(row.astype(np.int32), range_coder.probabilities(counts)[choice])])
        for row, choice in zip(symbols, tables, strict=True)
    ]
    reader = BatchReader(messages)
    read = [reader.read(Tables.of(counts), tables[:, place]) for place in range(length)]
    assert np.array_equal(np.stack(read, axis=1), symbols)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5))
def test_whatever_the_bytes_both_readers_agree(messages: list[bytes]) -> None:
    counts = range_coder.integer_counts(np.random.default_rng(0).random((1, 7)) ** 4)
    shared = range_coder.model(range_coder.probabilities(counts)[0])
    for message in messages:
        batch = BatchReader([message])
        single = range_coder.Reader(message)
        for _ in range(40):
            try:
                expected = int(single.read_shared(shared, 1)[0])
            except BadCode:
                with pytest.raises(BadCode):
                    batch.read(Tables.of(counts), np.zeros(1, np.int64))
                break
            assert batch.read(Tables.of(counts), np.zeros(1, np.int64))[0] == expected
