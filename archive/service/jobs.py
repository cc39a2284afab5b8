"""The one worker: jobs of all archives, one after the other, so that one decoder draws at a time.

A job that was running when the service ended, however it did, is queued again when it starts.
Pictures of a job are removed RESULT_DAYS after it ended, and the job with them.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from archive.errors import ColdframeError, NotFound
from archive.service.documents import Job
from archive.service.job_kinds import parameters_of
from archive.service.problems import Refused
from archive.service.served import ServedArchive
from archive.store.clock import utc_now
from archive.store.jobs import JobRecord, JobState

MOST_QUEUED = 100  # jobs of an archive
RETRY_SECONDS = 30  # after a full queue
RESULT_DAYS = 7
CLEANING_SECONDS = 3600.0  # between two looks for old results
WAIT_SECONDS = 30.0  # between two looks at the queue, if nobody says that there is a job
RECORD_SECONDS = 1.0  # between two records of progress
LOG = logging.getLogger("coldframe.service")


class _Stopped(Exception):
    """The job is cancelled, or the service ends."""


@dataclass
class _Live:
    """What is known of the job that runs, beside its row."""

    served: ServedArchive
    job_id: int
    done: int = 0
    total: int | None = None
    step: int = 0
    steps: int = 0
    is_cancelled: bool = False

    def is_job(self, served: ServedArchive, job_id: int) -> bool:
        """Whether it is this job."""
        return self.served is served and self.job_id == job_id


class JobRunner:
    """The worker and its queue."""

    def __init__(self, archives: Mapping[str, ServedArchive]) -> None:
        self._archives = [served for served in archives.values() if served.has_jobs]
        self._live: _Live | None = None
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="coldframe-jobs", daemon=True)

    @property
    def is_ending(self) -> bool:
        """Whether no job runs any more."""
        return self._ending.is_set()

    def start(self) -> None:
        """Queues again what the last service left, and begins."""
        for served in self._archives:
            served.archive.store.jobs.requeue()
        self._thread.start()

    def end(self) -> None:
        """From now on no job begins, and the running one stops at its next step."""
        self._ending.set()
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Waits for the running job to stop."""
        self._thread.join(seconds)

    def add(self, served: ServedArchive, kind: str, parameters: Mapping[str, object]) -> Job:
        """A new job. Raises Refused where the queue is full, or no job can be recorded."""
        if not served.has_jobs:
            raise Refused(403, "the archive's database can only be read: it has no jobs")
        record = served.archive.store.jobs.add(kind, parameters, most=MOST_QUEUED)
        if record is None:
            headers = {"Retry-After": str(RETRY_SECONDS)}
            raise Refused(429, f"{MOST_QUEUED} jobs are waiting; ask later", headers=headers)
        self._wake.set()
        return self.document(served, record)

    def cancel(self, served: ServedArchive, job_id: int) -> Job:
        """Ends a job: at once if it waits, else at its next step. Raises NotFound, Refused."""
        jobs = served.archive.store.jobs
        record = jobs.get(job_id)
        if record.state.is_final:
            raise Refused(409, f"job {job_id} has ended already")
        live = self._live
        if not jobs.cancel(job_id) and live is not None and live.is_job(served, job_id):
            live.is_cancelled = True
        return self.document(served, jobs.get(job_id))

    def document(self, served: ServedArchive, record: JobRecord) -> Job:
        """A job as it is sent, with the progress of this moment."""
        live = self._live
        if live is None or not live.is_job(served, record.id) or record.state.is_final:
            live = _Live(served, record.id, record.done, record.total)
        has_pictures = record.state is JobState.DONE and bool(result_files(served, record))
        waits = record.state is JobState.QUEUED
        return Job(
            id=record.id,
            kind=record.kind,
            parameters=dict(record.parameters),
            state=record.state,
            done=live.done,
            total=live.total,
            step=live.step,
            steps=live.steps,
            message=record.message,
            created_at=record.created_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
            ahead=served.archive.store.jobs.ahead_of(record.id) if waits else 0,
            result=f"{served.base}/jobs/{record.id}/result" if has_pictures else None,
        )

    def _work(self) -> None:
        cleaned = 0.0
        while not self._ending.is_set():
            self._wake.clear()
            if time.monotonic() - cleaned > CLEANING_SECONDS or not cleaned:
                cleaned = time.monotonic()
                self._safely(self._clean)
            ran = [self._safely(self._run_next, served) for served in self._archives]
            if not any(ran):
                self._wake.wait(WAIT_SECONDS)

    def _safely(self, action: Callable[..., object], *args: object) -> bool:
        """Whether an action did something; the worker outlives what it raises."""
        try:
            return bool(action(*args))
        except Exception:
            LOG.exception("a job could not be handled")
            return False

    def _run_next(self, served: ServedArchive) -> bool:
        """Runs the first job of an archive's queue → whether there was one."""
        if self._ending.is_set():
            return False
        jobs = served.archive.store.jobs
        record = jobs.take()
        if record is None:
            return False
        live = self._live = _Live(served, record.id)
        state, message = self._outcome(served, record, live)
        if state is not None:
            jobs.progress(record.id, live.done, live.total)
            jobs.finish(record.id, state, message)
        self._live = None
        if state is None:
            jobs.requeue()
        return True

    def _outcome(
        self, served: ServedArchive, record: JobRecord, live: _Live
    ) -> tuple[JobState | None, str]:
        """Runs a job → its state and message; None: it is to run again."""
        try:
            return JobState.DONE, self._run(served, record, live)
        except _Stopped:
            return (JobState.CANCELLED if live.is_cancelled else None), ""
        except ColdframeError as error:
            return JobState.FAILED, str(error)
        except ValidationError:
            return JobState.FAILED, "this version of coldframe does not know such a job"
        except Exception as error:
            LOG.exception("job %d failed", record.id)
            return JobState.FAILED, f"internal error: {type(error).__name__}"

    def _run(self, served: ServedArchive, record: JobRecord, live: _Live) -> str:
        def check() -> None:
            if live.is_cancelled or self._ending.is_set():
                raise _Stopped

        def on_step(step: int, steps: int) -> None:
            live.step = step
            live.steps = steps
            check()

        recorded = time.monotonic()
        with closing(parameters_of(record).run(served, record.id, on_step)) as progress:
            while True:
                try:
                    live.done, live.total = next(progress)
                except StopIteration as end:
                    return str(end.value)
                live.step = 0
                live.steps = 0
                if time.monotonic() - recorded > RECORD_SECONDS:
                    recorded = time.monotonic()
                    served.archive.store.jobs.progress(record.id, live.done, live.total)
                check()

    def _clean(self) -> None:
        """Removes old jobs, and pictures of jobs that are gone."""
        limit = utc_now() - timedelta(days=RESULT_DAYS)
        for served in self._archives:
            for job_id in served.archive.store.jobs.remove(finished_before=limit):
                shutil.rmtree(served.results / str(job_id), ignore_errors=True)


def result_files(served: ServedArchive, record: JobRecord) -> list[Path]:
    """The pictures of a job, by name."""
    folder = served.results / str(record.id)
    if record.kind != "restore" or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def newest_picture(served: ServedArchive, image_id: int) -> Path | None:
    """The last picture of a row that a job made and that is still there."""
    folder = served.results.absolute()
    for path in reversed(served.archive.store.restorations.paths(image_id)):
        if folder in Path(path).parents and Path(path).is_file():
            return Path(path)
    return None


def check_rows(served: ServedArchive, ids: list[int]) -> None:
    """Raises NotFound for the first row that is missing."""
    rows = served.archive.store.images.find(ids)
    missing = next((image_id for image_id in ids if image_id not in rows), None)
    if missing is not None:
        raise NotFound(f"no image {missing} in this archive")
