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


@contextmanager
def serve(binaries: Path, folder: Path) -> Iterator[str]:
    """An empty folder → the URL of a server that keeps its data there, until the block ends."""
    cluster = folder / "cluster"
    owner = _own(folder)
    initialize: list[str | Path] = [binaries / "initdb", "-D", cluster, "--no-sync"]
    initialize += ["-A", "trust", "-U", USER]
    subprocess.run(initialize, check=True, capture_output=True, **owner)
    port = _free_port()
    control: list[str | Path] = [binaries / "pg_ctl", "-D", cluster, "-w", "-l", folder / "log"]
    start = [*control, "-o", f"-p {port} {OPTIONS}", "start"]
    subprocess.run(start, check=True, capture_output=True, **owner)
    try:
        yield f"postgresql://{USER}@127.0.0.1:{port}"
    finally:
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, capture_output=True, **owner)


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
