"""Counts of what became of the files of one ingest, for people and for programs."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, TextIO

import click

from archive.ingest.outcomes import Archived, Duplicate, Ignored, Moved, Outcome, Skipped, Unchanged
from cli.shared.output import plural, shown

KINDS = {
    Archived: "archived",
    Unchanged: "known",
    Duplicate: "duplicate",
    Moved: "moved",
    Skipped: "skipped",
    Ignored: "ignored",
}
LISTED = 20  # skipped files that are listed


class Tally:
    """Every file met is one of KINDS."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._skipped: list[Skipped] = []
        self._started = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        self._counts[KINDS[type(outcome)]] += 1
        if isinstance(outcome, Skipped) and len(self._skipped) < LISTED:
            self._skipped.append(outcome)

    @property
    def met(self) -> int:
        return self._counts.total()

    @property
    def skipped(self) -> int:
        return self._counts["skipped"]

    def short(self) -> str:
        """archived 12 · known 3, without the zeros."""
        return " · ".join(
            f"{kind} {self._counts[kind]:,}" for kind in KINDS.values() if self._counts[kind]
        )

    def summary(self, busy_seconds: float) -> dict[str, Any]:
        """All counts, seconds of the whole run, new pictures a second (the time that loading models took left out)."""
        counts = {kind: self._counts[kind] for kind in KINDS.values()}
        rate = self._counts["archived"] / busy_seconds if busy_seconds else 0.0
        return counts | {
            "seconds": round(time.monotonic() - self._started, 3),
            "images_per_second": round(rate, 2),
        }

    def print(self, busy_seconds: float, out: TextIO) -> None:
        """The end of a run, in words."""
        told = self.summary(busy_seconds)
        speed = f", {told['images_per_second']:.0f} a second" if told["archived"] else ""
        click.echo(
            f"archived {plural(told['archived'], 'picture')} in {told['seconds']:.1f} s{speed}",
            file=out,
        )
        others = [
            f"{kind} {told[kind]:,}"
            for kind in ("known", "moved", "duplicate", "skipped")
            if told[kind]
        ]
        if told["ignored"]:
            others.append(f"not pictures {told['ignored']:,}")
        if others:
            click.echo(" · ".join(others), file=out)
        for one in self._skipped:
            click.echo(f"  skipped {shown(one.path)}: {one.reason}, {one.detail}", file=out)
        if self.skipped > len(self._skipped):
            click.echo(
                f"  … and {self.skipped - len(self._skipped):,} more: `coldframe ls --skipped`",
                file=out,
            )
