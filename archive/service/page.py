"""The page, if there is one: page.html beside this module, one file with its own CSS and scripts.

Its Content-Security-Policy allows exactly the scripts that are in it, by their SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from starlette.responses import HTMLResponse, Response

from archive.service.problems import Refused

SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; worker-src blob:; manifest-src 'self' data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def page() -> Response:
    """The page. Raises Refused where this coldframe has none."""
    file = files("archive.service") / "page.html"
    if not file.is_file():
        raise Refused(404, "this coldframe has no page; the API is described by openapi.json")
    html = file.read_text("utf-8")
    headers = {"Content-Security-Policy": policy(html), "Cache-Control": "no-cache"}
    return HTMLResponse(html, headers=headers)


def policy(html: str) -> str:
    """A page → its Content-Security-Policy."""
    digests = (hashlib.sha256(script.encode()).digest() for script in SCRIPT.findall(html))
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return POLICY.format(scripts=hashes or "'none'")
