"""What `coldframe search` asks a running service of the same archive, over a Unix socket.

Whoever can open the socket (mode 0600) could as well open the archive. The answer has what a line
of the command needs; of another version of coldframe it is not used.
"""

from __future__ import annotations

import base64
import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from archive.service.access import is_local_socket
from archive.service.context import TheService
from archive.service.problems import Refused

router = APIRouter(prefix="/local", include_in_schema=False)


@router.get("/search")
def local_search(
    *,
    request: Request,
    service: TheService,
    words: str | None = None,
    image: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
) -> dict[str, Any]:
    """Words or the path of an image → hits, as `Archive.search` has them."""
    if not is_local_socket(request.scope):
        raise Refused(404, "Not Found")
    address = request.scope["server"][0]
    by_socket = {str(served.socket_file): served for served in service.archives.values()}
    served = by_socket[address]
    served.archive.refresh()
    hits = served.archive.search(Path(image) if image else words or "", limit=limit)
    answers = [
        {
            "id": hit.id,
            "score": hit.score,
            "digest": hit.digest,
            "taken_at": hit.taken_at and hit.taken_at.isoformat(),
            "match": hit.match,
            "is_match": hit.is_match,
            "path": base64.b64encode(os.fsencode(hit.path)).decode(),
        }
        for hit in hits
    ]
    return {"version": version("coldframe"), "hits": answers}
