"""A search by the service that runs for the same archive, if there is one: without numpy, models
and database, in a tenth of the time.

The service listens on the Unix socket `serve.sock` in the archive's folder. Whatever goes wrong,
the command does the search itself.
"""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from archive.settings import SOCKET_NAME, Settings

SECONDS = 10.0  # to wait for an answer
UNUSABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class ServedHit:
    """A hit, as archive.index.search.Hit."""

    id: int
    score: float
    path: str
    digest: str
    taken_at: datetime | None
    match: float | None
    is_match: bool


def search_by_service(
    settings: Settings, words: str, image: Path | None, *, limit: int
) -> list[ServedHit] | None:
    """The hits; None if no service of this version has an answer."""
    file = settings.directory and settings.directory.absolute() / SOCKET_NAME
    if file is None or not file.is_socket():
        return None
    asked = {"words": words} if image is None else {"image": os.path.abspath(image)}
    try:
        answer = _ask(file, {**asked, "limit": limit})
        return [_hit(**hit) for hit in answer["hits"]] if _is_of_this_version(answer) else None
    except UNUSABLE:
        return None


def _ask(file: Path, query: Mapping[str, object]) -> Any:
    """What the service at a socket answers. Raises one of UNUSABLE."""
    import http.client

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as opened:
        opened.settimeout(SECONDS)
        opened.connect(str(file))
        connection = http.client.HTTPConnection("localhost")
        connection.sock = opened
        try:
            connection.request("GET", f"/local/search?{urlencode(query)}")
            return json.loads(connection.getresponse().read())
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error


def _is_of_this_version(answer: Mapping[str, object]) -> bool:
    from importlib.metadata import version

    return answer["version"] == version("coldframe")


def _hit(path: str, taken_at: str | None, **others: Any) -> ServedHit:
    """Raises one of UNUSABLE for a hit of another version."""
    taken = None if taken_at is None else datetime.fromisoformat(taken_at)
    return ServedHit(path=os.fsdecode(base64.b64decode(path)), taken_at=taken, **others)
