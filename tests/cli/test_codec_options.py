"""--codec and its rates, as several commands take them."""

from __future__ import annotations

import pytest

from archive.codecs import SELECTABLE_CODECS
from archive.create_archive import DEFAULT_CODEC
from tests.support.shell import Shell


def test_help_names_every_codec(shell: Shell) -> None:
    text = " ".join(shell("init", "--help").split())
    assert ", ".join(spec.name for spec in SELECTABLE_CODECS) in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--codec", "klt", "--bits-per-dim", "2"], "klt takes --bits, not --bits-per-dim"),
        (["--bits-per-dim", "2"], "klt takes --bits, not --bits-per-dim"),
        (["--codec", "coclico", "--bits", "90"], "coclico takes --bits-per-dim, not --bits"),
        (["--codec", "vq9"], "'vq9' is not a codec"),
        (["--codec", "nowhere.npz"], "nowhere.npz does not exist"),
    ],
)
def test_rates_that_do_not_fit_the_codec_are_wrong_usage(
    words: list[str], sentence: str, shell: Shell
) -> None:
    output = shell("init", "--model", "pocket", *words, code=2)
    assert sentence in output
    assert output.count("\n") == 1


def test_rates_need_a_codec(shell: Shell) -> None:
    assert "--codec" in shell("ingest", ".", "--bits", "90", code=2)


def test_the_help_names_the_codec_of_new_archives(shell: Shell) -> None:
    assert f"[default: {DEFAULT_CODEC}]" in " ".join(shell("init", "--help").split())


def test_rates_alone_are_those_of_the_default_codec(shell: Shell) -> None:
    [made] = shell.json("init", "--model", "pocket", "--bits", "120", "--map-bits", "40")
    assert (made["codec"], made["bits_per_image"]) == (DEFAULT_CODEC, 160)


def test_both_units_set_the_rate(shell: Shell) -> None:
    words = ["--bits-per-dim", "2", "--map-side", "4", "--map-bits-per-sample", "1"]
    [made] = shell.json("init", "--model", "pocket", "--codec", "coclico", *words)
    assert made["bits_per_image"] == 2 * 512 + 24
