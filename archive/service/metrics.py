"""Figures for Prometheus: requests by operation and status, their seconds; jobs and images."""

from __future__ import annotations

import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.service.served import ServedArchive
from archive.store.jobs import JobState

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)  # seconds
CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = ("GET", "POST", "DELETE")  # others are one


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "coldframe_requests_total",
            "Requests that were answered.",
            ("method", "operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "coldframe_request_seconds",
            "Seconds from a request to the end of its answer.",
            ("operation",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._jobs = Gauge("coldframe_jobs", "Jobs.", ("archive", "state"), registry=self._registry)
        self._images = Gauge("coldframe_images", "Rows.", ("archive",), registry=self._registry)

    def text(self, archives: Mapping[str, ServedArchive]) -> bytes:
        """In Prometheus' format."""
        for name, served in archives.items():
            self._images.labels(name).set(len(served.archive))
            counts = served.archive.store.jobs.count()
            for state in JobState:
                self._jobs.labels(name, state.value).set(counts.get(state, 0))
        return generate_latest(self._registry)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """A request was answered. By its operation: by path, each image would have a series."""
        operation = getattr(scope.get("route"), "name", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._requests.labels(method, operation, status).inc()
        self._seconds.labels(operation).observe(seconds)


class Measured:
    """An ASGI app around another, which counts its requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._metrics.count(scope, status, time.perf_counter() - started)
