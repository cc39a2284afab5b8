"""The commands on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from archive.settings import Settings
from tests.support.shell import Shell


def test_postgresql_serves_the_same_commands(
    postgres_settings: Settings, tmp_path: Path, image_folder: Path
) -> None:
    shell = Shell(postgres_settings.location, tmp_path)
    shell("init", "--model", "pocket")
    shell("ingest", image_folder)
    assert shell("search", "a house", "-n", "3").count("\n") == 3
    [stats] = shell.json("stats")
    assert stats["images"] == 12
    assert stats["row_bytes_per_image"] > 100
    assert "no errors found" in shell("verify")
