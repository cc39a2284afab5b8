"""One bad file never stops a run: it is skipped with its reason, listed, and tried again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from archive.ingest.outcomes import Archived, Skipped
from archive.ingest.pipeline import Ingest
from archive.records import FileStamp, Flag
from archive.store import Store
from tests.support.images import red_and_blue
from tests.support.ingest import ColorEncoder, ingest_into, kinds, paths_of, save_colors


def reasons(store: Store) -> dict[str, str]:
    """The ledger: file name → reason."""
    return {Path(skipped.path).name: skipped.reason for skipped in store.ledger.all()}


def write_truncated(path: Path) -> None:
    red_and_blue(640, 640).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_each_bad_file_has_its_reason_in_the_outcome_and_in_the_ledger(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    write_truncated(photos / "truncated.jpg")
    (photos / "empty.png").touch()
    (photos / "letter.png").write_text("Dear photographer")
    (photos / "loop.jpg").symlink_to(photos / "loop.jpg")
    (photos / "upwards").symlink_to(photos)
    os.mkfifo(photos / "pipe.png")
    outcomes = list(ingest.run(photos))
    assert kinds(outcomes) == {"Archived": 6, "Skipped": 5, "Linked": 1}
    assert reasons(store) == {
        "truncated.jpg": "truncated",
        "empty.png": "empty",
        "letter.png": "not-an-image",
        "loop.jpg": "broken-link",
        "pipe.png": "not-a-file",
    }
    listed = {(skipped.path, skipped.reason, skipped.detail) for skipped in store.ledger.all()}
    assert listed == {
        (outcome.path, outcome.reason, outcome.detail)
        for outcome in outcomes
        if isinstance(outcome, Skipped)
    }


def test_skipped_files_are_tried_again_and_leave_the_ledger_once_archived(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    (photos / "empty.png").touch()
    list(ingest.run(photos))
    assert kinds(ingest.run(photos)) == {"Unchanged": 6, "Skipped": 1}
    assert [skipped.attempts for skipped in store.ledger.all()] == [2]
    Image.new("RGB", (24, 20), "white").save(photos / "empty.png")
    assert kinds(ingest.run(photos)) == {"Unchanged": 6, "Archived": 1}
    assert store.ledger.all() == []


def test_equal_bad_files_are_all_skipped(ingest: Ingest, store: Store, photos: Path) -> None:
    for name in ("one.png", "two.png"):
        (photos / name).write_text("the same letter")
    outcomes = list(ingest.run(photos))
    assert paths_of(outcomes, Skipped) == ["one.png", "two.png"]
    assert reasons(store) == {"one.png": "not-an-image", "two.png": "not-an-image"}


def test_a_batch_of_bad_files_alone_needs_no_encoder(store: Store, tmp_path: Path) -> None:
    encoder = ColorEncoder()
    (tmp_path / "empty.png").touch()
    (tmp_path / "letter.png").write_text("Dear photographer")
    assert kinds(ingest_into(store, encoder).run(tmp_path / "empty.png")) == {"Skipped": 1}
    assert kinds(ingest_into(store, encoder).run(tmp_path / "letter.png")) == {"Skipped": 1}
    assert encoder.batches == []


def test_truncated_images_are_archived_on_demand_and_flagged(store: Store, tmp_path: Path) -> None:
    write_truncated(tmp_path / "truncated.jpg")
    ingest = ingest_into(store, keep_truncated=True)
    assert kinds(ingest.run(tmp_path / "truncated.jpg")) == {"Archived": 1}
    [row] = store.images.all()
    assert row.flags == Flag.TRUNCATED


def test_a_file_that_changes_while_it_is_read_is_skipped(
    ingest: Ingest, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "archive.ingest.inputs.digest_of", lambda path: (bytes(32), FileStamp(1, 1))
    )
    [outcome] = ingest.run(photos / "000.png")
    assert isinstance(outcome, Skipped)
    assert outcome.reason == "changed"


def test_a_folder_that_cannot_be_read_is_in_the_ledger(
    ingest: Ingest, store: Store, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_folder = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("private"):
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (photos / "private").mkdir()
    outcomes = list(ingest.run(photos))
    private = str(photos / "private")
    assert kinds(outcomes) == {"Archived": 6, "Skipped": 1}
    assert Skipped(private, "unreadable", "Permission denied") in outcomes
    [skipped] = store.ledger.all()
    assert (skipped.path, skipped.reason) == (private, "unreadable")
    assert skipped.detail == "Permission denied"


def test_names_do_not_matter(ingest: Ingest, store: Store, photos: Path) -> None:
    content = (photos / "000.png").read_bytes()
    names = [
        b"no suffix",
        b"wrong.txt",
        b"latin-\xfcber.jpg",
        b"line\nbreak.jpg",
        "日本.JPG".encode(),
    ]
    for number, name in enumerate(names):
        with open(os.path.join(os.fsencode(photos), name), "wb") as file:
            file.write(content + bytes([number]))
    assert kinds(ingest.run(photos)) == {"Archived": 11}
    archived = {os.fsencode(Path(row.path).name) for row in store.images.all()}
    assert archived >= set(names)
    assert kinds(ingest.run(photos)) == {"Unchanged": 11}


def test_originals_are_only_read(ingest: Ingest, tmp_path: Path) -> None:
    paths = save_colors(tmp_path / "photos", 3)
    for path in paths:
        path.chmod(0o444)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    assert len([o for o in ingest.run(tmp_path / "photos") if isinstance(o, Archived)]) == 3
    assert sorted((tmp_path / "photos").iterdir()) == paths
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def test_lines_of_the_ledger_go_when_their_cause_is_gone(
    ingest: Ingest, store: Store, photos: Path
) -> None:
    for name in ("deleted.png", "excluded.png", "still.png"):
        (photos / name).touch()
    list(ingest.run(photos))
    assert len(reasons(store)) == 3
    (photos / "deleted.png").unlink()
    (photos / ".coldframeignore").write_text("excluded.png\n")
    list(ingest.run(photos / "000.png"))
    assert set(reasons(store)) == {"excluded.png", "still.png"}
    list(ingest.run(photos))
    assert set(reasons(store)) == {"still.png"}
