"""Restored files have names that can be written, and copied, anywhere."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.archive import Archive
from archive.models.sampling import Sampling
from archive.restore.file_names import LONGEST_NAME, file_name

FEW_STEPS = Sampling(steps=2)
suffixes = st.sampled_from([".jpg", ".png", ".webp"])
names = st.binary(min_size=1, max_size=255).map(os.fsdecode) | st.text(min_size=1, max_size=255)


@given(names, st.integers(1, 2**63 - 1), suffixes)
def test_every_name_can_be_written_everywhere(name: str, row_id: int, suffix: str) -> None:
    restored = file_name(row_id, f"/pictures/{name}", suffix)
    assert len(restored.encode("utf-8")) <= LONGEST_NAME
    assert restored.startswith(f"{row_id:06d}")
    assert restored.endswith(f".restored{suffix}")
    assert not set(restored) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in restored)


@pytest.mark.parametrize(
    ("original", "restored"),
    [
        ("holiday.jpg", "000001-holiday.restored.jpg"),
        ("CON.jpg", "000001-CON.restored.jpg"),
        ("aux", "000001-aux.restored.jpg"),
        ("ends in a dot..jpg", "000001-ends in a dot..restored.jpg"),
        ('a<b>c:d"e|f?g*h\\i.jpg', "000001-a_b_c_d_e_f_g_h_i.restored.jpg"),
        ("red\x1b[31m\nbell\x07\x9b.jpg", "000001-red_[31m_bell__.restored.jpg"),
        ("gpj.\u202eexe.jpg", "000001-gpj._exe.restored.jpg"),
        ("odd\udcff.jpg", "000001-odd\ufffd.restored.jpg"),
        ("é" * 125 + ".jpg", "000001-" + "é" * 117 + ".restored.jpg"),
        ("\U0001f600" * 62 + ".jpg", "000001-" + "\U0001f600" * 58 + ".restored.jpg"),
    ],
)
def test_names_are_those_of_the_originals_as_far_as_they_go(original: str, restored: str) -> None:
    assert file_name(1, f"/pictures/{original}", ".jpg") == restored


def test_an_original_without_a_name_leaves_the_id() -> None:
    assert file_name(1, "", ".png") == "000001.restored.png"


def test_originals_with_the_longest_names_are_restored(archive: Archive, tmp_path: Path) -> None:
    drawing = Path(archive[1].path).read_bytes()
    stems = ["a" * 250 + "b", "a" * 250 + "c", "é" * 125]
    for number, stem in enumerate(stems):
        (tmp_path / f"{stem}.jpg").write_bytes(drawing + bytes([number]))
    list(archive.ingest(tmp_path.glob("*.jpg")))
    restorations = list(archive.restore([13, 14, 15], tmp_path / "out", sampling=FEW_STEPS))
    files = {str(restored.file) for restored in restorations}
    assert len(files) == len(stems)
    assert sorted(map(str, (tmp_path / "out").iterdir())) == sorted(files)
