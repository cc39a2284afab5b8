"""A row that cannot be restored fails alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from archive.archive import Archive
from archive.errors import ColdframeError, UsageError
from archive.models.sampling import Sampling
from archive.restore.run import Restored
from archive.store import schema
from tests.support.rows import forge
from tests.support.shell import Shell

FEW_STEPS = Sampling(steps=2)


def overwrite(archive: Archive, row_id: int, **values: Any) -> None:
    """Changes a row as a hostile program would."""
    forge(archive._store, schema.Image.id == row_id, **values)


def restore(archive: Archive, ids: Sequence[int], out: Path, **options: Any) -> list[Restored]:
    restorations = archive.restore(ids, out, sampling=FEW_STEPS, **options)
    return sorted(restorations, key=lambda restored: restored.id)


def test_a_damaged_row_does_not_spoil_its_batch(archive: Archive, tmp_path: Path) -> None:
    overwrite(archive, 2, clip_code=b"\0")
    first, damaged, third = restore(archive, [1, 2, 3], tmp_path / "out")
    assert damaged.error
    assert damaged.file is None
    with pytest.raises(ColdframeError, match="image 2 was not restored"):
        _ = damaged.image
    assert first.image.size
    assert third.image.size


def test_a_row_whose_checksum_is_wrong_is_not_restored(archive: Archive, tmp_path: Path) -> None:
    with archive._store.database.writing() as connection:
        connection.execute(update(schema.Image).where(schema.Image.id == 2).values(width=77))
    errors = [restored.error for restored in restore(archive, [1, 2, 3], tmp_path / "out")]
    assert errors == ["", "its checksum does not match", ""]


def test_a_file_that_cannot_be_written_does_not_spoil_its_batch(
    archive: Archive, tmp_path: Path
) -> None:
    [once] = restore(archive, [2], tmp_path / "once")
    taken = tmp_path / "out" / Path(str(once.file)).name
    taken.mkdir(parents=True)
    errors = [restored.error for restored in restore(archive, [1, 2, 3], tmp_path / "out")]
    assert [bool(error) for error in errors] == [False, True, False]
    assert str(taken) in errors[1]
    assert len(list((tmp_path / "out").iterdir())) == 3, "a temporary file was left"


@pytest.mark.parametrize(
    ("size", "file_format", "longest"),
    [
        ((70_000, 200), "jpg", 65_500),
        ((200, 70_000), "webp", 16_383),
        ((1_000_000_000, 1), "png", 1_000_000),
        ((2**31 - 1, 1), "jpg", 65_500),
    ],
)
def test_sides_that_no_file_holds_are_scaled(
    archive: Archive, tmp_path: Path, size: tuple[int, int], file_format: str, longest: int
) -> None:
    overwrite(archive, 1, width=size[0], height=size[1])
    [restored] = restore(archive, [1], tmp_path / "out", file_format=file_format)
    assert not restored.error
    assert restored.image.size == (restored.width, restored.height)
    assert np.argmax(size) == np.argmax(restored.image.size)
    assert max(restored.image.size) <= longest


def test_a_folder_that_is_a_file_is_refused_before_anything_is_sampled(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "under"):
        with pytest.raises(UsageError, match="file"):
            restore(archive, [1], out)


def test_the_command_tells_each_failure_and_exits_with_3(archive: Archive, tmp_path: Path) -> None:
    overwrite(archive, 2, clip_code=b"\0")
    shell = Shell(archive.settings.location, tmp_path)
    done = shell.run("restore", "1", "2", "3", "--steps", "2")
    assert done.returncode == 3
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["1", "3"]
    assert done.stderr.split()[:3] == ["2", "not", "restored:"]
    lines = shell.json("restore", "1", "2", "3", "--steps", "2", code=3)
    assert {line["id"] for line in lines if "error" in line} == {2}
