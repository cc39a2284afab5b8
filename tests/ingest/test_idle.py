"""A machine is idle as long as others leave half of its cores."""

from __future__ import annotations

import os
import time

import pytest

from archive.errors import UsageError
from archive.ingest.idle import OthersLoad


def test_the_load_of_others_makes_a_machine_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = os.cpu_count() or 1
    load = OthersLoad()
    monkeypatch.setattr(os, "getloadavg", lambda: (cores / 4, 0.0, 0.0))
    assert load.is_low()
    monkeypatch.setattr(os, "getloadavg", lambda: (float(cores), 0.0, 0.0))
    assert not load.is_low()


def test_work_of_the_process_itself_is_not_that_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0, 0.0]  # seconds of the wall and of the processor
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(os, "times", lambda: os.times_result((clock[1], 0.0, 0.0, 0.0, 0.0)))
    cores = os.cpu_count() or 1
    monkeypatch.setattr(os, "getloadavg", lambda: (float(cores), 0.0, 0.0))
    load = OthersLoad()
    for _ in range(100):  # it keeps every core busy for five minutes
        clock[0] += 3
        clock[1] += 3 * cores
        load.is_low()
    assert load.is_low()
    clock[0] += 300  # and nobody but others does, five minutes later
    assert not load.is_low()


def test_without_a_load_average_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "getloadavg")
    with pytest.raises(UsageError, match="leave out --idle-only"):
        OthersLoad()
