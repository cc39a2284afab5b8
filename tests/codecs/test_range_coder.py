"""Messages of the range coder."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.codecs.coders import range_coder
from archive.errors import BadCode


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_messages_come_back_and_cost_their_information(data: st.DataObject) -> None:
    width = data.draw(st.integers(2, 20))
    length = data.draw(st.integers(1, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    tables = range_coder.probabilities(range_coder.integer_counts(rng.random((length, width)) ** 8))
    shares = [row.astype(float) / row.sum(dtype=float) for row in tables]
    symbols = np.array([rng.choice(width, p=share) for share in shares], np.int32)
    message = range_coder.encode([(symbols, tables)])
    assert range_coder.Reader(message).read(tables).tolist() == symbols.tolist()
    information = -np.log2(tables[np.arange(length), symbols].astype(float)).sum()
    assert 8 * len(message) < information + 9


@given(st.lists(st.integers(0, 4), max_size=50), st.integers(0, 2**32 - 1))
def test_symbols_that_share_a_model_come_back_in_segments(symbols: list[int], seed: int) -> None:
    weights = np.random.default_rng(seed).random((1, 5))
    model = range_coder.model(range_coder.probabilities(range_coder.integer_counts(weights))[0])
    segments = [(symbol, model) for symbol in symbols]
    message = range_coder.encode([*segments, (np.array(symbols, np.int32), model)])
    reader = range_coder.Reader(message)
    assert [int(reader.read_shared(model, 1)[0]) for _ in symbols] == symbols
    assert reader.read_shared(model, len(symbols)).tolist() == symbols


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), min_size=1, max_size=8))
def test_counts_are_positive_and_sum_to_the_total(weights: list[list[float]]) -> None:
    counts = range_coder.integer_counts(np.array(weights))
    assert (counts.sum(axis=1) == range_coder.TOTAL).all()
    assert counts.min() >= 1


def test_no_message_can_be_a_byte_shorter() -> None:
    """Strings of one byte less that are nearest to a message decode to something else."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        weights = rng.random((60, 5)) ** 4
        tables = range_coder.probabilities(range_coder.integer_counts(weights))
        symbols = rng.integers(0, 5, 60).astype(np.int32)
        message = range_coder.encode([(symbols, tables)])
        head = int.from_bytes(message[:-1])
        for shorter in (head, head + 1):
            code = shorter.to_bytes(len(message) - 1)
            assert not decodes_to(symbols, code, tables)


def decodes_to(
    symbols: range_coder.Symbols, code: bytes, tables: range_coder.Probabilities
) -> bool:
    try:
        return bool((range_coder.Reader(code).read(tables) == symbols).all())
    except BadCode:
        return False
