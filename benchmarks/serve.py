"""`coldframe serve` under load: synthetic rows, searched with words by the pocket pair.

Requests come at fixed times, however long the ones before take, so that a stall is not left out:
the latency of a request runs from the time it was due. Load and server share the machine. The slow
clients of the last part send a byte of their headers each second.
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np

from archive.archive import Archive
from benchmarks.index import VectorShape, fill
from benchmarks.processes import PAGE_BYTES

LIMIT = 10  # hits, as of `coldframe search`
CLIENTS = 8  # connections that requests are spread over
WORDS = [
    "red",
    "blue",
    "green",
    "house",
    "boat",
    "tree",
    "sea",
    "hill",
    "beach",
    "dog",
    "bird",
    "snow",
    "night",
    "field",
    "road",
    "sun",
]
READY_SECONDS = 120.0
WARM_SECONDS = 20  # until most vectors that these words come near are decoded


def measure(rows: int, rate: int, seconds: int, slow_clients: int) -> list[dict[str, object]]:
    """→ figures of the load alone, and beside slow clients."""
    with tempfile.TemporaryDirectory() as folder:
        _create(folder, rows)
        with serving(folder) as (pid, port):
            facts = {"rows": rows, "requests_per_second": rate, "seconds": seconds}
            _load(port, rate, WARM_SECONDS)
            figures = [{**facts, "slow_clients": 0, **_measured(pid, port, rate, seconds)}]
            with _slow_clients(port, slow_clients):
                slowed = _measured(pid, port, rate, max(1, seconds // 4))
                figures.append({**facts, "slow_clients": slow_clients, **slowed})
            return figures


def _create(folder: str, rows: int) -> None:
    with Archive.create(folder, "pocket") as archive:
        codec_id = max(record.id for record in archive.store.codecs.all())
        fill(archive.store, codec_id, archive.codec, VectorShape(archive.codec.dimension), rows)
        archive.search("a house")


@contextmanager
def serving(folder: str) -> Iterator[tuple[int, int]]:
    """A service that is ready → its process and port."""
    command = [sys.executable, "-m", "cli", "serve", "--port", "0", "--archive", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = urlsplit(process.stdout.readline()).port or 0
            end = time.monotonic() + READY_SECONDS
            while _status(http.client.HTTPConnection("127.0.0.1", port), "/ready") != 200:
                if time.monotonic() > end:
                    raise RuntimeError("the service does not become ready")
                time.sleep(0.1)
            yield process.pid, port
        finally:
            process.terminate()


def _measured(pid: int, port: int, rate: int, seconds: int) -> dict[str, object]:
    before = resident(pid)
    cpu_before = cpu_seconds(pid)
    latencies, errors = _load(port, rate, seconds)
    p50, p99 = (1000 * float(np.percentile(latencies, part)) for part in (50, 99))
    return {
        "requests": len(latencies),
        "errors": errors,
        "server_cpu_ms": round(1000 * (cpu_seconds(pid) - cpu_before) / len(latencies), 1),
        "ms_median": round(p50, 1),
        "ms_p99": round(p99, 1),
        "ms_most": round(1000 * max(latencies), 1),
        "megabytes_before": round(before / 1e6, 1),
        "megabytes_after": round(resident(pid) / 1e6, 1),
    }


def _load(port: int, rate: int, seconds: int) -> tuple[Sequence[float], int]:
    """→ seconds of each request from when it was due, and how many failed."""
    numbers = count()
    started = time.perf_counter() + 0.1
    latencies: list[float] = []
    statuses: list[int] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        rng = random.Random(threading.get_ident())
        while (number := next(numbers)) < rate * seconds:
            due = started + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            words = quote(" ".join(rng.sample(WORDS, 4)))
            path = f"/api/v1/archives/default/search?limit={LIMIT}&q={words}"
            statuses.append(_status(connection, path))
            latencies.append(time.perf_counter() - due)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies, sum(status != 200 for status in statuses)


def _status(connection: http.client.HTTPConnection, path: str) -> int:
    """0 if there is no answer."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return response.status


@contextmanager
def _slow_clients(port: int, number: int) -> Iterator[None]:
    """Clients whose headers do not end; each begins anew when it is cut off."""
    ends = threading.Event()

    def drip() -> None:
        while not ends.is_set():
            with ExitStack() as stack:
                address = ("127.0.0.1", port)
                clients = [
                    stack.enter_context(socket.create_connection(address)) for _ in range(number)
                ]
                try:
                    for client in clients:
                        client.sendall(b"GET /health HTTP/1.1\r\nX: ")
                    while not ends.wait(1.0):
                        for client in clients:
                            client.sendall(b"y")
                except OSError:
                    continue  # the server has had enough

    thread = threading.Thread(target=drip)
    thread.start()
    time.sleep(1.0)
    try:
        yield
    finally:
        ends.set()
        thread.join()


def resident(pid: int) -> int:
    """Bytes of memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, whatever else the machine does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
