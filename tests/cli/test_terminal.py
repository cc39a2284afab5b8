"""`coldframe search --pictures`: pictures by the terminal's own graphics, or one sentence."""

from __future__ import annotations

import re

from tests.support.shell import Shell
from tests.support.terminal import KITTY, PLAIN, SIXEL, on_terminal, plain

WORDS = ("search", "a house", "-n", "2", "--pictures")


def test_pictures_are_drawn_with_sixels_above_their_lines(filled_shell: Shell) -> None:
    code, output = on_terminal(filled_shell, *WORDS, answers=SIXEL)
    assert code == 0
    assert len(re.findall(r"\x1bP[^\x1b]*\x1b\\", output)) == 2
    lines = [line for line in plain(output).splitlines() if "scene" in line]
    assert lines == filled_shell("search", "a house", "-n", "2").splitlines()
    assert output.index("\x1bP") < output.index("scene")


def test_pictures_are_drawn_with_the_protocol_of_kitty(filled_shell: Shell) -> None:
    code, output = on_terminal(filled_shell, *WORDS, answers=KITTY)
    assert code == 0
    assert output.count("U=1") == 2
    placeholders = plain(output).count("\U0010eeee")
    assert placeholders == 2 * 10 * 30  # lines and columns of 240 × 160 pixels
    assert "\x1b[38;2;" in output


def test_a_terminal_without_graphics_is_one_sentence(filled_shell: Shell) -> None:
    code, output = on_terminal(filled_shell, *WORDS, answers=PLAIN)
    assert code == 2
    assert "this terminal has no graphics" in output
    assert "Traceback" not in output
    assert "--pictures needs a terminal" in filled_shell(*WORDS, code=2)
    assert "give --pictures" in filled_shell(*WORDS, "--json", code=2)
