"""Details: the summary of `coldframe detail` and of `ingest --detail`, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import fmean
from typing import TYPE_CHECKING

from cli.shared.output import emit, plural, say
from cli.shared.progress import progress

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.restore.detail_run import DetailOutcome

DETAIL_BYTES = 100  # of a detail, unless asked for otherwise
REASONS = {
    "no original": "their originals cannot be read",
    "pending": "they wait for their codec",
    "damaged": "their rows are damaged",
    "changed": "they were forgotten or recoded meanwhile",
}
PLAIN = {"cut": "cut", "kept": "kept as they are", "removed": "removed"}


class DetailTally:
    """What became of rows' details, or would become."""

    def __init__(
        self,
        *,
        as_json: bool,
        dry_run: bool = False,
        psnr: float | None = None,
        budget: int | None = None,
    ) -> None:
        """`psnr`: the PSNR that ends a detail; `budget`: bytes of all together, if they share."""
        self._as_json = as_json
        self._dry_run = dry_run
        self._goal = psnr or 0.0
        self._budget = budget
        self._counts: Counter[str] = Counter()
        self._shares: dict[int, int] = {}  # of a budget: bytes of what was written, by image
        self._sums: Counter[str] = Counter()  # over what was written
        self._bytes = 0
        self._bytes_before = 0
        self._longest = 0  # of those written
        self._short_of_goal = 0  # of those written, with a PSNR below the goal

    @property
    def rows(self) -> int:
        """How many rows it knows of."""
        return self._counts.total()

    @property
    def missed(self) -> int:
        """How many rows should have a longer detail than they have."""
        return sum(self._counts[reason] for reason in REASONS)

    def add(self, outcome: DetailOutcome) -> None:
        """Counts a row, and with --json prints it."""
        status = outcome.status.value
        if outcome.id in self._shares:  # it was cut to its share
            self._bytes += outcome.bytes - outcome.bytes_before
            if not outcome.bytes:
                self._counts.update({"written": -1, "removed": 1})
        else:
            self._counts[status] += 1
            self._bytes += outcome.bytes
            self._bytes_before += outcome.bytes_before
        if status == "written":
            self._longest = max(self._longest, outcome.bytes)
            self._short_of_goal += (outcome.psnr or 0.0) < self._goal
            scores = {"psnr": outcome.psnr or 0.0, "similarity": outcome.similarity or 0.0}
            self._sums.update({"bytes": outcome.bytes, **scores})
        if self._budget is not None and (status == "written" or outcome.id in self._shares):
            self._shares[outcome.id] = outcome.bytes
        if self._as_json:
            facts = {"message_type": "detail", "id": outcome.id, "status": status}
            sizes = {"bytes": outcome.bytes, "bytes_before": outcome.bytes_before}
            emit({**facts, **sizes, "psnr": outcome.psnr, "similarity": outcome.similarity})

    def print(self, message_type: str = "summary") -> None:
        """The summary; `message_type`: its own in JSON."""
        if self._as_json:
            sizes = {"code_bytes": self._bytes, "code_bytes_before": self._bytes_before}
            facts = {"message_type": message_type, "dry_run": self._dry_run}
            emit({**facts, **self._counts, **sizes, **self._means()})
        elif self.rows:
            say(f"details of {plural(self.rows, 'image')}: {self._listed()}")
            self._print_sizes()
            for status, reason in REASONS.items():
                if self._counts[status]:
                    say(f"{self._counts[status]:,} without: {reason}", err=True)

    def _listed(self) -> str:
        """ "3 written, 1 cut", without zeros but of the first."""
        verb = "to be " if self._dry_run else ""
        parts = [f"{self._counts['written']:,} {verb}written"]
        if self._dry_run and self._counts["written"]:
            parts[0] += f" with at most {plural(self._longest, 'byte')} each"
        for status, text in PLAIN.items():
            if self._counts[status]:
                parts.append(f"{self._counts[status]:,} {'' if status == 'kept' else verb}{text}")
        return ", ".join(parts)

    def _print_sizes(self) -> None:
        means = self._means()
        if self._dry_run:
            most = self._bytes if self._budget is None else min(self._bytes, self._budget)
            say(f"bytes in all: {self._bytes_before:,} now, {most:,} afterwards")
        elif self._shares:
            lengths = self._shares.values()
            say(
                f"bytes in all: {sum(lengths):,}; {min(lengths)} to {max(lengths)} each, "
                f"on average {means['bytes']:.0f}"
            )
        elif means:
            say(
                f"on average {means['bytes']:.0f} bytes, {means['psnr']:.1f} dB, "
                f"similarity {means['similarity']:.2f}"
            )
            if self._short_of_goal:
                say(f"{self._short_of_goal:,} of them with all bytes below {self._goal:g} dB")

    def _means(self) -> dict[str, float]:
        """Of the details that were written; {} for none, or before anything was."""
        if self._shares:
            return {"bytes": round(fmean(self._shares.values()), 1)}
        if self._dry_run or not self._counts["written"]:
            return {}
        return {name: round(s / self._counts["written"], 3) for name, s in self._sums.items()}


def track(
    outcomes: Iterable[DetailOutcome], tally: DetailTally, total: int | None, *, as_json: bool
) -> None:
    """Runs it into a tally, with progress."""
    with progress("writing details", total, silent=as_json) as show:
        for outcome in outcomes:
            tally.add(outcome)
            show(tally.rows, outcome.path)


def tell_left_out(archive: Archive, ids: Iterable[int]) -> None:
    """A sentence about details that only another decoder can read, if there are any."""
    count = len(archive.details_left_out(ids))
    if count:
        rows = plural(count, "row")
        say(f"the details of {rows} belong to another decoder and were left out", err=True)
