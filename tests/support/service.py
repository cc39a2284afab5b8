"""`coldframe serve` as a client meets it: a real server on a free port of this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from archive.service.application import create_application
from archive.service.context import Service
from archive.service.served import ServiceConfig
from archive.service.server import open_server, open_socket, run
from archive.settings import Settings

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds
FEW_STEPS = 2
API = "/api/v1/archives/default"


@dataclass(frozen=True)
class Running:
    """A server and a client of it."""

    service: Service
    port: int
    client: httpx.Client

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET, below the archive `default` unless the path begins with a slash."""
        return self.client.get(path if path.startswith("/") else f"{API}/{path}", **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """POST, likewise."""
        return self.client.post(path if path.startswith("/") else f"{API}/{path}", **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        """DELETE, likewise."""
        return self.client.delete(f"{API}/{path}", **options)

    def job(self, **body: Any) -> Any:
        """A new job."""
        answer = self.post("jobs", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def finished(self, job: Any) -> Any:
        """The job once it has ended."""
        return self.wait(job, lambda now: now["state"] in ("done", "failed", "cancelled"))

    def wait(self, job: Any, condition: Any) -> Any:
        """The job as soon as a condition holds."""
        end = time.monotonic() + PATIENCE
        while True:
            now = self.get(f"jobs/{job['id']}").json()
            if condition(now):
                return now
            assert time.monotonic() < end, now
            time.sleep(0.05)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection((HOST, self.port), timeout=PATIENCE)


@contextmanager
def serving(location: Path | Settings | str, **options: Any) -> Iterator[Running]:
    """Serves an archive as `default` until the block ends."""
    settings = Settings.of(location)
    application = create_application(ServiceConfig({"default": settings}, **options))
    server = open_server(application)
    listening = open_socket(HOST, 0)
    port = listening.getsockname()[1]
    thread = threading.Thread(target=run, args=(server, [listening]), daemon=True)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://{HOST}:{port}", timeout=PATIENCE) as client:
            _wait_until_ready(client)
            yield Running(application.service, port, client)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def _wait_until_ready(client: httpx.Client) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if client.get("/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, "the service does not start"
        time.sleep(0.05)
