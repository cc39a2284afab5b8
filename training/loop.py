"""The training loop of every part: a time budget, resumable, with averaged weights.

    progress p = seconds spent / budget
    learning rate = peak · min(1, p / WARMUP) · (1 + cos πp) / 2
    average ← d · average + (1 − d) · weights        d = min(`average`, 1 − 10 / (steps + 10))

The budget is minutes on this machine, so a faster machine simply processes more samples. Every
CHECKPOINT_SECONDS a checkpoint (atomic rename) stores weights, their exponential average, the
optimizer and the seconds spent; the same command resumes from there. The average is exported.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar, cast

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

WARMUP = 0.02  # share of the budget
CHECKPOINT_SECONDS = 120
CHECKPOINTS_PER_MEASUREMENT = 10
LOG_STEPS = 100
CLIP_NORM = 1.0

Model = TypeVar("Model", bound=nn.Module)
Batch = TypeVar("Batch")
Measure = Callable[[Model], dict[str, float]]
Loss = Callable[[Model, Batch, float], tuple[torch.Tensor, int]]  # …, progress → loss, samples


def fit(
    model: Model,
    batches: Callable[[float], Batch],
    loss_of: Loss[Model, Batch],
    *,
    work: Path,
    minutes: float,
    peak: float,
    decay: float = 0.05,
    average: float = 0.9995,
    measure: Measure[Model] | None = None,
) -> Model:
    """Trains `model` for `minutes` in all (earlier runs counted) → its exponential average.

    `batches(progress)` draws one batch; `loss_of(model, batch, progress)` is its loss and number of
    samples; `measure(average)` is logged at every tenth checkpoint and at the end.
    """
    state = _State(model, work, peak=peak, decay=decay, average=average)
    saved = started = time.monotonic()
    while (progress := (state.seconds + time.monotonic() - started) / (60 * minutes)) < 1:
        rate = peak * min(1.0, progress / WARMUP) * (1 + math.cos(math.pi * progress)) / 2
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        model.train()
        loss, samples = loss_of(model, batches(progress), progress)
        state.step(loss, samples)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            saved = time.monotonic()
            state.save(saved - started, measure)
            started = saved
    state.save(time.monotonic() - started, None)
    trained = state.averaged_model()
    if measure is not None:
        state.log(measure(trained))
    return trained


class _State(Generic[Model]):
    """Everything a checkpoint stores."""

    def __init__(
        self, model: Model, work: Path, *, peak: float, decay: float, average: float
    ) -> None:
        self.model = model
        self.work = work
        self.averaged = AveragedModel(model, multi_avg_fn=_averaging(average), use_buffers=True)
        self.optimizer = torch.optim.AdamW(_groups(model, decay), lr=peak, betas=(0.9, 0.98))
        self.seconds = 0.0
        self.steps = 0
        self.samples = 0
        self.saves = 0
        self.losses: list[float] = []  # since the last log line
        work.mkdir(parents=True, exist_ok=True)
        if (work / "checkpoint.pt").exists():
            self._load()

    def averaged_model(self) -> Model:
        """The exponential average, in eval mode."""
        return cast(Model, self.averaged.module.eval())

    def step(self, loss: torch.Tensor, samples: int) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
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
        rounded = {name: round(value, 4) for name, value in figures.items()}
        with (self.work / "log.jsonl").open("a") as out:
            out.write(json.dumps(line | rounded) + "\n")

    def save(self, seconds: float, measure: Measure[Model] | None) -> None:
        self.seconds += seconds
        self.saves += 1
        checkpoint = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "counts": (self.seconds, self.steps, self.samples, self.saves),
        }
        torch.save(checkpoint, self.work / "checkpoint.tmp")
        os.replace(self.work / "checkpoint.tmp", self.work / "checkpoint.pt")
        if measure is not None and self.saves % CHECKPOINTS_PER_MEASUREMENT == 0:
            self.log(measure(self.averaged_model()))

    def _load(self) -> None:
        checkpoint = torch.load(self.work / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(checkpoint["model"])
        self.averaged.load_state_dict(checkpoint["averaged"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.seconds, self.steps, self.samples, self.saves = checkpoint["counts"]


def _averaging(most: float) -> Callable[..., None]:
    """The step of the exponential average, for AveragedModel."""

    def update(
        averages: list[torch.Tensor], values: list[torch.Tensor], steps: torch.Tensor | int
    ) -> None:
        decay = min(most, 1 - 10 / (int(steps) + 10))
        for average, value in zip(averages, values, strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)

    return update


def _groups(model: nn.Module, decay: float) -> Iterable[dict[str, object]]:
    """Weight decay for matrices and kernels only."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    kernels = [parameter for parameter in trained if parameter.ndim > 1]
    others = [parameter for parameter in trained if parameter.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
