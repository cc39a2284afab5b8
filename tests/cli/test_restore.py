"""`coldframe restore`: rows become files."""

from __future__ import annotations

from pathlib import Path

from tests.support.shell import Shell


def test_restore_writes_pictures_and_tells_where(
    tiny_pair: Path, shell: Shell, image_folder: Path, tmp_path: Path
) -> None:
    shell("init", "--model", tiny_pair)
    shell("ingest", image_folder)
    lines = shell.json("restore", "1", "2", "--steps", "2", "--out", tmp_path / "out")
    assert [set(line) for line in lines] == [{"id", "file", "seconds", "seed", "again"}] * 2
    assert all(Path(line["file"]).is_file() for line in lines)
    output = shell("restore", "--query", "a house", "-n", "2", "--steps", "2", "--format", "png")
    assert output.count(".restored.png") == 2
    assert "either ids" in shell("restore", code=2)
    assert "no image 77" in shell("restore", "77", code=1)
