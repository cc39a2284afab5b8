"""Details for rows that stand, from the originals that can be seen.

    rows ─► cut, where the detail is longer than wanted: needs no original
        └─► written, where it is shorter and the original is at hand

Every batch is committed before its outcomes are told; an interrupted run resumes with the rest. A
detail of another decoder, or of other codes, counts as none: a new one replaces it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from archive.arrays import Pixels
from archive.codecs import Codec
from archive.decode_row import decode_row
from archive.detail.budget import Curve
from archive.detail.schedule import CODEWORD_BYTES, DetailSchedule
from archive.errors import BadCode, UsageError
from archive.originals import has_original, original_pixels
from archive.records import Detail, DetailScheduleRecord, Row
from archive.restore.details import DetailWriter
from archive.store import Store
from archive.store.clock import utc_now

PAGE = 256  # rows whose details are looked up at a time
FITTED = 16  # originals that a schedule is fitted to
SAMPLED = 4 * FITTED  # rows that they are looked for among


class DetailStatus(enum.StrEnum):
    """What became of a row's detail."""

    WRITTEN = "written"
    CUT = "cut"
    KEPT = "kept"  # it is as long as wanted, or longer and not to be cut
    REMOVED = "removed"
    PENDING = "pending"  # the row waits for its codec, and has no codes to keep
    NO_ORIGINAL = "no original"  # it is shorter, or there is none, and cannot be written now
    CHANGED = "changed"  # the row was forgotten or recoded meanwhile
    DAMAGED = "damaged"  # the row is


@dataclass(frozen=True)
class DetailOutcome:
    """A row, and the bytes of its detail now; 0: it has none. Of a dry run: what would be."""

    id: int
    path: str
    status: DetailStatus
    bytes: int
    bytes_before: int
    psnr: float | None = None  # dB, with all of it
    similarity: float | None = None  # centered cosine of original and restoration
    curve: Curve = field(default=(), repr=False, compare=False)  # of a detail that was written


class DetailRun:
    """One run over some rows."""

    def __init__(
        self,
        store: Store,
        codecs: Mapping[int, Codec],
        open_writer: Callable[[], DetailWriter],
        *,
        decoder_sha256: str | None = None,
        until: float | None = None,
        cut: bool = True,
        rewrite: bool = False,
        dry_run: bool = False,
    ) -> None:
        """`open_writer` is called when a row needs one: cutting does not, if `decoder_sha256`, the
        writer's decoder, is known without it.

        `until`: a PSNR in dB at which a detail is long enough; `cut`: details that are longer than
        wanted; `rewrite`: all whose originals can be seen;
        `dry_run`: nothing is written.
        """
        self._store = store
        self._codecs = codecs
        self._open_writer = open_writer
        self._known_decoder = decoder_sha256
        self._until = until
        self._cut = cut
        self._rewrite = rewrite
        self._dry_run = dry_run

    @cached_property
    def _writer(self) -> DetailWriter:
        return self._open_writer()

    @cached_property
    def _stored_schedules(self) -> dict[int, DetailScheduleRecord]:
        return self._store.details.schedules()

    @cached_property
    def _schedules(self) -> dict[int, DetailSchedule]:
        """By id, those of the writer's decoder."""
        return {
            record.id: DetailSchedule.of(record.parameters)
            for record in self._stored_schedules.values()
            if record.decoder_sha256 == self._writer.decoder_sha256
        }

    def run(self, rows: Iterable[Row], max_bytes: int) -> Iterator[DetailOutcome]:
        """Rows → details of at most `max_bytes`. 0: none. Raises UsageError."""
        if 0 < max_bytes < CODEWORD_BYTES:
            raise UsageError(f"a detail has at least {CODEWORD_BYTES} bytes, not {max_bytes}")
        remaining = iter(rows)
        while page := {row.id: row for row in islice(remaining, PAGE)}:
            yield from self._page(list(page.values()), max_bytes)

    def _page(self, rows: Sequence[Row], max_bytes: int) -> Iterator[DetailOutcome]:
        stored = self._store.details.of([row.id for row in rows if row.intact])
        statuses = {row.id: self._status(row, stored.get(row.id), max_bytes) for row in rows}
        if not self._dry_run:
            self._shorten(rows, statuses, max_bytes)
        lengths = {row.id: len(stored[row.id].code) if row.id in stored else 0 for row in rows}
        for row in rows:
            status = statuses[row.id]
            if status is not None:
                before = lengths[row.id]
                is_shorter = status in (DetailStatus.CUT, DetailStatus.REMOVED)
                yield DetailOutcome(
                    row.id, row.path, status, max_bytes if is_shorter else before, before
                )
        to_write = [row for row in rows if statuses[row.id] is None]
        write = self._plan if self._dry_run else self._write
        yield from write(to_write, lengths, max_bytes)

    def _shorten(
        self, rows: Sequence[Row], statuses: Mapping[int, DetailStatus | None], max_bytes: int
    ) -> None:
        """Cuts details; removes them, damaged ones, too, where none is wanted."""
        if max_bytes:
            longer = [id for id, status in statuses.items() if status is DetailStatus.CUT]
            self._store.details.cut(longer, max_bytes)
        else:
            self._store.details.remove([row.id for row in rows if row.intact])

    def _status(self, row: Row, detail: Detail | None, max_bytes: int) -> DetailStatus | None:
        """What becomes of a row's detail; None if a longer one is to be written."""
        if not row.intact:
            return DetailStatus.DAMAGED
        if not max_bytes:
            return DetailStatus.KEPT if detail is None else DetailStatus.REMOVED
        if detail is not None and not detail.is_stale(row):
            if self._cut and len(detail.code) > max_bytes and self._is_of_decoder(detail):
                return DetailStatus.CUT
            if not self._rewrite and self._suffices(detail, max_bytes):
                return DetailStatus.KEPT
        return self._obstacle(row)

    def _obstacle(self, row: Row) -> DetailStatus | None:
        """Why no detail of an intact row can be written, but for its original."""
        codec = self._codecs.get(row.codec_id)
        if codec is not None and codec.is_pending:
            return DetailStatus.PENDING
        try:
            decode_row(row, self._codecs)
        except BadCode:
            return DetailStatus.DAMAGED
        return None

    def _is_of_decoder(self, detail: Detail) -> bool:
        schedule = self._stored_schedules.get(detail.schedule_id)
        decoder = self._known_decoder or self._writer.decoder_sha256
        return schedule is not None and schedule.decoder_sha256 == decoder

    def _suffices(self, detail: Detail, max_bytes: int) -> bool:
        """Whether the decoder can read it, and no longer one is wanted or can be written."""
        schedule_id = detail.schedule_id
        if schedule_id not in self._schedules:
            return False
        if self._until is not None and detail.psnr is not None and detail.psnr >= self._until:
            return True
        return len(detail.code) >= self._goal(max_bytes, schedule_id)

    def _goal(self, max_bytes: int, schedule_id: int) -> int:
        """Length of the detail that would be written with this schedule."""
        whole = max_bytes - max_bytes % CODEWORD_BYTES
        return min(whole, self._schedules[schedule_id].max_bytes)

    def _plan(
        self, rows: Sequence[Row], lengths: Mapping[int, int], max_bytes: int
    ) -> Iterator[DetailOutcome]:
        """What `_write` would yield; without a schedule, lengths are the most they can be."""
        whole = max_bytes - max_bytes % CODEWORD_BYTES
        goal = self._goal(max_bytes, max(self._schedules)) if self._schedules else whole
        for row in rows:
            before = lengths[row.id]
            if has_original(row):
                yield DetailOutcome(row.id, row.path, DetailStatus.WRITTEN, goal, before)
            else:
                yield DetailOutcome(row.id, row.path, DetailStatus.NO_ORIGINAL, before, before)

    def _write(
        self, rows: Sequence[Row], lengths: Mapping[int, int], max_bytes: int
    ) -> Iterator[DetailOutcome]:
        """Rows, and the lengths of the details they have → longer ones, a batch at a time."""
        originals: dict[int, Pixels] = {}

        def visible() -> Iterator[Row]:
            for row in rows:
                pixels = original_pixels(row, at_least=self._writer.image_size)
                if pixels is not None:
                    originals[row.id] = pixels
                    yield row

        met: set[int] = set()
        self._ensure_schedule(rows)
        for batch in self._writer.reconstructor.batches(visible(), lambda row: row):
            pixels = [originals.pop(row.id) for row in batch]
            met.update(row.id for row in batch)
            yield from self._write_batch(batch, pixels, lengths, max_bytes)
        for row in rows:
            if row.id not in met:
                before = lengths[row.id]
                yield DetailOutcome(row.id, row.path, DetailStatus.NO_ORIGINAL, before, before)

    def _ensure_schedule(self, rows: Sequence[Row]) -> None:
        """Fits the first schedule for this decoder: to originals from all of the archive, or of
        these rows if none of those can be seen.
        """
        if self._schedules:
            return
        ids = self._store.images.sample(SAMPLED)
        sampled = [row for row in self._store.images.read(ids) if row.intact]
        sample = self._with_originals(sampled) or self._with_originals(rows)
        if sample:
            schedule = self._writer.fit_schedule(*zip(*sample, strict=True))
            decoder = self._writer.decoder_sha256
            record = DetailScheduleRecord(schedule.parameters, decoder, utc_now())
            self._schedules[self._store.details.add_schedule(record).id] = schedule

    def _with_originals(self, rows: Iterable[Row]) -> list[tuple[Row, Pixels]]:
        """The first FITTED rows whose originals can be seen, and these."""
        size = self._writer.image_size
        decodable = (row for row in rows if self._obstacle(row) is None)
        originals = ((row, original_pixels(row, at_least=size)) for row in decodable)
        visible = ((row, pixels) for row, pixels in originals if pixels is not None)
        return list(islice(visible, FITTED))

    def _write_batch(
        self,
        rows: Sequence[Row],
        originals: Sequence[Pixels],
        lengths: Mapping[int, int],
        max_bytes: int,
    ) -> Iterator[DetailOutcome]:
        schedule_id, schedule = max(self._schedules.items())
        written = self._writer.write(schedule, rows, originals, max_bytes)
        if self._until is not None:
            written = [
                self._writer.cut(schedule, *subject, self._until)
                for subject in zip(rows, originals, written, strict=True)
            ]
        details = [
            Detail(row.id, schedule_id, new.code, row.detail_crc32, new.psnr, new.similarity)
            for row, new in zip(rows, written, strict=True)
        ]
        outdated = self._store.details.put(details)
        for row, new in zip(rows, written, strict=True):
            before = lengths[row.id]
            if row.id in outdated:
                yield DetailOutcome(row.id, row.path, DetailStatus.CHANGED, before, before)
                continue
            sizes = (len(new.code), before)
            scores = (round(new.psnr, 2), round(new.similarity, 3))
            status = DetailStatus.WRITTEN
            yield DetailOutcome(row.id, row.path, status, *sizes, *scores, curve=new.curve)
