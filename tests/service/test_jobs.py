"""Jobs: done one after the other, watched, cancelled, and alive after the service's death."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from archive.archive import Archive
from archive.service import jobs
from archive.settings import Settings
from archive.store.jobs import JobState
from tests.service.test_server import assert_problem
from tests.support.service import API, Running, serving

SLOW = 1000  # steps


def test_a_picture_is_restored(changing: Running, location: Path) -> None:
    job = changing.job(kind="restore", ids=[4], steps=2, format="png")
    assert job["state"] == "queued"
    assert_problem(changing.get("images/4/restoration"), 404)
    done = changing.finished(job)
    assert (done["state"], done["done"], done["total"]) == ("done", 1, 1)
    answer = changing.get(f"/{done['result']}")
    image = Image.open(io.BytesIO(answer.content))
    assert (image.format, image.size) == ("PNG", (240, 160))
    assert "Reconstruction" in str(image.info["Description"])
    assert answer.headers["content-type"] == "image/png"
    facts = changing.get("images/4").json()
    assert changing.get(f"/{facts['restoration']}").content == answer.content


def test_several_pictures_are_a_zip(changing: Running) -> None:
    done = changing.finished(changing.job(kind="restore", ids=[3, 1, 3], steps=2))
    answer = changing.get(f"/{done['result']}")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert [name[:6] for name in archive.namelist()] == ["000001", "000003"]


def test_the_same_job_makes_the_same_picture(changing: Running) -> None:
    results = [
        changing.get(f"/{changing.finished(job)['result']}").content
        for job in [changing.job(kind="restore", ids=[2], steps=2) for _ in range(2)]
    ]
    assert results[0] == results[1]


def test_progress_is_a_stream_of_events_that_ends(changing: Running) -> None:
    job = changing.job(kind="restore", ids=[1, 2], steps=20)
    states = []
    with changing.client.stream("GET", f"{API}/jobs/{job['id']}/events") as lines:
        assert lines.headers["content-type"].startswith("text/event-stream")
        for line in lines.iter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line.removeprefix("data: ")))
    assert states[-1]["state"] == "done"
    steps = [state["step"] for state in states if state["steps"] > 0]
    assert steps
    assert all(state["id"] == job["id"] for state in states)


def test_searching_goes_on_while_a_job_draws(changing: Running) -> None:
    job = changing.job(kind="restore", ids=[1], steps=SLOW)
    changing.wait(job, lambda now: now["step"] > 0)
    for _ in range(5):
        assert len(changing.get("search", params={"q": "a boat"}).json()["hits"]) == 15
    assert changing.get(f"jobs/{job['id']}").json()["state"] == "running"
    changing.delete(f"jobs/{job['id']}")
    assert changing.finished(job)["state"] == "cancelled"


def test_jobs_are_cancelled_waiting_or_running(changing: Running) -> None:
    first, second = (changing.job(kind="restore", ids=[1], steps=SLOW) for _ in range(2))
    changing.wait(first, lambda now: now["step"] > 0)
    assert changing.get(f"jobs/{second['id']}").json()["ahead"] == 1
    assert changing.delete(f"jobs/{second['id']}").json()["state"] == "cancelled"
    assert changing.delete(f"jobs/{first['id']}").status_code == 200
    assert changing.finished(first)["state"] == "cancelled"
    assert_problem(changing.delete(f"jobs/{first['id']}"), 409)
    assert_problem(changing.get(f"jobs/{first['id']}/result"), 409)
    listed = changing.get("jobs").json()["jobs"]
    assert [job["id"] for job in listed] == [second["id"], first["id"]]


def test_a_full_queue_refuses(changing: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_QUEUED", 2)
    running = changing.job(kind="restore", ids=[1], steps=SLOW)
    changing.wait(running, lambda now: now["state"] == "running")
    waiting = [changing.job(kind="restore", ids=[1], steps=2) for _ in range(2)]
    answer = changing.post("jobs", json={"kind": "restore", "ids": [1]})
    assert_problem(answer, 429)
    assert int(answer.headers["retry-after"]) > 0
    for job in (*waiting, running):
        changing.delete(f"jobs/{job['id']}")


def test_a_job_goes_on_after_a_restart(location: Path) -> None:
    with serving(location) as service:
        job = service.job(kind="restore", ids=[1], steps=SLOW)
        later = service.job(kind="restore", ids=[2], steps=2)
        service.wait(job, lambda now: now["step"] > 0)
    with Archive(location) as archive:
        states = [archive.store.jobs.get(one["id"]).state for one in (job, later)]
    assert states == [JobState.QUEUED, JobState.QUEUED]
    with serving(location) as service:
        service.wait(job, lambda now: now["step"] > 0)
        service.delete(f"jobs/{job['id']}")
        assert service.finished(later)["state"] == "done"


def test_details_and_codecs_are_jobs(changing: Running) -> None:
    done = changing.finished(changing.job(kind="detail", ids=[1, 2], bytes=20))
    assert (done["state"], done["message"]) == ("done", "written 2")
    assert changing.get("images/1").json()["detail"]["bytes"] == 20
    assert changing.get("images").json()["images"][0]["detail_bytes"] == 20
    job = changing.job(kind="recode", codec="clip", where=["id<=2"])
    done = changing.finished(job)
    assert (done["state"], done["message"]) == ("done", "recoded 2")
    codecs = [image["codec"] for image in changing.get("images").json()["images"]]
    assert codecs == ["clip", "clip", *["klt"] * 13]
    assert_problem(changing.get("images/1/placeholder.png"), 404)
    assert len(changing.get("search", params={"q": "a boat"}).json()["hits"]) == 15


def test_folders_under_a_root_are_archived_and_no_others(
    changing: Running, tmp_path: Path, image_folder: Path
) -> None:
    allowed = tmp_path / "allowed"
    shutil.copytree(image_folder, allowed / "new")
    secret = tmp_path / "secret"
    shutil.copytree(image_folder, secret)
    (allowed / "link").symlink_to(secret)
    (tmp_path / "allowed2").mkdir()
    for path in (
        "/etc",
        str(secret),
        str(allowed / "link"),
        str(allowed / ".." / "secret"),
        f"{allowed}2",
        "",
        "relative",
    ):
        answer = changing.post("ingest", json={"path": path})
        assert answer.status_code in (403, 422), path
        answer = changing.post("jobs", json={"kind": "ingest", "path": path})
        assert answer.status_code in (403, 422), path
    assert_problem(changing.post("ingest", json={"path": str(allowed / "nothing")}), 422)
    assert_problem(changing.post("ingest", json={"path": f"{allowed}/\0"}), 422)
    done = changing.finished(changing.post("ingest", json={"path": str(allowed)}).json())
    assert (done["state"], done["done"]) == ("done", done["total"])
    assert "linked 1" in done["message"]
    counts = [
        len(changing.get("images", params={"under": str(folder)}).json()["images"])
        for folder in (allowed, secret)
    ]
    assert counts == [12, 0]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "other"},
        {"kind": "restore"},
        {"kind": "restore", "ids": []},
        {"kind": "restore", "ids": [1], "steps": 0},
        {"kind": "restore", "ids": [1], "out": "/tmp"},
        {"kind": "restore", "ids": ["1; DROP TABLE image"]},
        {"kind": "restore", "ids": list(range(1, 1002))},
        {"kind": "recode", "codec": "/etc/passwd.npz"},
        {"kind": "recode", "codec": "unknown"},
        {"kind": "recode", "codec": "klt", "bits_per_dim": 2},
        {"kind": "detail", "where": ["1=1"]},
        [],
    ],
    ids=str,
)
def test_what_is_no_job_is_refused(reading: Running, body: object) -> None:
    assert_problem(reading.post("jobs", json=body), 422)


def test_jobs_for_rows_that_are_missing_are_refused(reading: Running) -> None:
    assert_problem(reading.post("jobs", json={"kind": "restore", "ids": [1, 99]}), 404)
    assert_problem(reading.post("jobs", json={"kind": "detail", "ids": [2**63 - 1]}), 404)


def test_old_results_are_removed(location: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(location) as service:
        done = service.finished(service.job(kind="restore", ids=[1], steps=2))
    [picture] = (location / "service" / "results").rglob("*.jpg")
    monkeypatch.setattr(jobs, "RESULT_DAYS", -1)
    with serving(location) as service:
        assert_problem(service.get(f"jobs/{done['id']}"), 404)
        assert not picture.exists()


def test_results_lie_where_one_wants_them(location: Path, tmp_path: Path) -> None:
    with serving(location, results=tmp_path / "elsewhere") as service:
        job = service.job(kind="restore", ids=[1], steps=2)
        service.finished(job)
        assert service.get("images/1/restoration").status_code == 200
    assert list((tmp_path / "elsewhere" / "default" / str(job["id"])).glob("*.jpg"))


def test_everything_works_on_postgresql(postgres_settings: Settings, image_folder: Path) -> None:
    Archive.create(postgres_settings, "pocket").close()
    with serving(postgres_settings, roots=(image_folder,)) as service:
        job = service.job(kind="ingest", path=str(image_folder))
        assert service.finished(job)["message"] == "archived 12"
        assert len(service.get("search", params={"q": "a boat"}).json()["hits"]) == 12
        for sort in ("id", "-id", "date", "-date"):
            first = service.get("images", params={"sort": sort, "limit": 5}).json()
            params = {"sort": sort, "limit": 7, "cursor": first["next"]}
            second = service.get("images", params=params).json()["images"]
            assert len({image["id"] for image in [*first["images"], *second]}) == 12
        done = service.finished(service.job(kind="restore", ids=[1], steps=2))
        assert service.get(f"/{done['result']}").status_code == 200
        assert service.delete("images/1").status_code == 200
        assert service.get("stats").json()["images"] == 11
