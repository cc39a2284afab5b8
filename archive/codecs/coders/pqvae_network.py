"""The network of `pqvae` (Shen et al., MLSP 2025, arXiv 2509.05925).

A unit vector ⇄ a 5 × 5 grid of 128 channels:

    encoder   ConvT k3 s2 → ReLU → ConvT k3 s2 p1 → ReLU → 3 residuals → Conv k3 p1
              (D, 1, 1)     (512, 3, 3)              (256, 5, 5)         (128, 5, 5)
    decoder   Conv k3 p1 → 3 residuals → Conv k3 s2 p1 → ReLU → Conv k3 s2 → unit length
              (256, 5, 5)                (512, 3, 3)            (D, 1, 1)
    residual  y = ReLU(x + Conv k1(ReLU(Conv k3 p1(ReLU(x)))))        256 → 128 → 256 channels
    codebook  n_e entries of e_dim numbers, shared by all positions and subspaces

The grid has length 1 over the channels at each position. Position by position, row by row, its
channels are cut into subvectors of e_dim: 3200 / e_dim of them, position before subspace. 9.6 M
weights at D = 512.

The internal scale is ours: inputs are multiplied by √D, and by √128 for the decoder, so that values
are about 1 and the biases do not dominate them. The first layers' weights could absorb these
factors; only training is faster this way.

This module imports torch; archive.codecs.pqvae imports it when a vector is first coded.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS = 128  # of the grid
SIDE = 5  # of the grid
WIDE_CHANNELS = 512  # at 3 × 3
MIDDLE_CHANNELS = 256  # at 5 × 5
RESIDUALS = 3


class Pqvae(nn.Module):
    """Encoder, codebook, decoder."""

    def __init__(self, dimension: int, subvector: int, entries: int) -> None:
        super().__init__()
        self.subvector = subvector
        self.encoder = nn.Sequential(
            nn.ConvTranspose2d(dimension, WIDE_CHANNELS, 3, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(WIDE_CHANNELS, MIDDLE_CHANNELS, 3, stride=2, padding=1),
            nn.ReLU(),
            *(Residual() for _ in range(RESIDUALS)),
            nn.Conv2d(MIDDLE_CHANNELS, CHANNELS, 3, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(CHANNELS, MIDDLE_CHANNELS, 3, padding=1),
            *(Residual() for _ in range(RESIDUALS)),
            nn.Conv2d(MIDDLE_CHANNELS, WIDE_CHANNELS, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(WIDE_CHANNELS, dimension, 3, stride=2),
        )
        self.codebook = nn.Parameter(torch.empty(entries, subvector).uniform_(-1, 1))

    def subvectors(self, units: torch.Tensor) -> torch.Tensor:
        """(N, D) → (N, 3200/e_dim, e_dim), not yet quantized."""
        scaled = units[:, :, None, None] * units.shape[1] ** 0.5
        grid = F.normalize(self.encoder(scaled).float(), dim=1)
        return grid.permute(0, 2, 3, 1).reshape(len(units), -1, self.subvector)

    def nearest(self, subvectors: torch.Tensor) -> torch.Tensor:
        """(N, P, e_dim) → (N, P) int64: the nearest entry."""
        return (self.codebook.square().sum(1) - 2 * subvectors @ self.codebook.T).argmin(2)

    def reconstruct(self, subvectors: torch.Tensor) -> torch.Tensor:
        """(N, 3200/e_dim, e_dim) → unit_hat (N, D)."""
        grid = subvectors.reshape(len(subvectors), SIDE, SIDE, CHANNELS).permute(0, 3, 1, 2)
        return F.normalize(self.decoder(grid * CHANNELS**0.5).flatten(1).float(), dim=1)


class Residual(nn.Module):
    """ReLU(x + f(x)), f two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(MIDDLE_CHANNELS, CHANNELS, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, MIDDLE_CHANNELS, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 256, H, W) → the same."""
        return F.relu(x + self.body(x))
