"""Jobs: work that the service does one after the other, and that survives its end.

queued ─► running ─► done | failed | cancelled
  ▲          │
  └──────────┘ the service ended meanwhile
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from archive.errors import NotFound
from archive.records import INT64_LIMIT
from archive.store.clock import utc_now
from archive.store.database import Database, insert_one
from archive.store.schema import Base


class Job(Base):
    """Work that the service does one after the other. It says nothing of any image."""

    __tablename__ = "job"

    # Rises with time: the lowest that is queued runs next.
    id: Mapped[int] = mapped_column(primary_key=True)
    # restore, detail, recode or ingest.
    kind: Mapped[str]
    # What was asked for.
    parameters: Mapped[dict[str, Any]]
    # queued, running, done, failed or cancelled.
    state: Mapped[str] = mapped_column(index=True)
    # Images or files that are done.
    done: Mapped[int] = mapped_column(Integer)
    # Of how many; NULL if that is not known.
    total: Mapped[int | None] = mapped_column(Integer)
    # What came of it, or why it failed; empty if there is nothing to say.
    message: Mapped[str]
    # When it was asked for (UTC).
    created_at: Mapped[datetime]
    # When it last began to run (UTC); NULL if it has not.
    started_at: Mapped[datetime | None]
    # When it ended (UTC); NULL if it has not.
    finished_at: Mapped[datetime | None]


TABLE = Job.__table__


class JobState(enum.StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


FINAL = [state.value for state in JobState if state.is_final]


@dataclass(frozen=True)
class JobRecord:
    """A job as it is stored."""

    id: int
    kind: str
    parameters: Mapping[str, Any]
    state: JobState
    done: int  # images or files, of `total`
    total: int | None  # None if that is not known
    message: str  # what came of it, or why it failed; '' if there is nothing to say
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


COLUMNS = [TABLE.c[field.name] for field in fields(JobRecord)]


class Jobs:
    """The table of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, parameters: Mapping[str, Any], *, most: int) -> JobRecord | None:
        """A new job at the end of the queue; None if `most` are waiting already."""
        values = {
            "kind": kind,
            "parameters": dict(parameters),
            "state": JobState.QUEUED,
            "done": 0,
            "message": "",
            "created_at": utc_now(),
        }
        with self._database.exclusive() as connection:
            if self._count(connection, TABLE.c.state == JobState.QUEUED) >= most:
                return None
            job_id = insert_one(connection, Job, values)
        return self.get(job_id)

    def get(self, job_id: int) -> JobRecord:
        """One job. Raises NotFound."""
        jobs = self._select(TABLE.c.id == job_id, 1) if job_id < INT64_LIMIT else []
        if not jobs:
            raise NotFound(f"no job {job_id} in this archive; jobs are removed some days after")
        return jobs[0]

    def newest(self, limit: int) -> list[JobRecord]:
        """Jobs, the newest first."""
        return self._select(TABLE.c.id.is_not(None), limit)

    def ahead_of(self, job_id: int) -> int:
        """How many unfinished jobs there are before this one."""
        before = (TABLE.c.id < job_id) & TABLE.c.state.not_in(FINAL)
        with self._database.reading() as connection:
            return self._count(connection, before)

    def count(self) -> dict[str, int]:
        """State → number of jobs."""
        query = select(TABLE.c.state, func.count()).group_by(TABLE.c.state)
        with self._database.reading() as connection:
            return {row.state: row[1] for row in connection.execute(query)}

    def take(self) -> JobRecord | None:
        """The first job in the queue, which runs from now on; None if none waits."""
        oldest = select(func.min(TABLE.c.id)).where(TABLE.c.state == JobState.QUEUED)
        with self._database.exclusive() as connection:
            job_id = connection.execute(oldest).scalar()
            if job_id is None:
                return None
            running = {"state": JobState.RUNNING, "started_at": utc_now(), "done": 0}
            connection.execute(update(Job).where(TABLE.c.id == job_id).values(**running))
        return self.get(job_id)

    def progress(self, job_id: int, done: int, total: int | None) -> None:
        """Records how far a running job is."""
        self._change(job_id, JobState.RUNNING, done=done, total=total)

    def finish(self, job_id: int, state: JobState, message: str = "") -> None:
        """A running job has come to its end."""
        values = {"state": state, "message": message, "finished_at": utc_now()}
        self._change(job_id, JobState.RUNNING, **values)

    def cancel(self, job_id: int) -> bool:
        """Whether the job was still waiting, and is cancelled now."""
        values = {"state": JobState.CANCELLED, "finished_at": utc_now()}
        return self._change(job_id, JobState.QUEUED, **values)

    def requeue(self) -> int:
        """Those that ran when the service ended wait again → how many."""
        ran = update(Job).where(TABLE.c.state == JobState.RUNNING)
        with self._database.writing() as connection:
            return connection.execute(ran.values(state=JobState.QUEUED)).rowcount

    def remove(self, *, finished_before: datetime) -> list[int]:
        """Removes old jobs → their ids."""
        old = TABLE.c.finished_at < finished_before
        query = delete(Job).where(old).returning(TABLE.c.id)
        with self._database.writing() as connection:
            return list(connection.execute(query).scalars())

    def _change(self, job_id: int, expected: JobState, **values: Any) -> bool:
        same = (TABLE.c.id == job_id) & (TABLE.c.state == expected)
        with self._database.writing() as connection:
            return connection.execute(update(Job).where(same).values(**values)).rowcount > 0

    def _count(self, connection: Connection, condition: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(TABLE).where(condition)
        return connection.execute(query).scalar_one()

    def _select(self, condition: ColumnElement[bool], limit: int) -> list[JobRecord]:
        query = select(*COLUMNS).where(condition).order_by(TABLE.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [JobRecord(**{**row._mapping, "state": JobState(row.state)}) for row in rows]
