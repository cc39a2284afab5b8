"""Details for rows that stand, from the originals that can be seen.

    rows ─► cut, where the detail is longer than wanted: needs no original
        └─► written, where it is shorter and the original is at hand

Every batch is committed before its outcomes are told; an interrupted run resumes with the rest.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from archive.arrays import Pixels
from archive.detail.budget import Curve, share
from archive.detail.schedule import CODEWORD_BYTES, DetailSchedule
from archive.errors import UsageError
from archive.originals import original_pixels
from archive.records import Detail, DetailScheduleRecord, Row
from archive.restore.details import DetailWriter
from archive.restore.reconstruct import Reconstructor
from archive.store import Store
from archive.store.clock import utc_now

PAGE = 256  # rows whose details are looked up at a time
FITTED = 16  # originals that a schedule is fitted to


class DetailStatus(enum.StrEnum):
    """What became of a row's detail."""

    WRITTEN = "written"
    CUT = "cut"
    KEPT = "kept"  # it is as long as wanted
    REMOVED = "removed"
    WAITING = "waiting"  # the row waits for its codec, and has no codes to keep
    NO_ORIGINAL = "no original"  # it is shorter, or there is none, and cannot be written now
    DAMAGED = "damaged"  # the row is


@dataclass(frozen=True)
class DetailOutcome:
    """A row, and the bytes of its detail now; 0: it has none."""

    id: int
    path: str
    status: DetailStatus
    bytes: int
    psnr: float | None = None  # dB, with all of it
    similarity: float | None = None  # centered cosine of original and restoration


class DetailRun:
    """One run over some rows."""

    def __init__(
        self,
        store: Store,
        reconstructor: Reconstructor,
        writer: DetailWriter,
        pending_codecs: Sequence[int],
    ) -> None:
        """`pending_codecs`: of rows that wait for other codes."""
        self._store = store
        self._reconstructor = reconstructor
        self._writer = writer
        self._pending = pending_codecs
        self._curves: dict[int, Curve] = {}  # of the details that were written
        self._schedules = {
            record.id: DetailSchedule.of(record.parameters)
            for record in store.details.schedules().values()
            if record.decoder_sha256 == writer.decoder_sha256
        }

    def run(self, rows: Iterable[Row], max_bytes: int) -> Iterator[DetailOutcome]:
        """Rows → details of at most `max_bytes`. 0: none. Raises UsageError."""
        if 0 < max_bytes < CODEWORD_BYTES:
            raise UsageError(f"a detail has at least {CODEWORD_BYTES} bytes, not {max_bytes}")
        remaining = iter(rows)
        while page := list(islice(remaining, PAGE)):
            yield from self._page(page, max_bytes)

    def run_within(
        self, rows: Iterable[Row], max_bytes: int, budget: int
    ) -> Iterator[DetailOutcome]:
        """As `run`; then those that were written are cut so that all rows' details share `budget`
        bytes where they help most. Those that are kept are paid for first.
        """
        for outcome in self.run(rows, max_bytes):
            budget -= 0 if outcome.status is DetailStatus.WRITTEN else outcome.bytes
            yield outcome
        by_length: dict[int, list[int]] = {}
        for image_id, length in share(self._curves, budget).items():
            by_length.setdefault(length, []).append(image_id)
        for length, ids in sorted(by_length.items()):
            if length:
                self._store.details.cut(ids, length)
            else:
                self._store.details.remove(ids)
            status = DetailStatus.CUT if length else DetailStatus.REMOVED
            yield from (DetailOutcome(image_id, "", status, length) for image_id in ids)

    def _page(self, rows: Sequence[Row], max_bytes: int) -> Iterator[DetailOutcome]:
        details = self._readable([row for row in rows if row.intact])
        if max_bytes:
            longer = [id for id, detail in details.items() if len(detail.code) > max_bytes]
            self._store.details.cut(longer, max_bytes)
        else:
            self._store.details.remove(list(details))
        shorter: list[Row] = []
        for row in rows:
            status = self._status(row, details.get(row.id), max_bytes)
            if status is None:
                shorter.append(row)
            else:
                length = len(details[row.id].code) if row.id in details else 0
                yield DetailOutcome(row.id, row.path, status, min(length, max_bytes))
        lengths = {id: len(detail.code) for id, detail in details.items()}
        yield from self._write(shorter, lengths, max_bytes)

    def _status(self, row: Row, detail: Detail | None, max_bytes: int) -> DetailStatus | None:
        """What has become of a row's detail; None if a longer one is to be written."""
        length = 0 if detail is None else len(detail.code)
        if not row.intact:
            return DetailStatus.DAMAGED
        if length > max_bytes:
            return DetailStatus.CUT if max_bytes else DetailStatus.REMOVED
        if row.codec_id in self._pending:
            return DetailStatus.WAITING
        return DetailStatus.KEPT if length >= self._goal(detail, max_bytes) else None

    def _goal(self, detail: Detail | None, max_bytes: int) -> int:
        """Length of the detail that would be written, with this one's schedule if it has one."""
        whole = max_bytes - max_bytes % CODEWORD_BYTES
        if detail is None:
            return whole
        return min(whole, self._schedules[detail.schedule_id].max_bytes)

    def _readable(self, rows: Sequence[Row]) -> dict[int, Detail]:
        """Id → detail of the rows that have one for this decoder."""
        details = self._store.details.of([row.id for row in rows])
        return {
            row.id: details[row.id]
            for row in rows
            if row.id in details
            and not details[row.id].is_stale(row)
            and details[row.id].schedule_id in self._schedules
        }

    def _write(
        self, rows: Sequence[Row], lengths: dict[int, int], max_bytes: int
    ) -> Iterator[DetailOutcome]:
        """Rows, and the lengths of the details they have → longer ones, a batch at a time."""
        originals: dict[int, Pixels] = {}

        def seen() -> Iterator[Row]:
            for row in rows:
                pixels = original_pixels(row, at_least=self._writer.image_size)
                if pixels is not None:
                    originals[row.id] = pixels
                    yield row

        met: set[int] = set()
        self._ensure_schedule(rows)
        for batch in self._reconstructor.batches(seen(), lambda row: row):
            pixels = [originals.pop(row.id) for row in batch]
            met.update(row.id for row in batch)
            yield from self._write_batch(batch, pixels, max_bytes)
        for row in rows:
            if row.id not in met:
                length = lengths.get(row.id, 0)
                yield DetailOutcome(row.id, row.path, DetailStatus.NO_ORIGINAL, length)

    def _ensure_schedule(self, rows: Sequence[Row]) -> None:
        """Fits the archive's first schedule for this decoder to the originals of some rows."""
        if self._schedules:
            return
        seen = ((row, original_pixels(row, at_least=self._writer.image_size)) for row in rows)
        sample = [(row, pixels) for row, pixels in islice(seen, FITTED) if pixels is not None]
        if sample:
            schedule = self._writer.fit_schedule(*zip(*sample, strict=True))
            record = DetailScheduleRecord(
                schedule.parameters, self._writer.decoder_sha256, utc_now()
            )
            self._schedules[self._store.details.add_schedule(record).id] = schedule

    def _write_batch(
        self, rows: Sequence[Row], originals: Sequence[Pixels], max_bytes: int
    ) -> Iterator[DetailOutcome]:
        schedule_id, schedule = max(self._schedules.items())
        written = self._writer.write(schedule, rows, originals, max_bytes)
        details = [
            Detail(row.id, schedule_id, new.code, row.codes_crc32, new.psnr, new.similarity)
            for row, new in zip(rows, written, strict=True)
        ]
        outdated = self._store.details.put(details)
        for row, new in zip(rows, written, strict=True):
            if row.id not in outdated:  # else forgotten or recoded meanwhile
                self._curves[row.id] = new.curve
                scores = (round(new.psnr, 2), round(new.similarity, 3))
                length = len(new.code)
                yield DetailOutcome(row.id, row.path, DetailStatus.WRITTEN, length, *scores)
