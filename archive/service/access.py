"""Who may ask, and the headers of every answer.

token       a bearer token, or the cookie that POST /api/v1/session gives for it. The cookie is
            HMAC-SHA256(token, "session"), so it does not tell the token. Both are compared in
            constant time
no token    only on loopback: then Host must be a name of loopback (a page of a name that was
            rebound to this machine has another), and no page of another origin may ask
socket      whoever can open the Unix socket (mode 0600) may ask everything
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.errors import UsageError
from archive.service.problems import problem

COOKIE = "coldframe_session"
TOKEN_VARIABLE = "COLDFRAME_TOKEN"
TOKEN_BYTES = 32  # of randomness
LEAST_TOKEN = 16  # characters of one that was given
OPEN_PATHS = ("/", "/health", "/ready", "/api/v1/session")  # they tell nothing of an archive
OPEN_FOLDER = "/page/"  # neither do these
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
STRANGE_SITES = ("cross-site", "same-site")  # of Sec-Fetch-Site; another port is the same site
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cache-control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server there: `localhost`, or an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def needs_token(host: str) -> bool:
    """Whether a server at this address asks for a token."""
    return not is_loopback(host) or bool(os.environ.get(TOKEN_VARIABLE))


def read_token(file: Path) -> tuple[str, str]:
    """The token and where it is: in COLDFRAME_TOKEN, or in a file, which is made (mode 0600) if
    there is none.

    Raises UsageError for one that is too short, and where the file cannot be made.
    """
    given = os.environ.get(TOKEN_VARIABLE, "")
    try:
        token = given or _token_in(file)
    except OSError as error:
        raise UsageError(
            f"a token cannot be written to {file}: {error.strerror}; set {TOKEN_VARIABLE}"
        ) from error
    source = TOKEN_VARIABLE if given else str(file)
    if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable():
        raise UsageError(f"the token in {source} must be {LEAST_TOKEN} or more ASCII characters")
    return token, source


def _token_in(file: Path) -> str:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(file, flags, 0o600)
    except FileExistsError:
        return file.read_text("utf-8").strip()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(token + "\n")
    return token


def session_of(token: str) -> str:
    """The cookie's value for a token."""
    return hmac.new(token.encode(), b"session", hashlib.sha256).hexdigest()


class Access:
    """Refuses requests before they reach the app, and puts headers on all answers."""

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                added = ((name.encode(), value.encode()) for name, value in HEADERS.items())
                message["headers"] = [
                    *message["headers"],
                    *(header for header in added if header[0] not in names),
                ]
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: MutableMapping[str, Any]) -> ASGIApp | None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if is_local_socket(scope):
            return None
        if self._is_strange(scope["method"], path, headers):
            return problem(403, "this request comes from a page of another site")
        if self._token is None:
            if not is_loopback(_host_name(headers.get("host", ""))):
                return problem(421, "this service answers to the names of this machine only")
            return None
        is_open = path in OPEN_PATHS or path.startswith(OPEN_FOLDER)
        if is_open or self._is_known(headers):
            return None
        headers = {"WWW-Authenticate": "Bearer"}
        return problem(401, "a token is needed: Authorization: Bearer TOKEN", headers=headers)

    def _is_strange(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a page of another origin asks. Following a link to the page is no harm."""
        is_link = path == "/" and method == "GET"
        if headers.get("sec-fetch-site") in STRANGE_SITES and not is_link:
            return True
        origin = headers.get("origin")
        if origin is None or method in SAFE_METHODS:
            return False
        return origin.partition("://")[2] != headers.get("host")

    def _is_known(self, headers: Mapping[str, str]) -> bool:
        assert self._token is not None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same(given.strip(), self._token):
            return True
        return same(_cookie(headers.get("cookie", "")), session_of(self._token))


def is_local_socket(scope: Mapping[str, Any]) -> bool:
    """Whether a request came over a Unix socket: its address is a path and has no port."""
    server = scope.get("server")
    return server is not None and server[1] is None


def same(given: str, expected: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("latin-1", "replace"), expected.encode())


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _host_name(host: str) -> str:
    """`localhost:8420` → `localhost`, `[::1]:8420` → `[::1]`."""
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
