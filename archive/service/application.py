"""The app: archives, the worker, routes, and what surrounds them.

request ─► measured ─► access ─► body limits ─► FastAPI
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import anyio
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response
from starlette.types import ASGIApp

from archive.errors import ColdframeError
from archive.service import (
    page,
    problems,
    routes_archive,
    routes_images,
    routes_jobs,
    routes_local,
    routes_search,
)
from archive.service.access import Access, read_token
from archive.service.context import THREADS, Service, TheService
from archive.service.documents import Health
from archive.service.jobs import JobRunner
from archive.service.limits import BodyLimits
from archive.service.metrics import CONTENT_TYPE, Measured, Metrics
from archive.service.problems import Answers, Problem, Refused, answers
from archive.service.served import ServedArchives, ServiceConfig

JOIN_SECONDS = 20.0  # to wait for a running job's step
WARM_QUERY = "warm"
PREFIX = "/api/v1"
LOG = logging.getLogger("coldframe.service")
DESCRIPTION = """Cold storage for images: rows of about a hundred bytes, searched by meaning,
regenerated on demand. Addresses in answers are relative to the root of the service. Errors are
`application/problem+json` (RFC 9457)."""
TEXT: Answers = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@dataclass(frozen=True)
class Application:
    """The service, and the ASGI app that serves it."""

    service: Service
    asgi: ASGIApp


def create_application(config: ServiceConfig) -> Application:
    """Opens the archives. Raises as Archive does, ArchiveLocked for one that is served already,
    UsageError for a token that cannot be used.
    """
    archives = ServedArchives(config)
    first = next(iter(archives.values()))
    file = first.folder / "token"
    token, source = read_token(file) if config.needs_token else (None, "")
    service = Service(config, archives, JobRunner(archives), token, source)
    metrics = Metrics()
    app = FastAPI(
        title="coldframe",
        version=version("coldframe"),
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service = service
    app.state.metrics = metrics
    problems.install(app)
    api = APIRouter(prefix=PREFIX)
    api.include_router(routes_archive.session_router)
    for routes in (routes_archive, routes_search, routes_images, routes_jobs):
        api.include_router(routes.router)
    app.include_router(api)
    app.include_router(page.router)
    app.include_router(_server_router(metrics))
    app.include_router(routes_local.router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    limited = BodyLimits(app)
    guarded = Access(limited, token=token)
    return Application(service, Measured(guarded, metrics))


def _server_router(metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["server"])

    @router.get("/health", summary="Whether the service runs")
    async def health() -> Health:
        return Health(status="ok", version=version("coldframe"))

    @router.get("/ready", responses=answers(503), summary="Whether it answers at once")
    async def ready(service: TheService) -> Health:
        if not service.is_ready.is_set() or service.runner.is_ending:
            raise Refused(503, "models and indexes are being loaded", headers={"Retry-After": "2"})
        return Health(status="ready", version=version("coldframe"))

    @router.get(
        "/metrics", responses=TEXT | answers(401), response_class=Response, summary="Metrics"
    )
    def figures(service: TheService) -> Response:
        """For Prometheus."""
        return Response(metrics.text(service.archives), headers={"Content-Type": CONTENT_TYPE})

    return router


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    service.runner.start()
    threading.Thread(target=_warm, args=(service,), name="coldframe-warm", daemon=True).start()
    try:
        yield
    finally:
        service.runner.end()
        await anyio.to_thread.run_sync(service.runner.join, JOIN_SECONDS)
        service.workers.close()
        service.archives.close()


def _warm(service: Service) -> None:
    """Loads what the first search would wait for."""
    for served in service.archives.values():
        try:
            served.archive.search(WARM_QUERY, limit=1)
        except ColdframeError as error:
            LOG.error("the archive %s cannot be searched: %s", served.name, error)
    service.is_ready.set()


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the schema of problems and the two ways to show the token."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = document["components"]
        template = "#/components/schemas/{model}"
        schema = Problem.model_json_schema(ref_template=template)
        components["schemas"] |= schema.pop("$defs", {}) | {"Problem": schema}
        components["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "coldframe_session"},
        }
        document["security"] = [{}, {"token": []}, {"session": []}]
        _name_archives(document, list(app.state.service.archives))
        app.openapi_schema = document
    return app.openapi_schema


def _name_archives(document: dict[str, Any], names: list[str]) -> None:
    """Says which archives there are, wherever one is named."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if (parameter["in"], parameter["name"]) == ("path", "archive"):
                    parameter["schema"]["enum"] = names
