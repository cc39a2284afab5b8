"""Where an archive is. Read once, at the edge, and passed down unchanged.

a directory    DIR/archive.db (SQLite) and DIR/index/
a database     postgresql://…; the index, a cache, is in the user's cache directory
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

DEFAULT_LOCATION = "./coldframe"
DATABASE_NAME = "archive.db"
SOCKET_NAME = "serve.sock"  # of a service that runs for the archive
CACHE_NAME_LENGTH = 16  # hexadecimal digits of the SHA-256 of the location without password
URL = re.compile(r"[\s'\"]*[A-Za-z][A-Za-z0-9+.-]+:/")  # misspelled ones too; C:/ is a folder
PASSWORDS = (  # misspelled URLs and libpq's own notation have some too
    re.compile(r"(?<=:)(?P<user>/+[^:[]*:).*(?=@)", re.DOTALL),
    re.compile(r"(?<=:)(?P<user>/+[^:/@?#[]+:)(?!\d*(?:[/?#]|$))[^@/?#]+(?=[/?#]|$)"),  # no host
    re.compile(r"(?P<user>\b(?:password|passfile|sslpassword)\s*=)[^&]*"),
)
LOCK_SECONDS = 30.0  # how long to wait for another process that is writing


@dataclass(frozen=True)
class Settings:
    """The location of an archive, and how patiently it is opened."""

    location: str = DEFAULT_LOCATION  # a directory or a database URL, as the user wrote it
    lock_seconds: float = LOCK_SECONDS

    def __repr__(self) -> str:
        return f"Settings({self.shown!r}, lock_seconds={self.lock_seconds})"

    @classmethod
    def of(cls, location: str | Path | Settings) -> Settings:
        """A location, or settings as they are."""
        return location if isinstance(location, Settings) else cls(str(location))

    @property
    def is_url(self) -> bool:
        """Whether the location is a database URL."""
        return URL.match(self.location) is not None

    @property
    def shown(self) -> str:
        """The location for messages: a password is masked."""
        return masked(self.location)

    @property
    def directory(self) -> Path | None:
        """The archive's directory, or None for a database URL."""
        return None if self.is_url else Path(self.location)

    @property
    def database_file(self) -> Path | None:
        """The SQLite database, absolute, or None for a database URL."""
        return None if self.directory is None else (self.directory / DATABASE_NAME).absolute()

    @property
    def database_url(self) -> str:
        """The URL of a database server; `postgres://` and `postgresql://` mean psycopg 3."""
        scheme, _, rest = self.location.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"postgresql+psycopg://{rest}"
        return self.location

    @property
    def index_directory(self) -> Path:
        """The folder of the index, a cache: deleting it loses nothing."""
        if self.directory is not None:
            return self.directory / "index"
        name = hashlib.sha256(os.fsencode(self.shown)).hexdigest()[:CACHE_NAME_LENGTH]
        return cache_folder() / name


def cache_folder() -> Path:
    """coldframe's folder in the user's cache: deleting it loses nothing but time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "coldframe"


def masked(text: str) -> str:
    """A location, or a message that quotes one, with *** for each password."""
    for pattern in PASSWORDS:
        text = pattern.sub(r"\g<user>***", text)
    return text
