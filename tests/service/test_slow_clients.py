"""Clients that are slow, many, or send floods: others are served all the same."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

import pytest

from archive.service import server
from tests.service.test_server import assert_problem
from tests.support.service import API, Running

MANY = 200


def test_many_slow_clients_do_not_stop_it(reading: Running) -> None:
    """Half of them send their headers bit by bit, half a body that does not come."""
    with ExitStack() as stack:
        connections = [stack.enter_context(reading.connect()) for _ in range(MANY)]
        for number, connection in enumerate(connections):
            connection.sendall(b"POST /api/v1/archives/default/images HTTP/1.1\r\nHost: localh")
            if number % 2:
                connection.sendall(
                    b"ost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                    b"Content-Length: 1000\r\n\r\n"
                )
        started = time.monotonic()
        for _ in range(10):
            assert reading.get("search", params={"q": "a boat"}).status_code == 200
            assert reading.get("images/1/original").status_code == 200
        assert time.monotonic() - started < 10


def test_headers_that_do_not_come_end_the_connection(
    reading: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.5)
    with reading.connect() as connection:
        started = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(3):
            time.sleep(0.1)
            connection.sendall(b"A: b\r\n")  # it does not help to drip
        assert _answer(connection) == b""
        assert time.monotonic() - started < 5


def test_a_flood_of_headers_is_refused(reading: Running) -> None:
    with reading.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        with pytest.raises((ConnectionError, AssertionError)):  # noqa: PT012
            for number in range(10_000):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"y" * 100))
            connection.sendall(b"\r\n")
            assert b"200 OK" in _answer(connection)
    assert reading.get("/health").status_code == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(reading: Running, request_bytes: bytes) -> None:
    with reading.connect() as connection:
        connection.sendall(request_bytes)
        assert b" 400 " in _answer(connection).partition(b"\r\n")[0]
    assert reading.get("/health").status_code == 200


def test_a_client_that_leaves_costs_nothing(reading: Running) -> None:
    for _ in range(20):
        with reading.connect() as connection:
            address = f"{API}/images/1/original".encode()
            connection.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % address)
    assert reading.get("images/1/original").status_code == 200


def test_a_long_address_is_a_problem(reading: Running) -> None:
    assert_problem(reading.get(f"images/{'9' * 5000}"), 422)
    assert_problem(reading.get("search", params={"like": ["1"] * 17}), 422)


def _answer(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    content = b""
    while piece := connection.recv(65_536):
        content += piece
    return content
