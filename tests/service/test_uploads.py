"""Pictures that are sent: archived, refused, too large, too slow, or out to do harm."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.service import limits
from tests.service.test_server import assert_problem
from tests.support.images import write_bomb
from tests.support.service import Running
from training.scenes import draw_scene


def picture(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_scene(seed, size=(96, 64)).pixels).save(file, "JPEG")
    return file.getvalue()


def test_pictures_are_archived_once(changing: Running, location: Path) -> None:
    files = [("pictures", ("holiday.jpg", picture(50))), ("pictures", ("b.jpg", picture(51)))]
    outcomes = changing.post("images", files=files).json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["archived", "archived"]
    row_id = outcomes[0]["id"]
    again = changing.post("images", files=files[:1]).json()["outcomes"]
    assert (again[0]["status"], again[0]["id"]) == ("duplicate", row_id)
    path = changing.get(f"images/{row_id}").json()["path"]
    assert path.startswith("memory:/upload/")
    assert path.endswith("/holiday.jpg")
    assert_problem(changing.get(f"images/{row_id}/original"), 404)
    assert list((location / "service" / "uploads").iterdir()) == []
    found = changing.post("search", files={"picture": ("x", picture(50))}).json()["hits"]
    assert found[0]["id"] == row_id


def test_two_pictures_of_one_name_keep_their_paths(changing: Running) -> None:
    for seed in (50, 51):
        changing.post("images", files={"pictures": ("IMG_1.jpg", picture(seed))})
    paths = [changing.get(f"images/{row_id}").json()["path"] for row_id in (16, 17)]
    assert all(path.endswith("/IMG_1.jpg") for path in paths)
    assert len(set(paths)) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/cron.d/x", "x"),
        ("C:\\Windows\\x.jpg", "x.jpg"),
        ("..", "picture"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("a\x1b[31m\u202eb", "a[31mb"),
        ("x" * 3000, "x" * 200),
    ],
)
def test_a_name_is_only_a_name(changing: Running, tmp_path: Path, name: str, expected: str) -> None:
    before = sorted(tmp_path.rglob("*.jpg"))
    [outcome] = changing.post("images", files={"pictures": (name, picture(50))}).json()["outcomes"]
    assert outcome["status"] == "archived"
    assert outcome["name"] == expected
    path = changing.get(f"images/{outcome['id']}").json()["path"]
    assert path.startswith("memory:/upload/")
    assert path.endswith(f"/{expected}")
    assert sorted(tmp_path.rglob("*.jpg")) == before


def test_whatever_else_is_sent_is_skipped_with_a_reason(changing: Running, tmp_path: Path) -> None:
    write_bomb(tmp_path / "bomb.png", 60_000, 60_000)
    flat = io.BytesIO()
    Image.fromarray(np.zeros((14_500, 14_000, 3), np.uint8)).save(flat, "PNG")  # 203 million
    cut = picture(50)[:700]
    contents = {
        "bomb": ((tmp_path / "bomb.png").read_bytes(), "too-large"),
        "flat": (flat.getvalue(), "too-large"),
        "text": (b"<script>alert(1)</script>", "not-an-image"),
        "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "unsupported"),
        "empty": (b"", "empty"),
        "cut": (cut, "truncated"),
    }
    files = [("pictures", (name, content)) for name, (content, _) in contents.items()]
    outcomes = changing.post("images", files=files).json()["outcomes"]
    reasons = {outcome["name"]: outcome["reason"] for outcome in outcomes}
    assert reasons == {name: reason for name, (_, reason) in contents.items()}
    assert {outcome["status"] for outcome in outcomes} == {"skipped"}
    assert changing.get("stats").json()["images"] == 15
    assert changing.get("/health").status_code == 200


def test_a_forgotten_picture_stays_out(changing: Running) -> None:
    files = {"pictures": ("a.jpg", picture(50))}
    [outcome] = changing.post("images", files=files).json()["outcomes"]
    changing.delete(f"images/{outcome['id']}")
    [outcome] = changing.post("images", files=files).json()["outcomes"]
    assert outcome["status"] == "forgotten"


def test_a_body_that_announces_too_much_is_not_read(reading: Running) -> None:
    with reading.connect() as connection:
        connection.sendall(
            b"POST /api/v1/archives/default/images HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 999999999999\r\n\r\n"
        )
        answer = connection.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize("path", ["images", "search"])
def test_a_body_that_grows_too_large_is_cut_off(
    reading: Running, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(limits, "MOST_UPLOAD", 300_000)
    head = b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a"\r\n\r\n'

    def endless() -> Iterator[bytes]:
        yield head
        for _ in range(100):
            yield bytes(10_000)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = reading.post(path, content=endless(), headers=headers)
    assert_problem(answer, 413)


def test_json_has_a_limit_of_its_own(reading: Running) -> None:
    content = b'{"kind": "restore", "ids": [' + b"1," * 600_000 + b"1]}"
    headers = {"Content-Type": "application/json"}
    assert_problem(reading.post("jobs", content=content, headers=headers), 413)


def test_a_slow_body_is_cut_off(reading: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GRACE_SECONDS", 0.5)
    started = time.monotonic()
    with reading.connect() as connection:
        connection.sendall(
            b"POST /api/v1/archives/default/images HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x"
        )
        answer = connection.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - started < 5


def test_what_is_no_form_is_a_problem(reading: Running) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for content in (b"", b"--x", b"--x\r\n\r\n\r\n--x--", b"\x00" * 1000):
        answer = reading.post("images", content=content, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == "application/problem+json"


def test_uploads_are_decoded_apart(empty_archive: Path, tmp_path: Path, location: Path) -> None:
    (tmp_path / "picture").write_bytes(picture(60))
    with Archive(location) as archive:
        outcome = archive.add_picture(tmp_path / "picture", name="upload/a.jpg")
        same = archive.add_picture(picture(60), name="b.jpg")
    assert type(outcome).__name__ == "Archived"
    assert type(same).__name__ == "Duplicate"
