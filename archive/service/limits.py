"""Request bodies: no larger than allowed, and no slower than LEAST_RATE; answers that are taken.

A body is counted while it arrives, so one that lies about its length, or does not tell it, is cut
off at the limit. After GRACE_SECONDS, LEAST_RATE bytes must have come each second. A client that
takes nothing of its answer for SEND_SECONDS is left. After a refusal the rest of a body is passed
over until the server's time is up: a connection that is closed at once would lose the answer.
"""

from __future__ import annotations

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.service.problems import problem

MOST_UPLOAD = 256_000_000  # bytes of a multipart body
MOST_BODY = 1_000_000  # bytes of any other
GRACE_SECONDS = 10.0
LEAST_RATE = 16_000  # bytes a second
SEND_SECONDS = 60.0


class BodyLimits:
    """An ASGI app around another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_upload = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
        most = MOST_UPLOAD if is_upload else MOST_BODY
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            refusal = problem(413, _too_large(most))
            await refusal(scope, receive, send)
            return
        await self._app(scope, _Body(receive, most), _patient(send))


class _Body:
    """`receive` that raises 413 and 408."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._count = 0
        self._started = time.monotonic()
        self._is_complete = False

    async def __call__(self) -> Message:
        """The next message. Raises HTTPException."""
        if self._is_complete:  # what is waited for now is the end of the connection
            return await self._receive()
        deadline = self._started + GRACE_SECONDS + self._count / LEAST_RATE
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, "the request came too slowly") from error
        self._count += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self._count > self._most:
            raise HTTPException(413, _too_large(self._most))
        return message


def _patient(send: Send) -> Send:
    async def send_in_time(message: Message) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await send(message)

    return send_in_time


def _too_large(most: int) -> str:
    return f"the request is too large; the limit is {most // 1_000_000} MB"
