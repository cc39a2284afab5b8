"""`coldframe stats`: what an image costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archive.archive import Archive
from tests.support.shell import Shell


def test_stats_tell_what_a_picture_costs(filled_shell: Shell, image_folder: Path) -> None:
    [stats] = filled_shell.json("stats")
    place = Path(filled_shell.location)
    assert stats["images"] == 12
    assert (stats["model"], stats["codec"]) == ("pocket", "klt")
    with Archive(place) as archive:
        clip_bytes = [len(row.clip_code) for row in archive]
        color_bytes = [len(row.color_code) for row in archive]
    assert stats["clip_bits_per_image"] == pytest.approx(8 * np.mean(clip_bytes), abs=0.01)
    assert stats["color_bits_per_image"] == pytest.approx(8 * np.mean(color_bytes), abs=0.01)
    bits = stats["clip_bits_per_image"] + stats["color_bits_per_image"]
    assert stats["bpp"] == pytest.approx(bits / (240 * 160), rel=1e-4)
    assert stats["original_bytes"] == sum(
        path.stat().st_size for path in image_folder.rglob("scene*")
    )
    on_disk = sum(
        path.stat().st_size
        for path in place.rglob("*")
        if path.is_file() and "-shm" not in path.name
    )
    assert stats["archive_bytes"] == pytest.approx(on_disk, rel=0.3)
    assert stats["row_bytes_per_image"] * 12 + stats["index_bytes_per_image"] * 12 == pytest.approx(
        stats["archive_bytes"], rel=0.01
    )
    assert stats["ratio"] == pytest.approx(
        stats["original_bytes"] / stats["archive_bytes"], rel=0.01
    )
    assert "12 images" in filled_shell("stats")


def test_stats_of_nothing_claim_nothing(pocket_shell: Shell) -> None:
    first, second = pocket_shell("stats").splitlines()
    assert first.startswith("0 images, model pocket")
    assert second.startswith("database")
