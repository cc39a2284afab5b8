"""Schedules: where the bits of a detail go."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.detail.codewords import BITS
from archive.detail.schedule import DetailSchedule, fit_schedule

SCHEDULE = DetailSchedule((999, 700, 400, 100), (1, 3, 2))


def test_a_code_goes_through_every_step_that_it_has_a_codeword_of() -> None:
    assert SCHEDULE.max_bytes == 12
    expected = {0: 0, 1: 0, 2: 2, 3: 2, 4: 3, 5: 3, 8: 3, 9: 3, 10: 4, 12: 4, 13: 4, 65535: 4}
    for code_bytes, count in expected.items():
        assert SCHEDULE.prefix(code_bytes) == SCHEDULE.timesteps[:count], code_bytes


def test_a_schedule_survives_json() -> None:
    assert DetailSchedule.of(json.loads(json.dumps(SCHEDULE.parameters))) == SCHEDULE


@given(st.lists(st.floats(0, 400), min_size=1, max_size=40))
def test_every_step_has_codewords_and_all_of_them_are_what_the_steps_cost(
    bits: list[float],
) -> None:
    timesteps = [999 - 20 * step for step in range(len(bits) + 1)]
    schedule = fit_schedule(timesteps, bits)
    assert min(schedule.codewords) >= 1
    assert len(schedule.timesteps) == len(schedule.codewords) + 1
    assert schedule.timesteps[0] == 999
    assert list(schedule.timesteps) == sorted(set(schedule.timesteps), reverse=True)
    assert set(schedule.timesteps) <= set(timesteps)
    spent = BITS * sum(schedule.codewords)
    assert abs(spent - sum(bits)) <= BITS / 2 + 1e-6 or schedule.codewords == (1,)


def test_cheap_steps_are_merged() -> None:
    schedule = fit_schedule([9, 8, 7, 6, 5], [4.0, 4.0, 8.0, 40.0])
    assert schedule == DetailSchedule((9, 6, 5), (1, 2))


def test_steps_that_cost_next_to_nothing_share_one_codeword() -> None:
    assert fit_schedule([9, 8, 7], [0.1, 0.2]) == DetailSchedule((9, 7), (1,))


@pytest.mark.parametrize("code_bytes", range(0, 14))
def test_longer_codes_go_further(code_bytes: int) -> None:
    shorter = SCHEDULE.prefix(code_bytes)
    assert SCHEDULE.prefix(code_bytes + 1)[: len(shorter)] == shorter
