"""Rows over HTTP, and the pictures that are shown of them."""

from __future__ import annotations

import io
import os
import shutil
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.imaging.decode import register_plugins
from tests.service.test_server import assert_problem
from tests.support.images import assert_red_and_blue, red_and_blue
from tests.support.service import Running, serving

NAMES = (
    "<img src=x onerror=alert(1)>.png",
    "line\nbreak\x1b[31m.png",
    "\u202egnp.png",
    "a'; DROP--.png",
)


def year(running: Running, row_id: int) -> str | None:
    """When a picture was taken."""
    taken_at = running.get(f"images/{row_id}").json()["taken_at"]
    return taken_at and str(taken_at)[:4]


def pages(running: Running, **params: Any) -> list[int]:
    """The ids of all pages, in their order."""
    ids: list[int] = []
    cursor = None
    while True:
        page = running.get("images", params={**params, **({"cursor": cursor} if cursor else {})})
        assert page.status_code == 200, page.text
        ids += [image["id"] for image in page.json()["images"]]
        cursor = page.json()["next"]
        if cursor is None:
            return ids


@pytest.mark.parametrize("limit", [1, 5, 15, 1000])
def test_pages_have_every_row_once_in_order(reading: Running, limit: int) -> None:
    everything = list(range(1, 16))
    assert pages(reading, limit=limit) == everything
    assert pages(reading, limit=limit, sort="-id") == everything[::-1]
    by_date = pages(reading, limit=limit, sort="date")
    assert [year(reading, row_id) for row_id in by_date[:4]] == ["2018", "2019", "2020", None]
    assert by_date[3:] == sorted(by_date[3:])
    assert pages(reading, limit=limit, sort="-date") == [*by_date[2::-1], *by_date[3:]]
    assert sorted(by_date) == everything


def test_conditions_select_rows(reading: Running, scenes: Path) -> None:
    png = pages(reading, where="format=PNG", limit=3)
    jpeg = pages(reading, where="format=JPEG")
    assert sorted(png + jpeg) == list(range(1, 16))
    inner = pages(reading, under=str(scenes / "album" / "inner"))
    assert len(inner) == 6
    both = pages(reading, where=["format=PNG", "width>100"], under=str(scenes / "album" / "inner"))
    assert set(both) == set(png) & set(inner)
    assert pages(reading, where="width>9999") == []


@pytest.mark.parametrize(
    ("filters", "years"),
    [
        ({"since": "2019"}, ["2019", "2020"]),
        ({"until": "2019-07"}, ["2018", "2019"]),
        ({"camera": "canon"}, ["2018", "2019", "2020"]),
        ({"near": "48.86,2.29,5"}, ["2018"]),
        ({"near": "48.86,2.29,5", "format": "png"}, []),
        ({"camera": "eos", "has_original": True, "format": "jpg"}, ["2018", "2019", "2020"]),
        ({"since": "2019", "volume": "VOLUME", "where": "camera~*5D"}, ["2019", "2020"]),
    ],
    ids=str,
)
def test_filters_select_rows_and_hits(
    reading: Running, filters: dict[str, Any], years: list[str]
) -> None:
    [volume] = reading.get("volumes").json()["volumes"]
    params = {**filters, **({"volume": volume["marker"]} if "volume" in filters else {})}
    assert {year(reading, row_id) for row_id in pages(reading, limit=2, **params)} == set(years)
    hits = reading.get("search", params={"q": "a boat", **params}).json()["hits"]
    assert {str(hit["taken_at"])[:4] for hit in hits} == set(years)


@pytest.mark.parametrize(
    "filters",
    [
        {"since": "yesterday"},
        {"near": "1,2"},
        {"near": "91,0,1"},
        {"camera": ""},
        {"under": "/\0"},
        {"format": "\u202e"},
        {"has_original": "perhaps"},
    ],
    ids=str,
)
def test_filters_that_mean_nothing_are_refused(reading: Running, filters: dict[str, str]) -> None:
    assert_problem(reading.get("images", params=filters), 422)
    assert_problem(reading.get("search", params={"q": "x", **filters}), 422)


def test_a_volume_that_there_is_none_of_is_not_found(reading: Running) -> None:
    assert_problem(reading.get("images", params={"volume": "none"}), 404)


@pytest.mark.parametrize(
    "condition",
    ["1=1", "id=1; DROP TABLE image", "id=1 OR 1=1", "' OR ''='", "sha256=x", "width>wide", ""],
)
def test_what_is_no_condition_is_refused(reading: Running, condition: str) -> None:
    assert_problem(reading.get("images", params={"where": condition}), 422)
    assert_problem(reading.get("search", params={"q": "x", "where": condition}), 422)
    assert reading.get("stats").json()["images"] == 15


def test_sql_in_a_value_is_a_value(reading: Running) -> None:
    assert pages(reading, where="format='; DROP TABLE image; --") == []
    assert pages(reading, under="/' OR '1'='1") == []
    assert reading.get("stats").json()["images"] == 15


@pytest.mark.parametrize("cursor", ["x", "WzFd", "bnVsbA", "e30", "W10", "WyJpZCIsInQiXQ", "é"])
def test_what_is_no_cursor_is_refused(reading: Running, cursor: str) -> None:
    assert_problem(reading.get("images", params={"cursor": cursor}), 422)


def test_one_image_is_all_that_is_known(reading: Running, scenes: Path) -> None:
    facts = reading.get("images/1").json()
    [source] = facts["sources"]
    assert source["exists"]
    assert source["mounted"]
    assert source["path"] == facts["path"]
    assert facts["path"].startswith(str(scenes))
    assert facts["bits"] == 4 * len(facts["clip_code"] + facts["color_code"])
    assert facts["restoration"] is None


def test_the_color_map_is_a_small_png_that_caches_keep(reading: Running) -> None:
    address = reading.get("images/1").json()["placeholder"]
    answer = reading.get(f"/{address}")
    image = Image.open(io.BytesIO(answer.content))
    assert (image.format, image.size) == ("PNG", (32, 21))
    assert len(answer.content) < 4000
    assert "immutable" in answer.headers["cache-control"]
    tag = {"If-None-Match": answer.headers["etag"]}
    assert reading.get(f"/{address}", headers=tag).status_code == 304
    other = reading.get("images/1/placeholder.png", params={"v": "00000000"})
    assert other.headers["cache-control"] == "private, no-cache"


def test_color_maps_come_with_a_list_if_they_are_asked_for(reading: Running) -> None:
    listed = reading.get("images", params={"inline": True}).json()["images"]
    found = reading.get("search", params={"inline": True, "q": "a boat"}).json()["hits"]
    assert len(listed) == 15
    for facts in (*listed, *found):
        start, _, content = facts["placeholder"].partition(",")
        assert start == "data:image/png;base64"
        alone = Image.open(io.BytesIO(reading.get(f"images/{facts['id']}/placeholder.png").content))
        together = Image.open(io.BytesIO(b64decode(content)))
        assert together.size == alone.size
        assert np.abs(np.asarray(together, int) - np.asarray(alone, int)).max() <= 1


def test_an_original_is_sent_as_it_is(reading: Running) -> None:
    facts = reading.get("images/1").json()
    answer = reading.get("images/1/original")
    assert answer.content == Path(facts["path"]).read_bytes()
    assert answer.headers["content-type"] in ("image/jpeg", "image/png")
    tag = {"If-None-Match": answer.headers["etag"]}
    assert reading.get("images/1/original", headers=tag).status_code == 304


def test_a_size_makes_a_small_jpeg_and_never_a_larger_picture(reading: Running) -> None:
    for size, expected in ((60, (60, 40)), (4096, (240, 160))):
        answer = reading.get("images/1/original", params={"size": size})
        image = Image.open(io.BytesIO(answer.content))
        assert (image.format, image.size) == ("JPEG", expected)


@pytest.mark.parametrize("suffix", [".heic", ".tiff", ".jxl", ".bmp", ".jp2", ".avif", ".webp"])
def test_what_no_browser_shows_is_converted(
    empty_archive: Path, tmp_path: Path, suffix: str
) -> None:
    register_plugins()
    red_and_blue().save(tmp_path / f"a{suffix}")
    with Archive(shutil.copytree(empty_archive, tmp_path / "archive")) as archive:
        list(archive.ingest(tmp_path / f"a{suffix}"))
    with serving(tmp_path / "archive") as running:
        answer = running.get("images/1/original")
    shown = suffix in (".avif", ".webp")
    assert answer.headers["content-type"] == (f"image/{suffix[1:]}" if shown else "image/jpeg")
    image = Image.open(io.BytesIO(answer.content))
    assert_red_and_blue(np.asarray(image.convert("RGB")))


def test_another_file_in_its_place_is_not_sent(empty_archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    red_and_blue().save(file)
    with Archive(shutil.copytree(empty_archive, tmp_path / "archive")) as archive:
        list(archive.ingest(file))
    with serving(tmp_path / "archive") as running:
        size = file.stat().st_size
        file.write_bytes(bytes(size))
        assert "cannot be seen" in assert_problem(running.get("images/1/original"), 404)
        (tmp_path / "secret").write_bytes(b"x" * size)
        file.unlink()
        file.symlink_to(tmp_path / "secret")
        assert_problem(running.get("images/1/original"), 404)
        file.unlink()
        os.mkfifo(file)
        assert_problem(running.get("images/1/original"), 404)
        file.unlink()
        detail = assert_problem(running.get("images/1/original", params={"size": 64}), 404)
        assert str(tmp_path) not in detail


def test_names_are_data(empty_archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        red_and_blue(96 + number).save(folder / name)
    odd = os.fsdecode(b"caf\xe9.png")
    red_and_blue(200).save(folder / odd)
    with Archive(shutil.copytree(empty_archive, tmp_path / "archive")) as archive:
        list(archive.ingest(folder))
    with serving(tmp_path / "archive") as running:
        images = running.get("images").json()["images"]
        names = {os.path.basename(image["path"]) for image in images}
        assert names == {*NAMES, "caf?.png"}
        for image in images:
            assert running.get(f"images/{image['id']}/original").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["images/..%2f..%2fetc%2fpasswd", "images/1/../../../../etc/passwd", "images/%00", "images/-1"],
)
def test_paths_lead_nowhere_else(reading: Running, path: str) -> None:
    answer = reading.get(path)
    assert answer.status_code in (404, 422)
    assert "root:" not in answer.text


def test_forgetting_erases_a_row_and_its_pictures(changing: Running, location: Path) -> None:
    job = changing.job(kind="restore", ids=[2], steps=2)
    assert changing.finished(job)["state"] == "done"
    [picture] = (location / "service" / "results").rglob("*.jpg")
    assert changing.get("images/2/restoration").status_code == 200
    forgotten = changing.delete("images/2").json()
    assert forgotten["restored"] == []
    assert not picture.exists()
    assert_problem(changing.get("images/2"), 404)
    assert_problem(changing.delete("images/2"), 404)
    with Archive(location) as archive:
        [tombstone] = archive.tombstones()
    assert tombstone.sha256.hex() == forgotten["digest"]
