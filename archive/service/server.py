"""uvicorn: sockets, time limits, and an end in good order.

headers   at most HEADER_BYTES, within IDLE_SECONDS of the connection or the last answer
clients   MOST_CONNECTIONS at a time
end       SIGTERM or SIGINT: no new connections, requests finish within END_SECONDS, the running
          job stops at its next step and is queued
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from archive.arrays import one_blas_thread
from archive.errors import UsageError
from archive.service.application import Application
from archive.service.served import ServedArchive

HEADER_BYTES = 32_768
IDLE_SECONDS = 15
END_SECONDS = 30
MOST_CONNECTIONS = 512


class _Protocol(H11Protocol):
    """HTTP/1.1 for clients that may be slow: uvicorn waits for headers forever."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        self._wait()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(IDLE_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class _Server(uvicorn.Server):
    """A server that ends with exit code 0, and tells the worker first."""

    def __init__(self, config: uvicorn.Config, end: Callable[[], None]) -> None:
        super().__init__(config)
        self._end = end

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called for SIGINT and SIGTERM; a second SIGINT does not wait."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called once no more connections are accepted."""
        self._end()
        await super().shutdown(sockets)


def open_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises UsageError where it cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{host} port {port} cannot be used: {reason}; give another") from error
    return listening


def open_local_sockets(archives: Iterable[ServedArchive]) -> list[socket.socket]:
    """A Unix socket for each archive that can have one, for its user alone.

    One that another service left is replaced: an archive's lock is held by now.
    """
    if not hasattr(socket, "AF_UNIX"):
        return []
    sockets = []
    for file in filter(None, (served.socket_file for served in archives)):
        file.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        previous = os.umask(0o177)
        try:
            listening.bind(str(file))
        finally:
            os.umask(previous)
        sockets.append(listening)
    return sockets


def open_server(application: Application) -> uvicorn.Server:
    """A server for the app, ready to `run`."""
    config = uvicorn.Config(
        application.asgi,
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        root_path=application.service.config.root_path,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=END_SECONDS,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    return _Server(config, application.service.runner.end)


def run(server: uvicorn.Server, sockets: Sequence[socket.socket]) -> None:
    """Serves until SIGTERM or SIGINT; hanging up ends it, too."""
    with contextlib.suppress(AttributeError, ValueError):  # Windows; not in the main thread
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, server.handle_exit)
    names = [listening.getsockname() for listening in sockets]
    try:
        with one_blas_thread():  # searches take turns with it otherwise, and torch has its own
            server.run(sockets=list(sockets))
    finally:
        for file in (name for name in names if isinstance(name, str)):
            Path(file).unlink(missing_ok=True)
