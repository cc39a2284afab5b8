"""Each file has exactly one outcome, and it is committed when it is reported."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update

from archive.errors import UsageError
from archive.imaging.files import digest_of
from archive.ingest import volumes
from archive.ingest.outcomes import Archived, Duplicate, Ignored, Moved, Unchanged
from archive.ingest.pipeline import Ingest
from archive.records import FileStamp
from archive.store import Store
from archive.store.schema import Source
from tests.support.images import red_and_blue
from tests.support.ingest import CODEC, contents, ingest_into, kinds, paths_of


def test_a_row_holds_what_is_known_of_its_file(
    ingest: Ingest, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "image.jpg"
    exif = Image.Exif()
    exif[0x0132] = "2021:01:02 03:04:05"
    red_and_blue().save(path, exif=exif)
    os.utime(path, ns=(1, 10**18 + 7))
    [outcome] = ingest.run(path)
    [row] = store.images.all()
    assert outcome == Archived(str(path), row.id)
    assert row.sha256 == digest_of(path)[0]
    assert (row.width, row.height, row.format) == (96, 64, "JPEG")
    assert (row.file_bytes, row.flags) == (path.stat().st_size, 0)
    assert row.taken_at == datetime(2021, 1, 2, 3, 4, 5)
    assert (row.path, row.codec_id) == (str(path), 1)
    [place] = store.sources.places(row.id)
    status = path.stat()
    assert status.st_mtime_ns == 10**18 + 7
    assert place.stamp == FileStamp.of(status)


def test_codes_are_those_of_vector_and_color_map(
    ingest: Ingest, store: Store, tmp_path: Path
) -> None:
    red_and_blue().save(tmp_path / "image.png")
    list(ingest.run(tmp_path / "image.png"))
    [row] = store.images.all()
    [vector_hat], [colors_hat] = CODEC.decode([row.clip_code], [row.color_code])
    assert vector_hat[1] < vector_hat[0] < 0.5  # purple on the whole: no green in it
    left = colors_hat[:, :1].mean(axis=(0, 1))
    right = colors_hat[:, -1:].mean(axis=(0, 1))
    assert left[0] > left[2] + 100
    assert right[2] > right[0] + 100


def test_outcomes_are_committed_when_they_are_reported(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    for outcome in ingest.run(photos):
        assert isinstance(outcome, Archived)
        [row] = store.images.get([outcome.image_id])
        assert row.path == outcome.path
    assert kinds(ingest.run(photos)) == {"Unchanged": 6}


def test_a_path_that_does_not_exist_stops_the_run_before_anything_is_archived(
    ingest: Ingest, store: Store, photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        list(ingest.run([photos, tmp_path / "nowhere"]))
    assert not list(store.images.all())


def test_several_paths_are_archived_in_one_run(ingest: Ingest, photos: Path) -> None:
    outcomes = list(ingest.run([photos / "000.png", str(photos / "001.png")]))
    assert paths_of(outcomes, Archived) == ["000.png", "001.png"]


def test_no_paths_are_no_outcomes(ingest: Ingest) -> None:
    assert list(ingest.run([])) == []


def test_unchanged_files_are_not_read(
    ingest: Ingest, store: Store, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(ingest.run(photos))
    before = contents(store)
    read: list[Path] = []
    monkeypatch.setattr("archive.ingest.inputs.digest_of", read.append)
    assert kinds(ingest.run(photos)) == {"Unchanged": 6}
    assert (contents(store), read) == (before, [])


@pytest.mark.parametrize("way", ["written", "moved into place"])
def test_content_that_changed_under_the_same_size_and_time_is_noticed(
    ingest: Ingest, photos: Path, way: str
) -> None:
    path = photos / "000.png"
    new = Image.new("RGB", (24, 20), "white")
    new.save(photos / "new", "PNG")
    size = max(path.stat().st_size, (photos / "new").stat().st_size)
    path.write_bytes(path.read_bytes().ljust(size, b"\0"))
    os.utime(path, ns=(5, 5))
    list(ingest.run(path))
    content = (photos / "new").read_bytes().ljust(size, b"\0")
    target = path if way == "written" else photos / "new"
    target.write_bytes(content)
    os.utime(target, ns=(5, 5))
    target.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (size, 5)
    assert kinds(ingest.run(path)) == {"Archived": 1}


def test_a_rescan_reads_what_seems_unchanged(store: Store, photos: Path) -> None:
    list(ingest_into(store).run(photos))
    path = photos / "000.png"
    path.write_bytes(b"no image any more")
    with store.database.writing() as connection:  # as if no stamp told of it
        stamp = asdict(FileStamp.of(path.stat()))
        connection.execute(update(Source).where(Source.path.like("%000.png")).values(**stamp))
    assert kinds(ingest_into(store).run(photos)) == {"Unchanged": 6}
    rescanned = ingest_into(store, rescan=True).run(photos)
    assert kinds(rescanned) == {"Unchanged": 5, "Skipped": 1}


def test_files_of_an_older_archive_are_read_once_more(
    store: Store, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(ingest_into(store).run(photos))
    with store.database.writing() as connection:
        connection.execute(update(Source).values(ctime_ns=None, inode=None))
    assert kinds(ingest_into(store).run(photos)) == {"Unchanged": 6}
    monkeypatch.setattr("archive.ingest.inputs.digest_of", None)  # would be called no more
    assert kinds(ingest_into(store).run(photos)) == {"Unchanged": 6}


@pytest.mark.parametrize("seconds", [10_413_792_000, -473_385_600, 2**33])
def test_a_file_may_be_of_any_time(ingest: Ingest, photos: Path, seconds: int) -> None:
    os.utime(photos / "000.png", (seconds, seconds))
    assert kinds(ingest.run(photos)) == {"Archived": 6}
    assert kinds(ingest.run(photos)) == {"Unchanged": 6}


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_changed_file_is_a_new_image_and_the_old_row_stays(
    ingest: Ingest, store: Store, photos: Path, change: str
) -> None:
    path = photos / "000.png"
    path.write_bytes(path.read_bytes() + bytes(100))
    list(ingest.run(photos))
    status = path.stat()
    Image.new("RGB", (24, 20), "white").save(path)
    if change == "time":
        path.write_bytes(path.read_bytes().ljust(status.st_size, b"\0"))
    os.utime(path, ns=(0, status.st_mtime_ns + (change == "time")))
    assert (path.stat().st_size == status.st_size) == (change == "time")
    outcomes = list(ingest.run(photos))
    assert kinds(outcomes) == {"Unchanged": 5, "Archived": 1}
    assert paths_of(outcomes, Archived) == ["000.png"]
    rows = list(store.images.all())
    assert len(rows) == 7
    assert [row.path for row in rows if not row.paths] == [""]


def test_a_file_that_was_only_touched_is_read_and_known(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    list(ingest.run(photos))
    os.utime(photos / "000.png", ns=(7, 7))
    outcomes = list(ingest.run(photos))
    assert kinds(outcomes) == {"Unchanged": 6}
    assert kinds(ingest.run(photos)) == {"Unchanged": 6}
    assert len(contents(store)) == 6


def test_equal_files_share_a_row_that_has_all_of_their_paths(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    for name in ("copy.png", "copy of the copy.png"):
        shutil.copy(photos / "000.png", photos / name)
    outcomes = list(ingest.run(photos))
    assert kinds(outcomes) == {"Archived": 6, "Duplicate": 2}
    shutil.copy(photos / "000.png", photos / "later.png")
    [later] = [outcome for outcome in ingest.run(photos) if not isinstance(outcome, Unchanged)]
    [shared] = [row for row in store.images.all() if len(row.paths) > 1]
    assert later == Duplicate(str(photos / "later.png"), shared.id)
    names = {Path(path).name for path in shared.paths}
    assert names == {"000.png", "copy.png", "copy of the copy.png", "later.png"}


def test_a_moved_file_keeps_its_row_and_loses_its_old_path(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    list(ingest.run(photos))
    before = contents(store)
    (photos / "000.png").rename(photos / "moved.png")
    outcomes = list(ingest.run(photos))
    assert kinds(outcomes) == {"Unchanged": 5, "Moved": 1}
    [moved] = [outcome for outcome in outcomes if isinstance(outcome, Moved)]
    assert moved.path == str(photos / "moved.png")
    assert store.images.get([moved.image_id])[0].paths == (moved.path,)
    assert contents(store) == before


def test_paths_that_still_exist_stay_when_a_copy_moves(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    shutil.copy(photos / "000.png", photos / "copy.png")
    list(ingest.run(photos))
    (photos / "copy.png").rename(photos / "moved.png")
    assert kinds(ingest.run(photos)) == {"Unchanged": 6, "Moved": 1}
    [row] = [row for row in store.images.all() if len(row.paths) > 1]
    assert row.paths == (str(photos / "000.png"), str(photos / "moved.png"))


def test_a_file_that_is_not_seen_is_not_forgotten(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    list(ingest.run(photos))
    (photos / "000.png").unlink()
    assert kinds(ingest.run(photos)) == {"Unchanged": 5}
    assert str(photos / "000.png") in {row.path for row in store.images.all()}


def test_a_copy_of_an_image_on_a_drive_that_is_away_is_a_duplicate(
    store: Store, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = volumes.Volume("uuid:drive", "drive", str(photos))
    here = volumes.Volume("uuid:here", "here", str(tmp_path))
    monkeypatch.setattr(
        "archive.ingest.volumes.volume_of",
        lambda directory: drive if directory.startswith(str(photos)) else here,
    )
    list(ingest_into(store).run(photos))
    (tmp_path / "local").mkdir()
    (photos / "000.png").rename(tmp_path / "local" / "copy.png")
    [outcome] = ingest_into(store).run(tmp_path / "local")
    assert isinstance(outcome, Duplicate)
    [row] = store.images.get([outcome.image_id])
    assert row.paths == (str(photos / "000.png"), outcome.path)


def test_other_files_are_ignored_and_leave_no_trace(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    (photos / "notes.txt").write_text("no image")
    outcomes = list(ingest.run(photos))
    assert kinds(outcomes) == {"Archived": 6, "Ignored": 1}
    assert Ignored(str(photos / "notes.txt")) in outcomes
    assert store.ledger.all() == []
