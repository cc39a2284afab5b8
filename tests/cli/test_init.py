"""`coldframe init`: what it makes, and where the model is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.shell import Shell


@pytest.mark.slow
def test_without_weights_and_hub_the_exit_code_is_12_and_the_sentence_helps(shell: Shell) -> None:
    output = shell("init", code=12, environment={"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert "--model pocket" in output
    assert output.count("\n") == 1
    assert not Path(shell.location).exists()


def test_it_names_the_model_the_codec_and_the_rate(shell: Shell) -> None:
    output = shell("init", "--model", "pocket")
    assert "model pocket, codec klt, about 314 bits per image" in output
    assert (Path(shell.location) / "archive.db").is_file()


def test_a_fixed_rate_is_told_exactly(shell: Shell) -> None:
    output = shell("init", "--model", "pocket", "--codec", "coclico")
    assert "model pocket, codec coclico, 704 bits per image" in output


def test_it_tells_when_a_codec_that_does_not_ship_will_be_fitted(
    shell: Shell, tiny_pair: Path
) -> None:
    output = shell("init", "--model", tiny_pair)
    assert "codec klt, about 314 bits per image" in output
    assert "klt is fitted after 4,096 images" in output
    assert "klt is fitted after 4,096 more images" in shell("stats")
