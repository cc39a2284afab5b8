"""Progress goes to stderr: a bar on a terminal, a line a minute elsewhere, nothing with --json."""

from __future__ import annotations

import io
import sys

import pytest

from cli.shared import progress as module
from cli.shared.progress import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds; a test moves it."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_elsewhere_it_is_a_line_a_minute(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress("archiving", 5000) as show:
        show(1, "1 archived")
        clock[0] += module.LINE_SECONDS - 1
        show(100, "100 archived")
        assert capsys.readouterr().err == ""
        clock[0] += 1
        show(1200, "1,200 archived")
        show(1201, "1,201 archived")
        clock[0] += module.LINE_SECONDS
        show(2400)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "archiving: 1,200 of 5,000 (20.0/s) 1,200 archived",
        "archiving: 2,400 of 5,000 (20.0/s)",
    ]


def test_a_total_may_be_known_later(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress("archiving") as show:
        clock[0] += module.LINE_SECONDS
        show(60)
        show(90, total=600)
        clock[0] += module.LINE_SECONDS
        show(120)
    assert capsys.readouterr().err.splitlines() == [
        "archiving: 60 (1.0/s)",
        "archiving: 120 of 600 (1.0/s)",
    ]


def test_with_json_it_is_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress("archiving", 10, silent=True) as show:
        clock[0] += module.LINE_SECONDS
        show(5, "5 archived", total=10)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    """Looks like a terminal to whoever asks."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress("archiving") as show:
        show(3, "3 [archived]")
        show(5, "5 [archived]", total=10)
    assert "archiving" in terminal.getvalue()
    assert "5/10" in terminal.getvalue()
    assert "5 [archived]" in terminal.getvalue()
