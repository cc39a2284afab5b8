"""Details of many rows within one budget: written long, then cut to the share that helps most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archive.detail.budget import share
from archive.records import Row
from archive.restore.detail_run import DetailOutcome, DetailRun, DetailStatus
from archive.store import Store


def run_within(
    store: Store, run: DetailRun, rows: Iterable[Row], max_bytes: int, budget: int
) -> Iterator[DetailOutcome]:
    """Rows → details of at most `max_bytes` each and `budget` together.

    Details that cannot be written now stay as they are, outside of the budget. A row whose detail
    was written has a second outcome if it is cut. Interrupted, details are long still: a new run
    writes and cuts them again.
    """
    written: dict[int, DetailOutcome] = {}
    for outcome in run.run(rows, max_bytes):
        if outcome.status is DetailStatus.WRITTEN:
            written[outcome.id] = outcome
        yield outcome
    shares = share({id: outcome.curve for id, outcome in written.items()}, budget)
    by_length: dict[int, list[int]] = {}
    for image_id, length in shares.items():
        if length < written[image_id].bytes:
            by_length.setdefault(length, []).append(image_id)
    for length, ids in sorted(by_length.items()):
        if length:
            store.details.cut(ids, length)
        else:
            store.details.remove(ids)
        status = DetailStatus.CUT if length else DetailStatus.REMOVED
        for image_id in ids:
            before = written[image_id].bytes
            yield DetailOutcome(image_id, written[image_id].path, status, length, before)
