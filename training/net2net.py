"""Widening a small FasterNet into a larger one of the same depth: the same function, more capacity.

The small network's channels become some of the large network's, and get zero weights from the new
ones. The new channels have random weights and reach the output only once training lets them
(Net2Net, arXiv 1511.05641). A partial convolution mixes the first quarter of a stage's channels, so
the first quarter of the old channels stays in the first quarter.
"""

from __future__ import annotations

import re

import torch
from torch import nn

DIVISIONS = 4  # FasterNet's partial ratio: 1 / DIVISIONS of the channels are convolved
READS_STREAM = re.compile(r"\.(mlp\.0|downsample\.reduction)\.weight$|(^|\.)conv_head\.weight$")
WRITES_STREAM = re.compile(r"(^|\.)patch_embed\.|\.downsample\.|\.mlp\.3\.weight$")


def widen(small: nn.Module, large: nn.Module) -> nn.Module:
    """→ `large`, changed to compute in evaluation what `small` computes.

    Raises ValueError unless it has the same depth and is at least as wide.
    """
    old = small.state_dict()
    new = large.state_dict()
    if old.keys() != new.keys() or any(old[name].numel() > new[name].numel() for name in new):
        raise ValueError(
            "cannot widen: both networks need the same depth, and the second must be at least"
            " as wide; use another of the same family"
        )
    with torch.no_grad():
        for name, tensor in new.items():
            tensor.copy_(_widen_tensor(name, old[name], tensor))
    return large


def _widen_tensor(name: str, old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """A tensor of the large network with the small network's in its place."""
    if old.shape == new.shape:
        return old
    outputs = _channels(old.shape[0], new.shape[0], stream=bool(WRITES_STREAM.search(name)))
    if old.ndim == 1:
        return new.index_copy(0, outputs, old)
    inputs = _channels(old.shape[1], new.shape[1], stream=bool(READS_STREAM.search(name)))
    padded = old.new_zeros(len(old), *new.shape[1:]).index_copy(1, inputs, old)
    return new.index_copy(0, outputs, padded)


def _channels(old: int, new: int, *, stream: bool) -> torch.Tensor:
    """(old,) positions of the old channels among the new: in a stage's stream, or in a block."""
    if not stream:
        return torch.arange(old)
    mixed = old // DIVISIONS
    return torch.cat([torch.arange(mixed), new // DIVISIONS + torch.arange(old - mixed)])
