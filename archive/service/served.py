"""The archives that are served, by name, and the folder that each has for the service:

ARCHIVE/service/     (of a database: in its index's folder, in the user's cache)
    token            mode 0600
    lock             held while a service runs: there is one for an archive
    results/JOB/     restored pictures
    uploads/         files that are being archived
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.archive import Archive
from archive.errors import ArchiveLocked, NotFound, UsageError
from archive.service.problems import Refused
from archive.settings import SOCKET_NAME, Settings

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
DEFAULT_NAME = "default"
LONGEST_SOCKET_PATH = 104  # bytes, with the 0 at its end; macOS has the least


@dataclass(frozen=True)
class ServedArchive:
    """An archive and what may be done with it."""

    name: str
    archive: Archive
    folder: Path
    results: Path  # a folder for each job
    read_only: bool  # nothing of it may be changed
    has_jobs: bool  # its database can be written

    def check_changeable(self) -> None:
        """Raises Refused where nothing may be changed."""
        if self.read_only:
            raise Refused(403, f"the archive {self.name} is served read-only")

    @property
    def socket_file(self) -> Path | None:
        """Where commands on this machine reach the service; None where they cannot."""
        directory = self.archive.settings.directory
        if directory is None or not self.has_jobs:
            return None
        file = directory.absolute() / SOCKET_NAME
        return file if len(os.fsencode(file)) < LONGEST_SOCKET_PATH else None

    @property
    def base(self) -> str:
        """Its address, from the service's root."""
        return f"api/v1/archives/{self.name}"


@dataclass(frozen=True)
class ServiceConfig:
    """What the user wants of a service."""

    locations: Mapping[str, Settings]  # by name; at least one
    read_only: bool = False
    roots: tuple[Path, ...] = ()  # folders that may be ingested, resolved
    results: Path | None = None  # instead of each archive's own folder
    root_path: str = ""  # where a proxy has it
    needs_token: bool = False


class ServedArchives(Mapping[str, ServedArchive]):
    """Name → archive."""

    def __init__(self, config: ServiceConfig) -> None:
        """Opens all archives. Raises as Archive does, ArchiveLocked if one is served already."""
        self._archives: dict[str, ServedArchive] = {}
        with contextlib.ExitStack() as stack:
            for name, settings in config.locations.items():
                archive = stack.enter_context(Archive(settings))
                self._archives[name] = self._served(name, archive, config, stack)
            self._close = stack.pop_all()

    def _served(
        self, name: str, archive: Archive, config: ServiceConfig, stack: contextlib.ExitStack
    ) -> ServedArchive:
        folder = service_folder(archive.settings)
        has_jobs = not archive.read_only
        if has_jobs:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_locked(folder / "lock", archive.settings.shown))
        results = folder / "results" if config.results is None else config.results / name
        read_only = config.read_only or archive.read_only
        return ServedArchive(name, archive, folder, results, read_only, has_jobs)

    def __getitem__(self, name: str) -> ServedArchive:
        """Raises NotFound."""
        if name not in self._archives:
            raise NotFound("there is no archive of this name")
        return self._archives[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._archives)

    def __len__(self) -> int:
        return len(self._archives)

    def close(self) -> None:
        """Closes all archives."""
        self._close.close()


def service_folder(settings: Settings) -> Path:
    """Where the service keeps what it needs beside an archive."""
    parent = settings.directory or settings.index_directory
    return parent / "service"


def parse_locations(words: tuple[str, ...], default: Settings) -> dict[str, Settings]:
    """`NAME=LOCATION` … → settings by name; none: the default archive. Raises UsageError."""
    locations: dict[str, Settings] = {}
    for word in words:
        name, equals, location = word.partition("=")
        if not (equals and location and NAME.fullmatch(name)):
            raise UsageError(
                f"{word!r}: write NAME=LOCATION, with a name of lower-case letters and digits"
            )
        if name in locations:
            raise UsageError(f"two archives are called {name!r}; give them different names")
        locations[name] = Settings(location, default.lock_seconds)
    return locations or {DEFAULT_NAME: default}


@contextlib.contextmanager
def _locked(file: Path, location: str) -> Iterator[None]:
    """Holds a lock until the block ends. Raises ArchiveLocked."""
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        with file.open("w") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ArchiveLocked(
                    f"the archive at {location} is served already; end that service first"
                ) from error
            opened.write(f"{os.getpid()}\n")
            opened.flush()
            yield
            return
    yield
