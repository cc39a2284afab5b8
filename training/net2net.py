"""A small FasterNet inside a larger one of the same depth: the same function, with room to learn more in.

The small network's channels become some of the large one's, and hear nothing of the new ones: those weights are zero.
What the new channels do is drawn at random, and reaches the output only once training lets it (Net2Net, arXiv
1511.05641). A partial convolution mixes the first quarter of a stage's channels, so the first quarter of the old ones
stays in the first quarter.
"""

from __future__ import annotations

import re

import torch
from torch import nn

DIVISIONS = 4  # FasterNet's partial ratio: 1 / DIVISIONS of the channels are convolved
OUT_OF_STREAM = re.compile(r"\.(mlp\.0|downsample\.reduction)\.weight$|(^|\.)conv_head\.weight$")
INTO_STREAM = re.compile(r"(^|\.)patch_embed\.|\.downsample\.|\.mlp\.3\.weight$")


@torch.no_grad()
def grow(small: nn.Module, large: nn.Module) -> nn.Module:
    """→ `large`, made to give in evaluation what `small` gives.

    Raises ValueError where it is not of the same depth, as wide or wider.
    """
    old = small.state_dict()
    new = large.state_dict()
    if old.keys() != new.keys() or any(old[name].numel() > new[name].numel() for name in new):
        raise ValueError(
            "a network grows into one of the same depth, as wide or wider; use another of its family"
        )
    for name, tensor in new.items():
        tensor.copy_(_within(name, old[name], tensor))
    return large


def _within(name: str, old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """A tensor of the large network, with the small one's in its place."""
    if old.shape == new.shape:
        return old
    outward = _places(old.shape[0], new.shape[0], stream=bool(INTO_STREAM.search(name)))
    if old.ndim == 1:
        return new.index_copy(0, outward, old)
    inward = _places(old.shape[1], new.shape[1], stream=bool(OUT_OF_STREAM.search(name)))
    heard = old.new_zeros(len(old), *new.shape[1:]).index_copy(1, inward, old)
    return new.index_copy(0, outward, heard)


def _places(old: int, new: int, *, stream: bool) -> torch.Tensor:
    """(old,) where the old channels stand among the new ones: of a stage's stream, or of what is within a block."""
    if not stream:
        return torch.arange(old)
    mixed = old // DIVISIONS
    return torch.cat([torch.arange(mixed), new // DIVISIONS + torch.arange(old - mixed)])
