"""One training loop for all parts: by the clock, resumable, averaged.

    progress p = seconds spent / budget          learning rate = peak · min(1, p / WARMUP) · (1 + cos πp) / 2
    average ← d · average + (1 − d) · weights    d = min(`average`, 1 − 10 / (steps + 10))

The budget is minutes of this machine, so a faster machine simply sees more samples. A checkpoint every
CHECKPOINT_SECONDS (atomic rename) holds weights, their exponential average, the optimiser and the seconds spent;
running the same command again goes on from there. What is exported is the average.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

WARMUP = 0.02  # share of the budget
CHECKPOINT_SECONDS = 120
LOG_STEPS = 100
CLIP_NORM = 1.0

Loss = Callable[
    [nn.Module, object, float], tuple[torch.Tensor, int]
]  # model, batch, progress → loss, samples


def fit(
    model: nn.Module,
    batches: Callable[[float], object],
    loss_of: Loss,
    *,
    work: Path,
    minutes: float,
    peak: float,
    decay: float = 0.05,
    average: float = 0.9995,
    measure: Callable[[nn.Module], dict[str, float]] | None = None,
) -> nn.Module:
    """Trains `model` for `minutes` in all (earlier runs counted) → its exponential average.

    `batches(progress)` draws one batch; `loss_of(model, batch, progress)` is its loss and its number of samples;
    `measure(average)` is logged at every tenth checkpoint and at the end.
    """
    state = _State(model, work, peak=peak, decay=decay, average=average)
    saved = started = time.monotonic()
    while (progress := (state.seconds + time.monotonic() - started) / (60 * minutes)) < 1:
        for group in state.optimizer.param_groups:
            group["lr"] = (
                peak * min(1.0, progress / WARMUP) * (1 + math.cos(math.pi * progress)) / 2
            )
        model.train()
        loss, samples = loss_of(model, batches(progress), progress)
        state.step(loss, samples)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            saved = time.monotonic()
            state.save(saved - started, measure)
            started = saved
    state.save(time.monotonic() - started, None)
    if measure is not None:
        state.log(measure(state.averaged.module.eval()))
    return state.averaged.module.eval()


class _State:
    """Everything a checkpoint holds."""

    def __init__(
        self, model: nn.Module, work: Path, *, peak: float, decay: float, average: float
    ) -> None:
        self.model = model
        self.work = work
        self.averaged = AveragedModel(model, multi_avg_fn=_averaging(average), use_buffers=True)
        self.optimizer = torch.optim.AdamW(_groups(model, decay), lr=peak, betas=(0.9, 0.98))
        self.seconds = 0.0
        self.steps = 0
        self.samples = 0
        self.saves = 0
        self.losses: list[float] = []  # since the last logged
        work.mkdir(parents=True, exist_ok=True)
        if (work / "checkpoint.pt").exists():
            self._load()

    def step(self, loss: torch.Tensor, samples: int) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.averaged.update_parameters(self.model)
        self.steps += 1
        self.samples += samples
        self.losses.append(float(loss.detach()))
        if self.steps % LOG_STEPS == 0:
            self.log({"loss": sum(self.losses) / len(self.losses)})
            self.losses.clear()

    def log(self, figures: dict[str, float]) -> None:
        line = {
            "steps": self.steps,
            "samples": self.samples,
            "minutes": round(self.seconds / 60, 2),
        }
        with (self.work / "log.jsonl").open("a") as out:
            out.write(
                json.dumps(line | {name: round(value, 4) for name, value in figures.items()}) + "\n"
            )

    def save(self, seconds: float, measure: Callable[[nn.Module], dict[str, float]] | None) -> None:
        self.seconds += seconds
        self.saves += 1
        kept = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "counts": (self.seconds, self.steps, self.samples, self.saves),
        }
        torch.save(kept, self.work / "checkpoint.tmp")
        os.replace(self.work / "checkpoint.tmp", self.work / "checkpoint.pt")
        if measure is not None and self.saves % 10 == 0:
            self.log(measure(self.averaged.module.eval()))

    def _load(self) -> None:
        kept = torch.load(self.work / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(kept["model"])
        self.averaged.load_state_dict(kept["averaged"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.seconds, self.steps, self.samples, self.saves = kept["counts"]


def _averaging(most: float) -> Callable[..., None]:
    """The step of the exponential average, for AveragedModel."""

    def average(
        kept: list[torch.Tensor], now: list[torch.Tensor], steps: torch.Tensor | int
    ) -> None:
        decay = min(most, 1 - 10 / (int(steps) + 10))
        for one, other in zip(kept, now, strict=True):
            one.lerp_(other, 1 - decay) if one.is_floating_point() else one.copy_(other)

    return average


def _groups(model: nn.Module, decay: float) -> Iterable[dict[str, object]]:
    """Weight decay for matrices and kernels only."""
    kernels = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
