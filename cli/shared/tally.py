"""What became of the files of one ingest, for people and for programs."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from archive.ingest.outcomes import (
    Archived,
    Duplicate,
    Forgotten,
    Ignored,
    Linked,
    Moved,
    Outcome,
    Skipped,
    Unchanged,
)
from cli.shared.output import emit, path_fields, plural, say, shown_path
from cli.shared.seeds import SeedCounts

MESSAGE_TYPES = {  # of JSON lines, and the keys of the summary
    Archived: "archived",
    Unchanged: "known",
    Duplicate: "duplicate",
    Moved: "moved",
    Skipped: "skipped",
    Forgotten: "forgotten",
    Ignored: "ignored",
    Linked: "linked",
}
WORDS = {  # for people, after 1 and after other numbers
    Unchanged: ("unchanged", "unchanged"),
    Moved: ("moved", "moved"),
    Duplicate: ("duplicate", "duplicates"),
    Skipped: ("skipped", "skipped"),
    Forgotten: ("forgotten earlier", "forgotten earlier"),
    Ignored: ("not an image", "not images"),
    Linked: ("linked folder not followed", "linked folders not followed"),
}
LISTED = 20  # skipped files that are listed by name


def outcome_fields(outcome: Outcome) -> dict[str, Any]:
    """An outcome as one line of JSON."""
    fields: dict[str, Any] = {"message_type": MESSAGE_TYPES[type(outcome)]}
    fields |= path_fields(outcome.path)
    if isinstance(outcome, Archived | Duplicate | Moved):
        fields["id"] = outcome.image_id
    if isinstance(outcome, Skipped):
        fields |= {"reason": outcome.reason, "detail": outcome.detail}
    return fields


class Tally:
    """Counts of outcomes, and the first skipped files; with `as_json` a line for each of them."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.seeds: SeedCounts | None = None  # selected afterwards
        self.described = 0  # rows whose camera or place was filled in
        self._as_json = as_json
        self._counts: Counter[type[Outcome]] = Counter()
        self._skipped: list[Skipped] = []
        self._linked: list[Linked] = []
        self._started = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """Counts an outcome."""
        if self._as_json:
            emit(outcome_fields(outcome))
        self._counts[type(outcome)] += 1
        if isinstance(outcome, Skipped) and len(self._skipped) < LISTED:
            self._skipped.append(outcome)
        if isinstance(outcome, Linked) and len(self._linked) < LISTED:
            self._linked.append(outcome)

    @property
    def files(self) -> int:
        """Files with an outcome."""
        return self._counts.total()

    @property
    def skipped(self) -> int:
        """Files that were skipped."""
        return self._counts[Skipped]

    def short(self) -> str:
        """ "12 archived, 3 unchanged", without zeros."""
        archived = self._counts[Archived]
        return ", ".join(
            filter(None, [f"{archived:,} archived" if archived else "", self._others()])
        )

    def summary(self, ingest_seconds: float) -> dict[str, Any]:
        """All counts, seconds of the whole run, and new images per second of `ingest_seconds`."""
        counts = {key: self._counts[kind] for kind, key in MESSAGE_TYPES.items()}
        seconds = round(time.monotonic() - self._started, 3)
        rate = self._counts[Archived] / ingest_seconds if ingest_seconds else 0.0
        counts["described"] = self.described
        return counts | {"seconds": seconds, "images_per_second": round(rate, 2)}

    def print(self, ingest_seconds: float) -> None:
        """The end of a run, in words or as JSON."""
        if self._as_json:
            seeds = self.seeds.summary() if self.seeds else {}
            emit({"message_type": "summary", **self.summary(ingest_seconds), **seeds})
            return
        say(self._headline(ingest_seconds))
        for skipped in self._skipped:
            say(f"  skipped {shown_path(skipped.path)}: {skipped.reason}, {skipped.detail}")
        unlisted = self.skipped - len(self._skipped)
        if unlisted:
            say(f"  … and {unlisted:,} more: `coldframe ls --skipped`")
        for linked in self._linked:
            say(f"  linked folder {shown_path(linked.path)}: follow it with --follow-links")
        if self.described:
            say(f"filled in camera or place of {plural(self.described, 'image')}")
        if self.seeds:
            say(str(self.seeds))

    def _headline(self, ingest_seconds: float) -> str:
        others = self._others()
        if not self._counts[Archived]:
            return f"nothing new: {others or 'no files'}"
        summary = self.summary(ingest_seconds)
        archived = plural(self._counts[Archived], "image")
        rate = f"{summary['images_per_second']:.3g} images/s"
        line = f"archived {archived} in {summary['seconds']:.1f} s ({rate} after loading the model)"
        return f"{line}; {others}" if others else line

    def _others(self) -> str:
        """ "3 unchanged, 1 moved": all but new images."""
        counts = ((self._counts[kind], words) for kind, words in WORDS.items())
        return ", ".join(f"{count:,} {words[count > 1]}" for count, words in counts if count)
