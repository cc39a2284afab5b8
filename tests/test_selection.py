"""A folder made for it: every filter, and all together, give exactly the right pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from archive.archive import Archive
from archive.errors import NotFound, UsageError
from archive.filters import Filters
from archive.imaging.decode import register_plugins
from archive.models.pairs import find_pair
from archive.settings import Settings
from tests.support.exif import exif_with
from training.scenes import draw_scene

CANON = {"maker": "Canon", "model": "Canon EOS 5D"}
IPHONE = {"maker": "Apple", "model": "iPhone 6"}
PARIS = (48.8583, 2.2945)
FIJI_EAST = (-16.9, 179.99)
FIJI_WEST = (-16.9, -179.99)
FILES: dict[str, dict[str, Any]] = {  # path → EXIF
    "2019/a 100%.jpg": {**CANON, "place": PARIS, "date": "2019:08:24 23:59:59"},
    "2019/b_'quoted'.jpg": {**IPHONE, "place": FIJI_EAST, "date": "2019:12:31 23:59:59"},
    "2019/c.heic": {**IPHONE, "place": FIJI_WEST, "date": "2020:01:01 00:00:00"},
    "2019%/d.png": {**CANON, "date": "2018:12:31 23:59:59"},
    "2019_/e.jpg": {"place": PARIS},
    "20199/f.png": {},
    "2019/in\\ner/g.jpg": {**CANON, "date": "2019:01:01 00:00:00"},
    "2019/in\\ner/h.webp": {"maker": "100%_\\", "model": "It's", "date": "2019:08:25"},
}
FILTERS: dict[str, tuple[dict[str, Any], str]] = {  # what is asked for, names of the right pictures
    "since": ({"since": "2019"}, "abcgh"),
    "until": ({"until": "2019"}, "abdgh"),
    "day": ({"since": "2019-08-24", "until": "2019-08-24"}, "a"),
    "under": ({"under": "2019"}, "abcgh"),
    "wildcard": ({"under": "2019%"}, "d"),
    "backslash": ({"under": "2019/in\\ner"}, "gh"),
    "camera": ({"camera": "canon"}, "adg"),
    "odd camera": ({"camera": "%_\\ it's"}, "h"),
    "no wildcard": ({"camera": "C%n"}, ""),
    "format": ({"format": "jpg"}, "abeg"),
    "heic": ({"format": "heic"}, "c"),
    "near": ({"near": (48.86, 2.29, 5)}, "ae"),
    "across": ({"near": "-16.9,179.995,2"}, "bc"),
    "far": ({"near": (0, 0, 21_000)}, "abce"),
    "where": ({"where": ["width>100", "camera~*5D"]}, "adg"),
    "latitude": ({"where": "latitude<0"}, "bc"),
    "original": ({"has_original": True}, "abcdefgh"),
}


@dataclass(frozen=True)
class Album:
    """An archive of FILES."""

    archive: Archive
    folder: Path

    def filters(self, **asked: Any) -> Filters:
        """`under` is relative to the folder."""
        if "under" in asked:
            asked["under"] = self.folder / asked["under"]
        return Filters(**asked)

    def names(self, filters: Filters) -> str:
        """The first letters of the selected files, in order of names."""
        rows = self.archive.select(filters)
        return "".join(sorted(os.path.basename(row.path)[0] for row in rows))


def make_album(folder: Path) -> None:
    register_plugins()
    for number, (name, exif) in enumerate(FILES.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(draw_scene(number, size=(120, 90)).pixels)
        image.save(path, exif=exif_with(**exif))


@pytest.fixture(scope="module")
def album(original: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Album]:
    folder = tmp_path_factory.mktemp("album").resolve()
    make_album(folder)
    with Archive.create(original, find_pair("pocket")) as archive:
        list(archive.ingest(folder))
        yield Album(archive, folder)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_gives_the_right_pictures(album: Album, name: str) -> None:
    asked, expected = FILTERS[name]
    assert album.names(album.filters(**asked)) == expected


def test_two_filters_give_what_both_do(album: Album) -> None:
    for one, other in combinations(FILTERS.values(), 2):
        if not one[0].keys() & other[0].keys():
            both = album.filters(**one[0], **other[0])
            assert album.names(both) == "".join(sorted(set(one[1]) & set(other[1])))


def test_all_filters_together(album: Album) -> None:
    [volume] = album.archive.volumes()
    asked = {"since": "2019", "until": "2019-08", "under": "2019", "camera": "5d", "format": "JPEG"}
    place = {"near": (48.86, 2.29, 5), "has_original": True, "where": "height=90"}
    assert album.names(album.filters(**asked, **place, volume=volume.label)) == "a"
    assert album.names(album.filters(**asked, **place, volume=volume.marker)) == "a"
    with pytest.raises(NotFound, match="coldframe volumes"):
        album.names(album.filters(**asked, volume="%"))


@pytest.mark.parametrize("name", FILTERS)
def test_a_search_finds_the_best_of_those_that_pass(album: Album, name: str) -> None:
    asked, expected = FILTERS[name]
    everything = album.archive.search("a boat on the water", limit=100)
    passing = {row.id for row in album.archive.select(album.filters(**asked))}
    hits = album.archive.search("a boat on the water", limit=100, filters=album.filters(**asked))
    assert len(hits) == len(expected)
    best = [hit for hit in everything if hit.id in passing]
    assert [hit.id for hit in hits] == [hit.id for hit in best]
    assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in best], abs=1e-5)
    two = album.archive.search("a boat on the water", limit=2, filters=album.filters(**asked))
    assert [hit.id for hit in two] == [hit.id for hit in best[:2]]


def test_rows_and_hits_are_sorted_by_date(album: Album) -> None:
    rows = [os.path.basename(row.path)[0] for row in album.archive.select(sort="date")]
    assert rows[:6] == list("dgahbc")
    assert set(rows[6:]) == {"e", "f"}
    newest = [os.path.basename(row.path)[0] for row in album.archive.select(sort="-date")]
    assert newest[:6] == list("cbhagd")
    hits = album.archive.search("a boat", limit=100, sort="-date")
    assert [os.path.basename(hit.path)[0] for hit in hits][:6] == list("cbhagd")
    oldest = album.archive.search("a boat", limit=3, sort="date", filters=Filters(since="2019"))
    assert oldest == sorted(oldest, key=lambda hit: str(hit.taken_at))
    assert {hit.id for hit in oldest} == {
        hit.id for hit in album.archive.search("a boat", limit=3, filters=Filters(since="2019"))
    }
    with pytest.raises(UsageError, match="not by 'size'"):
        list(album.archive.select(sort="size"))
    with pytest.raises(UsageError, match="not by 'id'"):
        album.archive.search("a boat", sort="id")


@pytest.mark.parametrize(
    "asked",
    [
        *({"under": ""}, {"camera": " "}, {"volume": "\0"}, {"format": ""}, {"where": [""]}),
        {"format": "\udcff"},
    ],
)
def test_a_filter_that_means_nothing_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Filters(**asked)


def test_originals_that_are_gone_or_replaced_cannot_be_seen(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    make_album(folder)
    with Archive.create(tmp_path / "archive", find_pair("pocket")) as archive:
        list(archive.ingest(folder))
        archive.add_picture(Image.new("RGB", (64, 64), "red"), name="in memory")
        opened = Album(archive, folder)
        (folder / "20199/f.png").unlink()
        replaced = folder / "2019_/e.jpg"
        replaced.write_bytes(bytes(replaced.stat().st_size))
        touched = folder / "2019/c.heic"
        os.utime(touched, (1, 1))
        assert opened.names(Filters(has_original=True)) == "abcdgh"
        moved = folder.with_name("moved")
        folder.rename(moved)
        assert opened.names(Filters(has_original=True)) == ""
        assert archive.search("a boat", filters=Filters(has_original=True)) == []


def test_a_rescan_fills_in_what_older_rows_lack(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    make_album(folder)
    with Archive.create(settings, find_pair("pocket")) as archive:
        list(archive.ingest(folder))
        described = {row.id: row for row in archive}
        forget_captures(archive)
        assert Album(archive, folder).names(Filters(camera="canon")) == ""
        list(archive.ingest(folder))
        assert archive.ingest_progress.described == 0
        broken = folder / "2019/a 100%.jpg"
        broken.rename(tmp_path / "away.jpg")
        list(archive.ingest(folder, rescan=True))
        assert archive.ingest_progress.described == 6
        (tmp_path / "away.jpg").rename(broken)
        list(archive.ingest(folder, rescan=True))
        assert archive.ingest_progress.described == 1
        assert {row.id: row for row in archive} == described
        list(archive.ingest(folder, rescan=True))
        assert archive.ingest_progress.described == 0


def forget_captures(archive: Archive) -> None:
    """Makes rows what they were before cameras and places had columns."""
    from sqlalchemy import update

    from archive.store import schema
    from archive.store.checksum import with_crc32

    nothing = {"camera_id": None, "latitude_e5": None, "longitude_e5": None}
    with archive._store.database.writing() as connection:
        for row in connection.execute(schema.Image.__table__.select()).all():
            values = with_crc32(schema.Image, {**row._mapping, **nothing})
            same = schema.Image.id == row.id
            connection.execute(update(schema.Image).where(same).values(**values))


def test_a_forgotten_camera_leaves_no_trace(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    make_album(folder)
    with Archive.create(tmp_path / "archive", find_pair("pocket")) as archive:
        list(archive.ingest(folder))
        archive.forget([row.id for row in archive.select(Filters(camera="iphone"))])
        assert set(archive._store.cameras.all().values()) == {"Canon EOS 5D", "100%_\\ It's"}
    files = [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    assert not [path for path in files if b"iPhone" in path.read_bytes()]


def test_drives_are_listed(album: Album, tmp_path: Path) -> None:
    [volume] = album.archive.volumes()
    assert (volume.images, volume.is_here) == (len(FILES), True)
    assert str(album.folder).startswith(volume.root)
    with Archive.create(tmp_path / "archive", find_pair("pocket")) as archive:
        assert archive.volumes() == []
        archive._store.volumes.see(marker="uuid:0", label="away", root="/mnt/away")
        archive.add_picture(Image.new("RGB", (64, 64), "red"), name="in memory")
        away, memory = archive.volumes()
        assert (away.label, away.is_here, away.images) == ("away", False, 0)
        assert (memory.label, memory.is_here, memory.images) == ("memory", False, 1)


def test_a_copy_elsewhere_is_under_both_folders(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    make_album(folder)
    shutil.copytree(folder / "2019%", tmp_path / "album/copies")
    with Archive.create(tmp_path / "archive", find_pair("pocket")) as archive:
        list(archive.ingest(folder))
        for name in ("copies", "2019%"):
            assert Album(archive, folder).names(Filters(under=folder / name)) == "d"
