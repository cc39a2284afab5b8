"""Follows a watch event by event, with the encoder that knows only colors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from archive.ingest.outcomes import Outcome
from archive.ingest.pipeline import IsWhole
from archive.ingest.rules import ScanRules
from archive.ingest.scan import ALL
from archive.ingest.watch import Idle, PassEnded, Watch, WatchEvent
from archive.store import Store
from tests.support.ingest import ColorEncoder, ingest_into

WAIT_SECONDS = 0.3
PATIENCE = 60.0  # seconds
NEVER = 1e6  # seconds


class Follower:
    """Follows one watch, event by event."""

    def __init__(
        self,
        store: Store,
        *folders: Path,
        rules: ScanRules = ALL,
        quiet: Path | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        encoder = ColorEncoder()

        def ingest(paths: Sequence[str], rules: ScanRules, is_whole: IsWhole) -> Iterator[Outcome]:
            return ingest_into(store, encoder, rules=rules, is_whole=is_whole).run(paths)

        self.watch = Watch(
            ingest,
            list(map(str, folders)),
            rules=rules,
            wait_seconds=wait_seconds,
            rescan_seconds=NEVER,
            quiet_folder=quiet,
        )
        self.events: list[WatchEvent] = []
        self._run = self.watch.run()

    def until(self, condition: Callable[[WatchEvent], bool]) -> list[WatchEvent]:
        """The events up to the first one that meets the condition, without idle ones."""
        deadline = time.monotonic() + PATIENCE
        events: list[WatchEvent] = []
        for event in self._run:
            if condition(event):
                return [*events, event]
            if not isinstance(event, Idle):
                events.append(event)
            assert time.monotonic() < deadline, events
        raise AssertionError("the watch has ended")

    def until_pass(self) -> list[WatchEvent]:
        """The events up to the end of the next ingest."""
        return self.until(lambda event: isinstance(event, PassEnded))

    def is_idle_for(self, seconds: float) -> bool:
        """Whether nothing happens for so long."""
        end = time.monotonic() + seconds
        events = self.until(lambda event: not isinstance(event, Idle) or time.monotonic() > end)
        return isinstance(events[-1], Idle)

    def close(self) -> None:
        """Ends the watch."""
        self._run.close()  # type: ignore[attr-defined]


def outcomes(events: Sequence[WatchEvent], kind: type) -> list[str]:
    """The names of the files with this outcome, in order of names."""
    return sorted(Path(event.path).name for event in events if type(event) is kind)  # type: ignore[union-attr]
