"""Photo folders become rows: once each, in spite of everything that lies in them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.ingest.outcomes import Archived, Duplicate, Ignored, Moved, Outcome, Skipped, Unchanged
from archive.records import Flag
from archive.settings import Settings


def ingest(archive: Archive, *paths: Path) -> list[Outcome]:
    return list(archive.ingest([str(path) for path in paths]))


def kinds(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def codes(archive: Archive) -> dict[bytes, tuple[bytes, bytes]]:
    return {row.sha256: (row.clip_code, row.color_code) for row in archive}


def test_every_picture_of_a_folder_gets_a_row_that_decodes(
    pocket_archive: Archive, image_folder: Path
) -> None:
    assert kinds(ingest(pocket_archive, image_folder)) == {"Archived": 12}
    rows = list(pocket_archive)
    assert {row.path for row in rows} == {str(path) for path in image_folder.rglob("scene*")}
    assert {(len(row.clip_code), len(row.color_code)) for row in rows} == {(64, 24)}
    assert {(row.width, row.height) for row in rows} == {(240, 160)}
    assert list(pocket_archive.verify()) == rows


def test_ingesting_twice_adds_nothing(pocket_archive: Archive, album: Path) -> None:
    ingest(pocket_archive, album)
    before = codes(pocket_archive)
    assert kinds(ingest(pocket_archive, album)) == {"Unchanged": 12}
    os.utime(album / "scene 0.jpg")  # touched, not changed
    assert kinds(ingest(pocket_archive, album)) == {"Unchanged": 11, "Duplicate": 1}
    assert codes(pocket_archive) == before


def test_the_colour_map_is_where_the_colours_are(pocket_archive: Archive, tmp_path: Path) -> None:
    picture = Image.new("RGB", (320, 200), (200, 40, 40))
    picture.paste((40, 40, 200), (160, 0, 320, 200))
    picture.save(tmp_path / "flag.png")
    ingest(pocket_archive, tmp_path / "flag.png")
    [row] = pocket_archive
    [colors] = pocket_archive.codec.decode([row.clip_code], [row.color_code])[1]
    left = colors[:, :3].mean(axis=(0, 1))
    right = colors[:, 5:].mean(axis=(0, 1))
    assert left[0] > left[2] + 60
    assert right[2] > right[0] + 60


def test_the_same_bytes_are_stored_once_and_every_place_is_kept(
    pocket_archive: Archive, album: Path
) -> None:
    (album / "copy.jpg").write_bytes((album / "scene 0.jpg").read_bytes())
    outcomes = ingest(pocket_archive, album)
    assert kinds(outcomes) == {"Archived": 12, "Duplicate": 1}
    [row] = [row for row in pocket_archive if len(row.paths) == 2]
    assert {Path(path).name for path in row.paths} == {"copy.jpg", "scene 0.jpg"}


def test_a_moved_file_keeps_its_row(pocket_archive: Archive, album: Path) -> None:
    ingest(pocket_archive, album)
    before = codes(pocket_archive)
    (album / "inner").rename(album / "renamed")
    assert kinds(ingest(pocket_archive, album)) == {"Unchanged": 6, "Moved": 6}
    assert codes(pocket_archive) == before
    assert all(Path(path).exists() for row in pocket_archive for path in row.paths)


def test_a_file_that_is_not_seen_any_more_is_not_forgotten(
    pocket_archive: Archive, album: Path
) -> None:
    ingest(pocket_archive, album)
    (album / "scene 0.jpg").unlink()
    assert kinds(ingest(pocket_archive, album)) == {"Unchanged": 11}
    assert len(list(pocket_archive)) == 12
    assert any(row.path.endswith("scene 0.jpg") for row in pocket_archive)


def test_a_changed_file_is_a_new_picture_and_the_old_row_stays(
    pocket_archive: Archive, album: Path
) -> None:
    ingest(pocket_archive, album)
    Image.new("RGB", (64, 64), "teal").save(album / "scene 0.jpg")
    assert kinds(ingest(pocket_archive, album)) == {"Unchanged": 11, "Archived": 1}
    assert len(list(pocket_archive)) == 13


def test_one_bad_file_never_stops_a_batch_and_stands_in_the_ledger(
    pocket_archive: Archive, album: Path
) -> None:
    whole = (album / "scene 0.jpg").read_bytes()
    (album / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (album / "truncated too.jpg").write_bytes(whole[: len(whole) // 2])
    (album / "empty.png").touch()
    (album / "letter.png").write_text("Dear photographer")
    (album / "notes.txt").write_text("not a picture, and nobody says it is")
    (album / "loop.jpg").symlink_to(album / "loop.jpg")
    (album / "upwards").symlink_to(album)
    os.mkfifo(album / "pipe.png")
    outcomes = ingest(pocket_archive, album)
    assert kinds(outcomes) == {"Archived": 12, "Skipped": 6, "Ignored": 1}
    ledger = {Path(line.path).name: line.reason for line in pocket_archive.skipped()}
    assert ledger == {
        Path(one.path).name: one.reason for one in outcomes if isinstance(one, Skipped)
    }
    assert ledger == {
        "truncated.jpg": "truncated",
        "truncated too.jpg": "truncated",
        "empty.png": "empty",
        "letter.png": "not-an-image",
        "loop.jpg": "broken-link",
        "pipe.png": "not-a-file",
    }
    ingest(pocket_archive, album)
    assert {line.attempts for line in pocket_archive.skipped()} == {2}
    Image.new("RGB", (64, 64), "teal").save(album / "empty.png")
    ingest(pocket_archive, album)
    assert "empty.png" not in {Path(line.path).name for line in pocket_archive.skipped()}


def test_a_truncated_picture_is_kept_only_on_demand_and_flagged(
    pocket_archive: Archive, album: Path
) -> None:
    whole = (album / "scene 0.jpg").read_bytes()
    (album / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    outcomes = list(pocket_archive.ingest([str(album / "truncated.jpg")], keep_truncated=True))
    assert kinds(outcomes) == {"Archived": 1}
    assert next(iter(pocket_archive)).flags == Flag.TRUNCATED


def test_pictures_are_found_whatever_they_are_called(pocket_archive: Archive, album: Path) -> None:
    content = (album / "scene 0.jpg").read_bytes()
    names = [
        b"no suffix",
        b"wrong.txt",
        b"latin-\xfcber.jpg",
        b"line\nbreak.jpg",
        "日本.JPG".encode(),
    ]
    for number, name in enumerate(names):
        with open(os.path.join(os.fsencode(album), name), "wb") as file:
            file.write(content + bytes([number]))
    assert kinds(ingest(pocket_archive, album)) == {"Archived": 17}
    kept = {os.fsencode(Path(row.path).name) for row in pocket_archive}
    assert kept >= set(names)
    assert kinds(ingest(pocket_archive, album)) == {"Unchanged": 17}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_in_the_ledger(
    pocket_archive: Archive, album: Path
) -> None:
    (album / "inner").chmod(0)
    assert kinds(ingest(pocket_archive, album)) == {"Archived": 6, "Skipped": 1}
    (album / "inner").chmod(0o755)


def test_small_batches_and_large_ones_write_the_same_rows(
    pocket_archive: Archive, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(pocket_archive, album)
    monkeypatch.setattr("archive.ingest.pipeline.FIRST_BATCH", 1)
    monkeypatch.setattr("archive.ingest.pipeline.LARGEST_BATCH", 2)
    with Archive.create(Settings(str(tmp_path / "other")), pocket_archive._models.pair) as other:
        ingest(other, album)
        close = [
            np.mean(
                np.unpackbits(np.frombuffer(a, np.uint8))
                == np.unpackbits(np.frombuffer(b, np.uint8))
            )
            for (a, _), (b, _) in (
                (codes(pocket_archive)[key], codes(other)[key]) for key in codes(other)
            )
        ]
    assert len(close) == 12
    assert (
        min(close) > 0.99
    )  # another batch size may turn a coordinate that is zero but for rounding


def test_originals_are_only_read(pocket_archive: Archive, album: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in album.rglob("scene*")}
    for path in before:
        path.chmod(0o444)
    ingest(pocket_archive, album)
    assert {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in album.rglob("*")
        if path.is_file()
    } == before


def test_killed_in_the_middle_and_run_again_it_ends_the_same(album: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(300):
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(
            album / f"noise {number:03}.png"
        )
    place = tmp_path / "archive"
    command = [sys.executable, "-m", "cli", "ingest", str(album), "--archive", str(place)]
    subprocess.run(
        [sys.executable, "-m", "cli", "init", "--model", "pocket", "--archive", str(place)],
        check=True,
    )
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Archive(Settings(str(place))) as archive:
        while running.poll() is None and archive._store.images.totals().images == 0:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
        rows = archive._store.images.totals().images
        assert 0 < rows <= 312
        assert not [found for found in archive.verify() if not hasattr(found, "sha256")]
        outcomes = ingest(archive, album)
        assert kinds(outcomes)["Archived"] == 312 - rows
        assert archive._store.images.totals().images == 312
        assert all(len(row.paths) == 1 for row in archive)


def test_two_at_once_store_each_picture_once(album: Path, tmp_path: Path) -> None:
    place = tmp_path / "archive"
    subprocess.run(
        [sys.executable, "-m", "cli", "init", "--model", "pocket", "--archive", str(place)],
        check=True,
    )
    command = [sys.executable, "-m", "cli", "ingest", str(album), "--archive", str(place)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    for one in both:
        assert one.stdout is not None
        one.stdout.close()
    with Archive(Settings(str(place))) as archive:
        assert archive._store.images.totals().images == 12
        assert all(len(row.paths) == 1 for row in archive)


def test_outcomes_name_their_files(pocket_archive: Archive, album: Path) -> None:
    for outcome in ingest(pocket_archive, album):
        assert isinstance(outcome, Archived | Unchanged | Duplicate | Moved | Skipped | Ignored)
        assert Path(outcome.path).exists()
