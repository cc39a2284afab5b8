"""A path is known by its file system, wherever that is mounted."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.ingest import mounts, volumes
from archive.ingest.volumes import MEMORY, Places, Volume, is_mounted, volume_of
from archive.records import FileStamp, Place
from archive.store import Store

STAMP = FileStamp(3, 4)


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as a mount point, of device 77; its file system's UUID is A-1."""
    mount_point = tmp_path / "media" / "drive"
    (mount_point / "photos").mkdir(parents=True)
    links = tmp_path / "by-uuid"
    links.mkdir()
    for uuid in ("0-0", "A-1"):
        (links / uuid).touch()
    read_status = os.stat

    def status(path: str | Path, **options: object) -> object:
        devices = {"drive": (77, 0), "again": (77, 0), "A-1": (0, 77), "0-0": (0, 5)}
        if Path(path).name in devices:
            device, special = devices[Path(path).name]
            return SimpleNamespace(st_dev=device, st_rdev=special)
        return read_status(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(volumes, "BY_UUID", links)
    monkeypatch.setattr(os, "stat", status)
    mount(tmp_path, monkeypatch, drive=mount_point)
    return mount_point


def mount(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    drive: Path,
    root: str = "/",
    kind: str = "ext4",
    source: str = "none",
) -> None:
    """What Linux says once a drive is mounted over the disk at /."""
    point = os.fsencode(drive).replace(b" ", b"\\040")
    table = folder / "mountinfo"
    table.write_bytes(
        b"22 1 8:1 / / rw shared:1 - ext4 /dev/none rw\n"
        + b"36 22 0:77 %s %s rw - %s %s rw\n"
        % (root.encode(), point, kind.encode(), source.encode())
    )
    monkeypatch.setattr(mounts, "MOUNTINFO", table)


def test_a_volume_is_known_by_the_uuid_of_its_file_system(drive: Path) -> None:
    volume = Volume("uuid:A-1", "drive", str(drive))
    assert volume_of(str(drive)) == volume
    assert volume_of(str(drive / "photos")) == volume


def test_without_a_uuid_a_volume_is_known_by_its_mount_point(
    drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (volumes.BY_UUID / "A-1").unlink()
    assert volume_of(str(drive)).marker == f"mount:{drive}"
    monkeypatch.setattr(volumes, "BY_UUID", Path("/nowhere"))
    assert volume_of(str(drive)).marker == f"mount:{drive}"


def test_two_bind_mounts_of_one_drive_are_two_volumes(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount(tmp_path, monkeypatch, drive=drive, root="/h1")
    first = volume_of(str(drive))
    mount(tmp_path, monkeypatch, drive=drive, root="/h2")
    assert (first.marker, volume_of(str(drive)).marker) == ("uuid:A-1/h1", "uuid:A-1/h2")


def test_a_share_is_known_by_its_address_wherever_it_is_mounted(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (volumes.BY_UUID / "A-1").unlink()
    mount(tmp_path, monkeypatch, drive=drive, kind="cifs", source="//nas/photos")
    volume = volume_of(str(drive))
    assert volume.marker == "share://nas/photos"
    assert not volume.has_lasting_inodes


def test_inodes_that_change_at_each_mount_are_not_recorded(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_store: Store
) -> None:
    stamp = FileStamp(3, 4, 5, 6)
    path = str(drive / "a.jpg")
    assert Places(sqlite_store.volumes).of_file(path, stamp).stamp == stamp
    mount(tmp_path, monkeypatch, drive=drive, kind="vfat")
    assert Places(sqlite_store.volumes).of_file(path, stamp).stamp == FileStamp(3, 4, 5)


@pytest.mark.parametrize("name", [b"with space", b"bad\xff\xfe", b"tab\tnew\\slash"])
def test_a_mount_point_may_have_any_name(
    name: bytes, drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    point = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    point.mkdir()
    (volumes.BY_UUID / "A-1").unlink()
    escaped = Path(os.fsdecode(name.replace(b"\\", b"\\134").replace(b"\t", b"\\011")))
    mount(tmp_path, monkeypatch, drive=tmp_path / escaped)
    place = Places(store.volumes).of_file(str(point / "a.jpg"), STAMP)
    [volume] = store.volumes.all()
    assert (volume.root, volume.marker) == (str(point), f"mount:{point}")
    assert (volume.label, place.path) == (point.name, "a.jpg")


def test_the_file_system_at_the_top_is_a_volume_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", Path("/nowhere"))
    monkeypatch.setattr(os.path, "ismount", lambda path: path == "/")
    volume = volume_of("/usr/lib")
    assert (volume.label, volume.root) == ("/", "/")


def test_a_volume_is_mounted_if_it_is_the_same_file_system(drive: Path) -> None:
    assert is_mounted("uuid:A-1", str(drive))
    assert not is_mounted("uuid:B-2", str(drive))
    assert not is_mounted(MEMORY.marker, MEMORY.root)
    (volumes.BY_UUID / "A-1").unlink()
    assert not is_mounted("uuid:A-1", str(drive))  # not answered from a cache


def test_places_are_relative_to_their_volume(drive: Path, sqlite_store: Store) -> None:
    places = Places(sqlite_store.volumes)
    path = str(drive / "photos" / "a.jpg")
    place = places.of_file(path, STAMP)
    [volume] = sqlite_store.volumes.all()
    assert place == Place(volume.id, "photos/a.jpg", STAMP)
    assert (volume.marker, volume.label, volume.root) == ("uuid:A-1", "drive", str(drive))
    assert places.of_file(path, None).stamp == FileStamp(-1, -1)


def test_a_volume_is_recorded_once_a_run(
    drive: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    see = sqlite_store.volumes.see

    def count(**volume: str) -> int:
        calls.append(volume)
        return see(**volume)

    monkeypatch.setattr(sqlite_store.volumes, "see", count)
    places = Places(sqlite_store.volumes)
    ids = {places.of_file(str(drive / f"{number}.jpg"), STAMP).volume_id for number in range(3)}
    assert len(ids) == len(calls) == 1


def test_a_place_is_vacant_only_if_its_volume_is_here(drive: Path, sqlite_store: Store) -> None:
    (drive / "there.jpg").touch()
    (drive / "broken.jpg").symlink_to("nowhere")
    before = Places(sqlite_store.volumes)
    there, broken, missing = (
        before.of_file(str(drive / name), STAMP)
        for name in ("there.jpg", "broken.jpg", "missing.jpg")
    )
    assert before.is_vacant(missing)
    assert not before.is_vacant(there)
    assert not before.is_vacant(broken)
    assert not Places(sqlite_store.volumes).is_vacant(missing)
    in_memory = before.in_memory("missing.jpg")
    assert not before.is_vacant(in_memory)


def test_no_place_is_vacant_on_a_drive_that_left_during_the_run(
    drive: Path, sqlite_store: Store
) -> None:
    places = Places(sqlite_store.volumes)
    place = places.of_file(str(drive / "photos" / "a.jpg"), STAMP)
    (volumes.BY_UUID / "A-1").rename(volumes.BY_UUID / "B-2")
    assert not places.is_vacant(place)


def test_images_in_memory_have_a_volume_of_their_own(sqlite_store: Store) -> None:
    place = Places(sqlite_store.volumes).in_memory("name")
    [volume] = sqlite_store.volumes.all()
    assert place == Place(volume.id, "name", FileStamp(-1, -1))
    assert (volume.marker, volume.label, volume.root) == ("memory:", "memory", "memory:")
