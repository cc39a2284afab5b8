"""`coldframe serve`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import ColdframeError, UsageError
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options
from cli.shared.output import say
from cli.shared.values import PathValue, Whole

if TYPE_CHECKING:
    from archive.service.served import ServiceConfig

FOLDER = PathValue(path_type=Path, exists=True, file_okay=False)


@click.command(cls=Command)
@click.argument("locations", metavar="[NAME=LOCATION]...", nargs=-1)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8420, show_default=True, type=Whole(0, 65535), help="Port; 0: a free one."
)
@click.option("--read-only", is_flag=True, help="Search and restore only; nothing is changed.")
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=FOLDER,
    help="A folder that may be ingested over the API, with all below it. Repeatable.",
)
@click.option(
    "--results",
    type=PathValue(path_type=Path),
    help="Folder for restored pictures [default: service/results in the archive].",
)
@click.option("--root-path", default="", metavar="/PATH", help="Path that a proxy serves it under.")
@archive_options
def command(
    *,
    locations: tuple[str, ...],
    host: str,
    port: int,
    read_only: bool,
    roots: tuple[Path, ...],
    results: Path | None,
    root_path: str,
    settings: Settings,
) -> None:
    """Serve archives over HTTP: search, pictures, restoring and ingest as jobs.

    Serves --archive under the name `default`, or each LOCATION under its NAME. On this machine
    anybody may ask; with any other --host, and where COLDFRAME_TOKEN is set, a token is needed. It
    is made at the first start and stays in service/token of the first archive's folder. Ends
    cleanly on SIGTERM and Ctrl-C; a job that runs then goes on at the next start.
    """
    _require_extra()
    from archive.service.access import needs_token
    from archive.service.application import create_application
    from archive.service.served import ServiceConfig, parse_locations
    from archive.service.server import open_local_sockets, open_server, open_socket, run

    if root_path and not root_path.startswith("/"):
        raise UsageError(f"--root-path {root_path!r} must begin with a slash, like /photos")
    config = ServiceConfig(
        locations=parse_locations(locations, settings),
        read_only=read_only,
        roots=tuple(root.resolve() for root in roots),
        results=results,
        root_path=root_path.rstrip("/"),
        needs_token=needs_token(host),
    )
    listening = open_socket(host, port)
    application = create_application(config)
    _tell(config, host, listening.getsockname()[1], application.service.token_source)
    local = open_local_sockets(application.service.archives.values())
    run(open_server(application), [listening, *local])


def _require_extra() -> None:
    """Raises ColdframeError without what the extra installs."""
    for module in ("fastapi", "uvicorn", "multipart", "prometheus_client"):
        if find_spec(module) is None:
            raise ColdframeError(f"serving needs {module}; run `pip install 'coldframe[serve]'`")


def _tell(config: ServiceConfig, host: str, port: int, token_source: str) -> None:
    """Where it is, and where the token is; never the token."""
    shown_host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    say(f"http://{shown_host}:{port}{config.root_path}/")
    for name, settings in config.locations.items():
        mode = ", read-only" if config.read_only else ""
        say(f"{name}: {settings.shown}{mode}", err=True)
    if token_source:
        say(f"the token is in {token_source}", err=True)
