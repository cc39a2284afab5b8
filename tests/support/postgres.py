"""A PostgreSQL server of our own, on a free port of this machine."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian's, oldest version first
USER = "postgres"  # owns the server where we are root, and the database everywhere
OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"


class Server:
    """A server whose data is in an empty folder of ours."""

    def __init__(self, binaries: Path, folder: Path, *, password: str = "") -> None:
        """Initializes and starts it; without a password it trusts everybody."""
        self._binaries = binaries
        self._folder = folder
        self._owner = _own(folder)
        self._port = _free_port()
        login = f"{USER}:{password}" if password else USER
        self.url = f"postgresql://{login}@127.0.0.1:{self._port}"
        initialize: list[str | Path] = [binaries / "initdb", "-D", folder / "cluster", "--no-sync"]
        initialize += ["-U", USER, "-A", "scram-sha-256" if password else "trust"]
        if password:
            (folder / "password").write_text(password)
            initialize += ["--pwfile", folder / "password"]
        subprocess.run(initialize, check=True, capture_output=True, **self._owner)
        self.start()

    def start(self) -> None:
        """Returns once it answers."""
        log = self._folder / "log"
        options: list[str | Path] = ["-l", log, "-o", f"-p {self._port} {OPTIONS}"]
        subprocess.run([*self._control, *options, "start"], check=True, **self._quietly)

    def stop(self, mode: str = "fast") -> None:
        """Ends its connections; it may be stopped already."""
        subprocess.run([*self._control, "-m", mode, "stop"], check=False, **self._quietly)

    @property
    def _control(self) -> list[str | Path]:
        return [self._binaries / "pg_ctl", "-D", self._folder / "cluster", "-w"]

    @property
    def _quietly(self) -> dict[str, Any]:
        return {"capture_output": True, **self._owner}


@contextmanager
def serve(binaries: Path, folder: Path, *, password: str = "") -> Iterator[Server]:
    """An empty folder → a server that keeps its data there, until the block ends."""
    server = Server(binaries, folder, password=password)
    try:
        yield server
    finally:
        server.stop("immediate")


def create_database(server: str, *, template: str = "template1") -> str:
    """A server's URL → the URL of a new database on it, a copy of `template`."""
    name = f"test_{secrets.token_hex(8)}"
    names = map(sql.Identifier, (name, template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    return f"{server}/{name}"


def _own(folder: Path) -> dict[str, Any]:
    """Gives the folder to the server's user; returns what subprocess needs to run as that user.

    The server refuses to run as root. Its user must be able to reach the folder, so the parents
    that only root may enter (those that pytest made) are opened; all others stay as they are.
    """
    if os.geteuid() != 0:
        return {}
    for parent in folder.parents:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH | stat.S_IROTH)
    shutil.chown(folder, USER, USER)
    return {"user": USER, "group": USER, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
