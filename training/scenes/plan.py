"""The plan of a scene: what is in it, where and in which colors, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from training.scenes.zones import Zone


@dataclass(frozen=True)
class Placement:
    """Where one thing stands: shares of width and height, size in units of the shorter side."""

    across: float
    down: float
    size: float
    flip: bool
    near: float  # 0 far .. 1 near


@dataclass(frozen=True)
class Group:
    """Things of one kind and color. `many`: too many to be counted."""

    thing: str
    color: str
    zone: Zone
    placements: tuple[Placement, ...]
    bulk: str = ""  # "small" or "big", where two groups differ in nothing else
    many: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything a caption may say."""

    place: str
    time: str  # morning, day, sunset, night; empty where no hour can be seen
    weather: str  # clear, cloudy, rain, snow, fog, rainbow; empty where no weather can be seen
    season: str  # summer, spring, autumn, winter
    moon: str  # empty, full or crescent
    window: bool  # whether a room has one
    aurora: bool = False
    groups: tuple[Group, ...] = ()

    @property
    def winter(self) -> bool:
        """Whether there is snow on the ground."""
        return self.season == "winter"
