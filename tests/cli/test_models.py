"""`coldframe models`: which pairs are on this machine."""

from __future__ import annotations

from tests.support.shell import Shell


def test_models_are_listed_with_what_is_here(shell: Shell) -> None:
    pairs = {pair["name"]: pair for pair in shell.json("models")}
    assert pairs["pocket"]["encoder_here"]
    assert not pairs["vit-l-14"]["encoder_here"]
    assert pairs["vit-l-14"]["encoder"] == "ViT-L-14/openai"
    assert "not downloaded" in shell("models")
