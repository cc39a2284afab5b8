"""Images without files are archived as files are: once, by digest, and with a ledger."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.errors import UsageError
from archive.ingest.outcomes import Archived, Duplicate, Skipped
from archive.ingest.pipeline import Ingest
from archive.records import Flag
from archive.store import Store
from tests.support.images import red_and_blue
from tests.support.ingest import contents, kinds

PIXELS = np.asarray(red_and_blue())


def encoded(image_format: str, width: int = 96) -> bytes:
    file = io.BytesIO()
    red_and_blue(width).save(file, image_format)
    return file.getvalue()


TRUNCATED = encoded("JPEG", 9600)[:-2000]


def test_the_row_of_encoded_bytes_is_that_of_the_file(ingest: Ingest, store: Store) -> None:
    content = encoded("JPEG")
    outcome = ingest.add_picture(content, name="upload 1.jpg")
    [row] = store.images.all()
    assert outcome == Archived("memory:/upload 1.jpg", row.id)
    assert row.paths == ("memory:/upload 1.jpg",)
    assert row.sha256 == hashlib.sha256(content).digest()
    assert (row.width, row.height, row.format) == (96, 64, "JPEG")
    assert (row.file_bytes, row.flags) == (len(content), Flag.NONE)


@pytest.mark.parametrize("image", [PIXELS, red_and_blue()])
def test_the_row_of_pixels_is_that_of_a_ppm_file(
    ingest: Ingest, store: Store, tmp_path: Path, image: np.ndarray | Image.Image
) -> None:
    assert isinstance(ingest.add_picture(image, name="pixels"), Archived)
    [row] = store.images.all()
    ppm = encoded("PPM")
    assert (row.format, row.file_bytes) == ("PPM", len(ppm))
    assert row.sha256 == hashlib.sha256(ppm).digest()
    (tmp_path / "same.ppm").write_bytes(ppm)
    assert kinds(ingest.run(tmp_path / "same.ppm")) == {"Duplicate": 1}


def test_the_same_codes_are_written_as_for_a_file(
    ingest: Ingest, store: Store, tmp_path: Path
) -> None:
    red_and_blue().save(tmp_path / "image.png")
    list(ingest.run(tmp_path / "image.png"))
    ingest.add_picture(PIXELS, name="pixels")
    from_file, from_memory = store.images.all()
    assert from_file.clip_code == from_memory.clip_code
    assert from_file.color_code == from_memory.color_code


def test_adding_twice_adds_nothing_whatever_the_name(ingest: Ingest, store: Store) -> None:
    first = ingest.add_picture(PIXELS, name="first")
    before = contents(store)
    assert isinstance(first, Archived)
    again = ingest.add_picture(PIXELS, name="first")
    assert again == Duplicate("memory:/first", first.image_id)
    other = ingest.add_picture(red_and_blue(), name="folder/second")
    assert other == Duplicate("memory:/folder/second", first.image_id)
    assert contents(store) == before
    [row] = store.images.all()
    assert row.paths == ("memory:/first", "memory:/folder/second")


def test_a_file_that_is_archived_is_a_duplicate_and_stays_where_it_is(
    ingest: Ingest, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(encoded("JPEG"))
    [archived] = ingest.run(path)
    path.rename(tmp_path / "elsewhere.jpg")
    outcome = ingest.add_picture(encoded("JPEG"), name="copy")
    assert isinstance(archived, Archived)
    assert outcome == Duplicate("memory:/copy", archived.image_id)
    [row] = store.images.all()
    assert row.paths == (str(path), "memory:/copy")


def test_a_name_stands_for_the_image_that_was_last_added_under_it(
    ingest: Ingest, store: Store
) -> None:
    ingest.add_picture(PIXELS, name="name")
    ingest.add_picture(PIXELS[:, ::-1], name="name")
    old, new = store.images.all()
    assert old.paths == ()
    assert new.paths == ("memory:/name",)


def test_what_a_pillow_image_knows_of_its_origin_is_kept(ingest: Ingest, store: Store) -> None:
    exif = Image.Exif()
    exif[0x0132] = "2021:01:02 03:04:05"
    file = io.BytesIO()
    red_and_blue().save(file, "JPEG", exif=exif)
    ingest.add_picture(Image.open(file), name="dated")
    [row] = store.images.all()
    assert row.taken_at == datetime(2021, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "empty"),
        (b"Dear photographer", "not-an-image"),
        (TRUNCATED, "truncated"),
    ],
)
def test_damaged_images_are_skipped_and_in_the_ledger_until_they_are_added_whole(
    ingest: Ingest, store: Store, image: bytes, reason: str
) -> None:
    outcome = ingest.add_picture(image, name="upload")
    assert isinstance(outcome, Skipped)
    assert (outcome.path, outcome.reason) == ("memory:/upload", reason)
    [skipped] = store.ledger.all()
    assert (skipped.path, skipped.reason, skipped.detail) == (
        "memory:/upload",
        reason,
        outcome.detail,
    )
    ingest.add_picture(PIXELS, name="upload")
    assert store.ledger.all() == []


def test_a_pillow_image_that_does_not_decode_is_skipped(ingest: Ingest) -> None:
    outcome = ingest.add_picture(Image.open(io.BytesIO(TRUNCATED)), name="upload")
    assert isinstance(outcome, Skipped)
    assert (outcome.path, outcome.reason) == ("memory:/upload", "truncated")


@pytest.mark.parametrize("name", ["", "/photos/a.jpg"])
def test_names_that_would_be_paths_of_files_are_refused(
    ingest: Ingest, store: Store, name: str
) -> None:
    with pytest.raises(UsageError, match="relative path"):
        ingest.add_picture(PIXELS, name=name)
    assert list(store.images.all()) == []


def test_what_is_no_image_is_a_usage_error(ingest: Ingest) -> None:
    with pytest.raises(UsageError, match=r"\(H, W, 3\) uint8"):
        ingest.add_picture(PIXELS / 255, name="floats")
    with pytest.raises(UsageError, match="str is not an image"):
        ingest.add_picture("image.jpg", name="path")  # type: ignore[arg-type]
