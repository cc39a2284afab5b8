"""What the service says of itself, and of the archives it has."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import httpx
import pytest

from archive.errors import ArchiveLocked, UsageError
from archive.service.served import ServedArchives, ServiceConfig, parse_locations
from archive.settings import Settings
from tests.support.service import Running

PROBLEM = "application/problem+json"


def assert_problem(answer: httpx.Response, status: int) -> str:
    """→ its detail."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    facts = answer.json()
    assert facts["status"] == status
    assert facts["title"]
    return str(facts["detail"])


def test_it_is_healthy_and_ready(reading: Running) -> None:
    assert reading.get("/health").json()["status"] == "ok"
    assert reading.get("/ready").json()["status"] == "ready"


def test_archives_are_listed(reading: Running) -> None:
    [facts] = reading.get("/api/v1/archives").json()["archives"]
    assert facts == {
        "name": "default",
        "read_only": False,
        "images": 15,
        "model": "pocket",
        "codec": "klt",
    }


def test_figures_volumes_and_ledger(reading: Running) -> None:
    stats = reading.get("stats").json()
    assert stats["images"] == 15
    assert stats["original_bytes"] > 0
    [volume] = reading.get("volumes").json()["volumes"]
    assert volume["mounted"]
    assert volume["images"] == 15
    assert reading.get("ledger").json() == {"skipped": [], "next": None}


def test_a_summary_counts_what_can_be_chosen(reading: Running, scenes: Path) -> None:
    summary = reading.get("summary").json()
    years = [(month["name"], month["images"]) for month in summary["months"]]
    assert years == [("2018-07", 1), ("2019-07", 1), ("2020-07", 1)]
    assert summary["undated"] == 12
    assert summary["cameras"] == [{"name": "Canon EOS 5D", "images": 3}]
    assert sum(share["images"] for share in summary["formats"]) == 15
    album = str(scenes / "album")
    assert [folder["name"] for folder in summary["folders"]] == [album, f"{album}/inner"]
    for folder in summary["folders"]:
        listed = reading.get("images", params={"under": folder["name"]}).json()["images"]
        assert len(listed) >= folder["images"]
    [volume] = summary["volumes"]
    assert volume["mounted"]
    assert sum(size["images"] for size in summary["sizes"]) == 15


def test_metrics_count_requests_by_operation(reading: Running) -> None:
    reading.get("stats")
    assert_problem(reading.get("/nothing/here"), 404)
    text = reading.get("/metrics").text
    assert 'coldframe_requests_total{method="GET",operation="stats",status="200"}' in text
    assert 'operation="other",status="404"' in text
    assert 'coldframe_images{archive="default"} 15.0' in text


def test_what_is_not_there_is_a_problem(reading: Running) -> None:
    assert_problem(reading.get("/nowhere"), 404)
    assert_problem(reading.get("/api/v1/archives/other/stats"), 404)
    assert_problem(reading.get("images/999"), 404)
    assert_problem(reading.get("jobs/999"), 404)
    answer = reading.client.put("/api/v1/archives")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "GET"


def test_wrong_values_are_named(reading: Running) -> None:
    answer = reading.get("images", params={"limit": 0})
    assert "limit" in assert_problem(answer, 422)
    [flaw] = answer.json()["errors"]
    assert flaw["loc"] == ["query", "limit"]
    headers = {"content-type": "application/json"}
    assert_problem(reading.post("jobs", content=b"{", headers=headers), 422)


def test_every_answer_has_the_headers_that_protect(reading: Running) -> None:
    for answer in (reading.get("/health"), reading.get("/nowhere"), reading.get("images")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_the_openapi_document_declares_every_error(reading: Running) -> None:
    document = reading.get("/openapi.json").json()
    assert "Problem" in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "{archive}" in path:
                assert {"401", "404", "422"} <= set(operation["responses"]), (method, path)
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == [PROBLEM], (method, path)


def test_the_page_may_run_its_own_files_only(reading: Running) -> None:
    answer = reading.get("/")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    parts = re.findall(r'(?:src|href)="(page/[^"]+)"', answer.text)
    assert len(parts) == 2
    for part in parts:
        kind = reading.get(f"/{part}").headers["content-type"]
        assert kind in ("text/javascript; charset=utf-8", "text/css; charset=utf-8")
    assert_problem(reading.get("/page/..%2Fpage.py"), 404)
    assert_problem(reading.get("/page/other.js"), 404)


def test_an_archive_is_served_once(reading: Running) -> None:
    settings = reading.service.config.locations["default"]
    with pytest.raises(ArchiveLocked, match="is served already"):
        ServedArchives(ServiceConfig({"again": settings}))


def test_several_archives_have_names(scenes: Path, tmp_path: Path) -> None:
    default = Settings("./coldframe", 3.0)
    assert parse_locations((), default) == {"default": default}
    named = parse_locations(("a=x", "b-2=postgresql://h/d?x=y"), default)
    assert named["a"] == Settings("x", 3.0)
    assert named["b-2"].location == "postgresql://h/d?x=y"
    for words in (("x",), ("=x",), ("a=",), ("A=x",), ("a=x", "a=y"), ("../a=x",)):
        with pytest.raises(UsageError):
            parse_locations(words, default)
    one, two = (Settings(str(tmp_path / name)) for name in ("one", "two"))
    for settings in (one, two):
        shutil.copytree(scenes / "archive", settings.location)
    archives = ServedArchives(ServiceConfig({"one": one, "two": two}))
    assert sorted(archives) == ["one", "two"]
    archives.close()
