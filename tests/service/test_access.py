"""Who may ask: tokens, sessions, other sites, names that were rebound."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.service.access import COOKIE, needs_token, read_token
from tests.service.test_server import assert_problem
from tests.support.service import Running, serving

OTHERS = ("/api/v1/archives", "/metrics", "/openapi.json", "stats", "images", "search?q=a")


@pytest.fixture
def guarded(location: Path) -> Iterator[Running]:
    """A service that needs a token."""
    with serving(location, needs_token=True) as running:
        yield running


def token_of(location: Path) -> str:
    return (location / "service" / "token").read_text().strip()


def test_a_token_opens_everything_and_nothing_else_does(
    guarded: Running, location: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = token_of(location)
    mode = (location / "service" / "token").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert len(token) > 40
    assert guarded.get("/health").status_code == 200
    assert guarded.get("/ready").status_code == 200
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {token[:-1]}"},
        {"Authorization": f"Bearer {token}x"},
        {"Authorization": f"Basic {token}"},
        {"Authorization": token},
        {"Cookie": f"{COOKIE}={token}"},
        {"Cookie": f"{COOKIE}=; =;;;"},
    ]
    with caplog.at_level(logging.DEBUG):
        for path in OTHERS:
            for headers in wrong:
                answer = guarded.get(path, headers=headers)
                assert_problem(answer, 401)
                assert answer.headers["www-authenticate"] == "Bearer"
            right = guarded.get(path, headers={"Authorization": f"bearer {token}"})
            assert right.status_code == 200
    assert token not in caplog.text
    assert token not in repr(guarded.service)


def test_a_session_is_a_cookie_for_a_page(guarded: Running, location: Path) -> None:
    assert_problem(guarded.post("/api/v1/session", json={"token": "x" * 20}), 401)
    assert_problem(guarded.post("/api/v1/session", json={}), 422)
    answer = guarded.post("/api/v1/session", json={"token": token_of(location)})
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert token_of(location) not in cookie
    for word in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert word in cookie
    assert guarded.get("stats").status_code == 200
    crossing = {"Origin": "http://evil.example"}
    assert_problem(guarded.delete("images/1", headers=crossing), 403)
    assert guarded.client.delete("/api/v1/session").status_code == 204
    assert_problem(guarded.get("stats"), 401)


def test_the_token_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, source = read_token(tmp_path / "token")
    assert source == str(tmp_path / "token")
    assert read_token(tmp_path / "token") == (first, source)
    (tmp_path / "token").write_text("short")
    with pytest.raises(UsageError, match="16 or more"):
        read_token(tmp_path / "token")
    with pytest.raises(UsageError, match="COLDFRAME_TOKEN"):
        read_token(tmp_path / "missing" / "token")
    monkeypatch.setenv("COLDFRAME_TOKEN", "y" * 32)
    assert read_token(tmp_path / "missing" / "token") == ("y" * 32, "COLDFRAME_TOKEN")
    assert needs_token("127.0.0.1")
    monkeypatch.delenv("COLDFRAME_TOKEN")
    assert not needs_token("127.0.0.1")
    assert not needs_token("localhost")
    assert needs_token("0.0.0.0")
    assert needs_token("192.168.1.5")
    assert needs_token("::")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_a_name_that_was_rebound_is_refused(reading: Running, host: str) -> None:
    assert_problem(reading.get("stats", headers={"Host": host}), 421)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:99", "[::1]:8420"])
def test_names_of_this_machine_are_answered(reading: Running, host: str) -> None:
    assert reading.get("stats", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_change_nothing(changing: Running, headers: dict[str, str]) -> None:
    assert_problem(changing.delete("images/1", headers=headers), 403)
    form = {"content-type": "text/plain", **headers}
    body = b'{"kind": "restore", "ids": [1]}'
    assert_problem(changing.post("jobs", content=body, headers=form), 403)
    assert changing.get("images/1").status_code == 200
    assert changing.get("jobs").json()["jobs"] == []


def test_the_page_itself_may_ask_and_other_sites_may_link_to_it(reading: Running) -> None:
    own = {"Origin": f"http://127.0.0.1:{reading.port}", "Sec-Fetch-Site": "same-origin"}
    assert reading.post("jobs", json={"kind": "x"}, headers=own).status_code == 422
    linked = {"Sec-Fetch-Site": "cross-site"}
    assert reading.get("/", headers=linked).status_code == 200
    assert_problem(reading.get("images/1/original", headers=linked), 403)


def test_read_only_answers_and_changes_nothing(location: Path, scenes: Path) -> None:
    with serving(location, read_only=True, roots=(scenes / "album",)) as running:
        assert running.get("/api/v1/archives").json()["archives"][0]["read_only"]
        assert running.get("search?q=a").status_code == 200
        files = {"pictures": ("a.png", b"x")}
        assert_problem(running.post("images", files=files), 403)
        assert_problem(running.post("ingest", json={"path": str(scenes / "album")}), 403)
        assert_problem(running.delete("images/1"), 403)
        for body in (
            {"kind": "recode", "codec": "klt"},
            {"kind": "detail", "ids": [1]},
            {"kind": "ingest", "path": str(scenes / "album")},
        ):
            assert_problem(running.post("jobs", json=body), 403)
        job = running.job(kind="restore", ids=[1], steps=2)
        assert running.finished(job)["state"] == "done"


def test_below_a_path_of_a_proxy(location: Path) -> None:
    with serving(location, root_path="/photos") as running:
        assert running.get("stats").status_code == 200
        assert running.get("/openapi.json").status_code == 200
        assert running.post("/api/v1/session", json={"token": "any"}).status_code == 204
