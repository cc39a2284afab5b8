"""`coldframe ingest --candidates`."""

from __future__ import annotations

from pathlib import Path

from tests.support.beforehand import hurry
from tests.support.shell import Shell


def test_ingest_reports_the_seeds_it_chose(tmp_path: Path, album: Path) -> None:
    shell = Shell(str(tmp_path / "archive"), tmp_path, first=hurry)
    shell("init", "--model", "pocket", "--codec", "coclico")
    for path in sorted(album.rglob("*.*"))[2:]:
        path.unlink()
    assert "selected seeds for 2 images, 1 bit each" in shell("ingest", album, "--candidates", "2")
    assert "705 bits per image: 512 embedding, 192 color map, 1 seed index" in shell("stats")
    *_, summary = shell.json("ingest", album, "--candidates", "2")
    assert (summary["chosen"], summary["unseen"], summary["known"]) == (0, 0, 2)
    [row] = shell.json("show", "1")
    assert row["candidate"] in (0, 1)
    assert "'3' is not one of" in shell("ingest", album, "--candidates", "3", code=2)
