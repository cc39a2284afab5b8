"""Where an archive lives. Read once, at the edge; passed down; never changed.

a directory    DIR/archive.db (SQLite), DIR/index/
a database     postgresql://…; the index, a cache, lies under the user's cache directory
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_LOCATION = "./coldframe"
DATABASE_NAME = "archive.db"
LOCK_SECONDS = 30.0  # to wait for another process that is writing


@dataclass(frozen=True)
class Settings:
    """`location` is the directory or database URL as the user wrote it."""

    location: str = DEFAULT_LOCATION
    lock_seconds: float = LOCK_SECONDS

    @classmethod
    def of(cls, location: str | Path | Settings) -> Settings:
        """A location, or settings as they are."""
        return location if isinstance(location, Settings) else cls(str(location))

    @property
    def is_url(self) -> bool:
        return "://" in self.location

    @property
    def directory(self) -> Path | None:
        """The archive's directory, or None for a database URL."""
        return None if self.is_url else Path(self.location)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL; `postgres://` and a bare `postgresql://` mean psycopg 3."""
        if self.directory is not None:
            return f"sqlite:///{(self.directory / DATABASE_NAME).absolute()}"
        scheme, rest = self.location.split("://", 1)
        return (
            f"postgresql+psycopg://{rest}"
            if scheme in ("postgres", "postgresql")
            else self.location
        )

    @property
    def index_directory(self) -> Path:
        """Where the index is cached; deleting it loses nothing."""
        if self.directory is not None:
            return self.directory / "index"
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "coldframe" / hashlib.sha256(self.location.encode()).hexdigest()[:16]
