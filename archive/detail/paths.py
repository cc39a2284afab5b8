"""Paths of the reverse diffusion whose noise is a code's: one that reads it, one that writes it.

    writing    of each book the codeword that points best from the estimate ẑ₀ to z₀ (DDCM, Ohayon
               et al. 2025, arXiv 2502.01189). Once ẑ₀ is a picture, halfway between there and g,
               down the gradient of the squared error of pixels: r/‖r‖ + g/‖g‖ with r = z₀ − ẑ₀
    reading    the codewords whose numbers are in the code
    measuring  what reverse channel coding would draw, and the KL of every step

Both start at the same pseudo-normal noise. Where the code ends within a step, the step's other
codewords are pseudo-random ones.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from archive.detail.budget import Curve
from archive.detail.codewords import COUNT, Book, noise
from archive.detail.random_bits import gaussians, words
from archive.detail.schedule import CODEWORD_BYTES, DetailSchedule

if TYPE_CHECKING:
    import torch

TINY = 1e-12  # keeps directions finite
RENEWED_AFTER = 0.09  # of the schedule; the gradient turns slowly, and more often leads no nearer
LEAST_FALL = 0.001  # of the energy, a byte, where too little is known

START, BOOK, FILL, MEASURE = range(4)  # streams of the generator


class ReadingPath:
    """The path that a code describes, for the latents of one image. A NoisePath."""

    def __init__(self, schedule: DetailSchedule, code: bytes) -> None:
        """`code`: at least one codeword."""
        self.code = code
        self._schedule = schedule
        self._numbers = _unpack(code)
        self.timesteps = schedule.prefix(len(code))

    def start(self, shape: tuple[int, ...]) -> torch.Tensor:
        """The noise it starts at."""
        return _start(shape)

    def noise(self, step: int, z_hat: torch.Tensor) -> torch.Tensor:
        """The noise of a step, (C, h, w)."""
        books = _books(self._schedule, step, z_hat)
        first = sum(self._schedule.codewords[:step])
        return _noise(books, step, self._numbers[first : first + len(books)], z_hat)


class WritingPath:
    """The path toward z₀, (C, h, w). A NoisePath."""

    def __init__(
        self,
        schedule: DetailSchedule,
        z0: torch.Tensor,
        max_bytes: int,
        gradient: Callable[[torch.Tensor], torch.Tensor] | None = None,
        gradient_from: int = 0,
    ) -> None:
        """`max_bytes`: of the code, at least one codeword; `gradient`: ẑ₀ → g, for the steps from
        timestep `gradient_from` on.
        """
        self._schedule = schedule
        self._z0 = z0
        self._gradient = gradient
        self._gradient_from = gradient_from
        self._left = min(max_bytes, schedule.max_bytes) // CODEWORD_BYTES
        self.timesteps = schedule.prefix(max_bytes)
        self.code = b""
        """What was chosen so far."""
        self._energies: list[tuple[int, float]] = []  # as in the curve, at the steps so far
        self._down: torch.Tensor | None = None  # g/‖g‖, and at which timestep
        self._down_at = 0

    def start(self, shape: tuple[int, ...]) -> torch.Tensor:
        """The noise it starts at."""
        return _start(shape)

    def noise(self, step: int, z_hat: torch.Tensor) -> torch.Tensor:
        """The noise of a step, (C, h, w); its codewords are appended to the code."""
        books = _books(self._schedule, step, z_hat)
        residual = self._z0 - z_hat
        self._energies.append((len(self.code), float(residual.square().sum())))
        if self._gradient is not None and self.timesteps[step] <= self._gradient_from:
            residual = _unit(residual) + self._downward(self._gradient, self.timesteps[step], z_hat)
        numbers = [book.nearest(residual.flatten()) for book in books[: self._left]]
        self._left -= len(numbers)
        self.code += struct.pack(f">{len(numbers)}H", *numbers)
        return _noise(books, step, numbers, z_hat)

    def _downward(
        self, gradient: Callable[[torch.Tensor], torch.Tensor], timestep: int, z_hat: torch.Tensor
    ) -> torch.Tensor:
        """g/‖g‖, now or at one of the steps before."""
        if self._down is None or self._down_at - timestep >= RENEWED_AFTER * self.timesteps[0]:
            self._down = _unit(gradient(z_hat))
            self._down_at = timestep
        return self._down

    @property
    def curve(self) -> Curve:
        """(bytes of the code, energy |z₀ − ẑ₀|² that remains), from 0 to the whole code.

        The last energy is not known, as nothing is estimated after the last codeword: it goes on
        as it fell before.
        """
        length, energy = self._energies[-1]
        fall = LEAST_FALL * (len(self.code) - length)
        if len(self._energies) > 1:
            length_before, energy_before = self._energies[-2]
            share = (len(self.code) - length) / (length - length_before)
            fall = max(fall, 1 - (energy / energy_before) ** share)
        return [*self._energies, (len(self.code), energy * (1 - fall))]


class MeasuringPath:
    """The path of ideal reverse channel coding toward z₀, (C, h, w). A NoisePath."""

    def __init__(
        self, timesteps: Sequence[int], gains: Sequence[float], z0: torch.Tensor, image: int
    ) -> None:
        """`gains`: (μ_q − μ_p) / (σ (z₀ − ẑ₀)) of the steps; `image`: a number, for other noise."""
        self._gains = gains
        self._z0 = z0
        self._image = image
        self.timesteps = timesteps
        self.bits: list[float] = []
        """KL of the steps so far."""

    def start(self, shape: tuple[int, ...]) -> torch.Tensor:
        """The noise it starts at."""
        return _start(shape)

    def noise(self, step: int, z_hat: torch.Tensor) -> torch.Tensor:
        """The noise of a step, (C, h, w): normal about what leads from μ_p to μ_q."""
        import torch

        shift = self._gains[step] * (self._z0 - z_hat)
        self.bits.append(float(shift.square().sum()) / (2 * math.log(2)))
        drawn = torch.from_numpy(gaussians((MEASURE, self._image, step), z_hat.numel()))
        return shift + drawn.view(z_hat.shape).to(z_hat.device)


def _unit(vector: torch.Tensor) -> torch.Tensor:
    norm: torch.Tensor = vector.norm().clamp(min=TINY)
    return vector / norm


def _unpack(code: bytes) -> tuple[int, ...]:
    count = len(code) // CODEWORD_BYTES
    return struct.unpack(f">{count}H", code[: count * CODEWORD_BYTES])


def _start(shape: tuple[int, ...]) -> torch.Tensor:
    import torch

    return torch.from_numpy(gaussians((START,), math.prod(shape))).view(shape)


def _books(schedule: DetailSchedule, step: int, z_hat: torch.Tensor) -> list[Book]:
    count = schedule.codewords[step]
    return [Book((BOOK, step, position), z_hat.numel()) for position in range(count)]


def _noise(
    books: Sequence[Book], step: int, numbers: Sequence[int], z_hat: torch.Tensor
) -> torch.Tensor:
    """`numbers` of the first of the books, and pseudo-random ones of the others → like ẑ₀."""
    import torch

    drawn = words((FILL, step), len(books)) & np.uint64(COUNT - 1)
    numbers = [*numbers, *map(int, drawn[len(numbers) :])]
    return torch.from_numpy(noise(books, numbers)).view(z_hat.shape).to(z_hat.device)
