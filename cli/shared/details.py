"""Writing details: the summary of `coldframe detail` and of `ingest --detail`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import fmean
from typing import TYPE_CHECKING

from cli.shared.output import emit, plural, say
from cli.shared.progress import progress

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.records import Row
    from archive.restore.detail_run import DetailOutcome

DETAIL_BYTES = 100  # of a detail, unless asked for otherwise
REASONS = {
    "no original": "their originals cannot be read",
    "waiting": "they wait for their codec",
    "damaged": "their rows are damaged",
}


class DetailTally:
    """What became of rows' details."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._counts: Counter[str] = Counter()
        self._written: list[DetailOutcome] = []

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
        self._counts[status] += 1
        if outcome.psnr is not None:
            self._written.append(outcome)
        if self._as_json:
            scores = {"psnr": outcome.psnr, "similarity": outcome.similarity}
            emit({"id": outcome.id, "status": status, "bytes": outcome.bytes, **scores})

    def print(self) -> None:
        """The summary."""
        if self._as_json:
            emit({"message_type": "summary", **self._counts, **self._means()})
            return
        parts = [f"{self._counts['written']:,} written"]
        parts += [
            f"{self._counts[status]:,} {text}"
            for status, text in (
                ("cut", "cut"),
                ("kept", "kept as they are"),
                ("removed", "removed"),
            )
            if self._counts[status]
        ]
        say(f"details of {plural(self.rows, 'image')}: {', '.join(parts) or 'none written'}")
        if self._written:
            means = self._means()
            say(
                f"on average {means['bytes']:.0f} bytes, {means['psnr']:.1f} dB, "
                f"similarity {means['similarity']:.2f}"
            )
        for status, reason in REASONS.items():
            if self._counts[status]:
                say(f"{self._counts[status]:,} without: {reason}", err=True)

    def _means(self) -> dict[str, float]:
        """Of the details that were written; {} for none."""
        if not self._written:
            return {}
        return {
            "bytes": round(fmean(outcome.bytes for outcome in self._written), 1),
            "psnr": round(fmean(outcome.psnr or 0.0 for outcome in self._written), 2),
            "similarity": round(fmean(outcome.similarity or 0.0 for outcome in self._written), 3),
        }


def write_details(
    archive: Archive, rows: Iterable[Row], total: int | None, max_bytes: int, *, as_json: bool
) -> DetailTally:
    """Details of at most `max_bytes` for rows, with progress and a summary."""
    tally = DetailTally(as_json=as_json)
    with progress("writing details", total, silent=as_json) as show:
        for outcome in archive.write_details(rows, max_bytes=max_bytes):
            tally.add(outcome)
            show(tally.rows, outcome.path)
    tally.print()
    return tally
