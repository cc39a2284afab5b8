"""What SQL selects is what plain Python selects, whatever names are made of."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from archive.errors import NotFound
from archive.filters import Filters
from archive.records import DEGREE, Batch, Capture, FileStamp, Place, Row
from archive.settings import Settings
from archive.store import Store
from tests.support.rows import new_codec, new_image

ROWS = 150
PARTS = (  # of paths
    *(
        "a",
        "a%",
        "a_",
        "a\\",
        "A",
        "ab",
        "it's",
        'say "x"',
        "100%_\\",
        "a b",
        "ä",
        "日本",
        "*",
        "[a]",
    ),
    *("base64:", "base64:YQ", os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xe9\xff"), ";--", "é"),
)
ROOTS = {"disk": "/mnt/disk", "di%k": "/mnt/di%k", "it's_\\": "/mnt/disk/inner", "root": "/"}
CAMERAS = (
    *("Canon EOS 5D", "CANON EOS 5D", "Canon_EOS", "100% \\Cam'era", "Leica", 'a"b', "Straße", "İ"),
    None,
)
FORMATS = ("JPEG", "PNG", "HEIF", "TIFF", "JPEG2000", "RAW")
POINTS = (  # degrees
    *((0.00001, 0), (48.86, 2.35), (48.861, 2.351), (-17, 179.999), (-17, -179.999), (-17, 180)),
    *((-17, -180), (90, 0), (89.999, 120), (-90, -180), (-89.9, 77), (12.34567, -98.76543)),
    None,
)
FIRST = datetime(2019, 1, 1)


@dataclass(frozen=True)
class Filled:
    """A store, and what is in it."""

    store: Store
    rows: list[Row]
    labels: dict[int, set[str]]  # of the drives that an image was seen on, by id


@pytest.fixture(scope="module")
def filled(original: Settings) -> Iterator[Filled]:
    store = Store.create(original)
    codec_id = new_codec(store)
    volumes = {
        label: store.volumes.see(marker=f"m:{label}", label=label, root=root)
        for label, root in ROOTS.items()
    }
    randomness = random.Random(0)
    labels: dict[int, set[str]] = {}
    for number in range(ROWS):
        image = replace(
            new_image(f"{number}", volumes["disk"]),
            format=randomness.choice(FORMATS),
            taken_at=_date(randomness),
            capture=_capture(randomness),
        )
        places = {
            (randomness.choice(list(ROOTS)), _path(randomness, number))
            for _ in range(randomness.randint(1, 3))
        }
        (first, path), *others = places
        image = replace(image, place=_place(volumes[first], path))
        sightings = [(image.sha256, _place(volumes[label], path)) for label, path in others]
        [image_id] = store.add_batch(codec_id, Batch([image], sightings)).values()
        labels[image_id] = {label for label, _ in places}
    yield Filled(store, list(store.images.all()), labels)
    store.close()


def _date(randomness: random.Random) -> datetime | None:
    if not randomness.randrange(5):
        return None
    return FIRST + timedelta(seconds=randomness.choice([0, 59, 86_399, 86_400, 31_535_999]))


def _capture(randomness: random.Random) -> Capture:
    point = randomness.choice(POINTS)
    place = (None, None) if point is None else tuple(round(part * DEGREE) for part in point)
    return Capture(randomness.choice(CAMERAS), *place)


def _path(randomness: random.Random, number: int) -> str:
    folders = [randomness.choice(PARTS) for _ in range(randomness.randint(0, 3))]
    return os.path.join(*folders, f"{number} {randomness.choice(PARTS)}")


def _place(volume_id: int, path: str) -> Place:
    return Place(volume_id, path, FileStamp(1, 1))


def meets(row: Row, labels: set[str], filters: Filters) -> bool:
    """What filters mean, in plain Python."""
    first, last = filters.bounds
    camera = (filters.camera or "").casefold()
    folder = os.path.join(filters.under or "/", "")
    return (
        (first is None or (row.taken_at is not None and row.taken_at >= first))
        and (last is None or (row.taken_at is not None and row.taken_at <= last))
        and (not camera or (row.camera is not None and camera in row.camera.casefold()))
        and (filters.format is None or row.format.casefold() == filters.format.casefold())
        and (filters.volume is None or filters.volume in labels)
        and any(f"{path}/".startswith(folder) for path in row.paths)
        and (not isinstance(filters.near, tuple) or _is_near(row, *filters.near))
    )


def _is_near(row: Row, latitude: float, longitude: float, km: float) -> bool:
    """By the angle of two vectors."""
    if row.latitude is None or row.longitude is None:
        return False
    points = []
    for degrees in ((latitude, longitude), (row.latitude, row.longitude)):
        phi, lam = map(math.radians, degrees)
        points.append((math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)))
    chord = math.dist(*points)
    return 2 * 6371.0088 * math.asin(min(chord / 2, 1)) <= km


def _optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), st.none(), strategy)


PERIODS = st.sampled_from(["2018", "2019", "2019-01", "2019-01-01", "2019-01-01T00:00", "2020"])
FOLDERS = st.builds(
    lambda root, parts: os.path.join(root, *parts),
    st.sampled_from([*ROOTS.values(), "/mnt", "/mnt/dis", "/nowhere"]),
    st.lists(st.sampled_from(PARTS), max_size=2),
)
CIRCLES = st.tuples(
    st.sampled_from([0.0, 48.86, -17.0, 90.0, -90.0, 89.99]),
    st.sampled_from([0.0, 2.35, 179.999, -180.0, 180.0, 120.0]),
    st.sampled_from([0.05, 0.3, 25.0, 1500.0, 10_500.0, 20_100.0]),
)
FILTERS = st.builds(
    Filters,
    since=_optional(PERIODS),
    until=_optional(PERIODS),
    camera=_optional(st.sampled_from(["canon", "n_e", "%", "\\", "'", '"', "STRASSE", "x", "i"])),
    format=_optional(st.sampled_from(["jpeg", "PNG", "heif", "raw", "gif", "jp%"])),
    volume=_optional(st.sampled_from(list(ROOTS))),
    under=_optional(FOLDERS),
    near=_optional(CIRCLES),
)


@given_settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filters=FILTERS)
def test_sql_selects_what_python_does(filled: Filled, filters: Filters) -> None:
    expected = [row.id for row in filled.rows if meets(row, filled.labels[row.id], filters)]
    assert filled.store.selection.ids(filters) == expected


def test_every_folder_of_a_path_holds_it_and_no_name_that_is_alike(filled: Filled) -> None:
    for row in filled.rows:
        for name in row.paths:
            folder = os.path.dirname(name)
            assert row.id in filled.store.selection.ids(Filters(under=name))
            assert row.id in filled.store.selection.ids(Filters(under=folder))
            assert filled.store.selection.ids(Filters(under=folder + "x")) == []


@pytest.mark.parametrize("sort", ["id", "date", "-date"])
def test_rows_come_in_order_and_undated_ones_last(filled: Filled, sort: str) -> None:
    rows = {row.id: row for row in filled.rows}
    dates = [
        rows[image_id].taken_at for image_id in filled.store.selection.ids(Filters(), sort=sort)
    ]
    assert len(dates) == ROWS
    if sort == "id":
        assert dates == [row.taken_at for row in filled.rows]
        return
    known = [date for date in dates if date is not None]
    assert known == sorted(known, reverse=sort == "-date")
    assert dates[len(known) :] == [None] * (ROWS - len(known))
    assert len(known) < ROWS


def test_a_drive_that_there_is_none_of_is_told(filled: Filled) -> None:
    with pytest.raises(NotFound, match=r"no drive 'di_k'.*`coldframe volumes`"):
        filled.store.selection.ids(Filters(volume="di_k"))
    assert filled.store.selection.ids(Filters(volume="m:disk"))


def test_thousands_of_cameras_are_matched(store: Store, volume: int) -> None:
    images = [
        replace(new_image(f"{number}", volume), capture=Capture(f"Camera {number}"))
        for number in range(3000)
    ]
    store.add_batch(1, Batch(images))
    assert len(store.selection.ids(Filters(camera="camera"))) == 3000
    assert len(store.selection.ids(Filters(camera="camera 29"))) == 111
    assert store.selection.ids(Filters(camera="leica")) == []
