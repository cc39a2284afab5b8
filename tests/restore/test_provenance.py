"""Restored files say what they are, to programs that are not ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pyexiv2
import pytest
from PIL import Image

from archive.archive import Archive
from archive.imaging.provenance import SOURCE_TYPE
from archive.ingest.outcomes import Skipped
from archive.models.sampling import Sampling
from archive.restore.reconstruct import seed_of

FEW_STEPS = Sampling(steps=3)
every_format = pytest.mark.parametrize("file_format", ["jpg", "png", "webp"])


@every_format
def test_every_file_says_that_it_is_a_reconstruction(
    archive: Archive, tmp_path: Path, file_format: str
) -> None:
    [restored] = archive.restore(1, tmp_path / "out", sampling=FEW_STEPS, file_format=file_format)
    row = archive[1]
    with pyexiv2.Image(restored.file) as written:  # Exiv2: neither our code nor Pillow's
        xmp = written.read_xmp()
        exif = written.read_exif()
    assert xmp["Xmp.iptcExt.DigitalSourceType"] == SOURCE_TYPE
    assert "not the original" in xmp["Xmp.dc.description"]['lang="x-default"']
    assert "not the original" in exif["Exif.Image.ImageDescription"]
    assert exif["Exif.Image.Software"].startswith("coldframe ")
    facts = json.loads(exif["Exif.Image.ImageHistory"])
    assert facts["row_id"] == 1
    assert facts["original_sha256"] == row.sha256.hex()
    assert facts["seed"] == restored.seed == seed_of(row.sha256)
    assert facts["decoder_sha256"] == archive.decoder.weights_sha256
    assert facts["parameters"] == asdict(FEW_STEPS) | {"guidance": 12.0}
    assert (facts["codec"], facts["bits"]) == ("float16", 16 * 16 + 8 * 96)
    if file_format == "png":
        assert "not the original" in Image.open(str(restored.file)).info["Description"]


@every_format
def test_no_file_names_a_folder_of_this_machine(
    archive: Archive, tmp_path: Path, tiny_pair: Path, file_format: str
) -> None:
    [restored] = archive.restore(1, tmp_path / "out", sampling=FEW_STEPS, file_format=file_format)
    content = Path(str(restored.file)).read_bytes()
    assert tiny_pair.name.encode() in content
    for folder in (tiny_pair, tmp_path):
        assert str(folder).encode() not in content


@every_format
@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool (libimage-exiftool-perl) is not installed"
)
def test_exiftool_reads_where_a_file_comes_from(
    archive: Archive, tmp_path: Path, file_format: str
) -> None:
    [restored] = archive.restore(1, tmp_path / "out", sampling=FEW_STEPS, file_format=file_format)
    command = ["exiftool", "-json", "-n", "-G1", str(restored.file)]
    done = subprocess.run(command, capture_output=True, check=True)
    [tags] = json.loads(done.stdout)
    assert tags["XMP-iptcExt:DigitalSourceType"] == SOURCE_TYPE
    assert "not the original" in tags["XMP-dc:Description"]
    assert "not the original" in tags["IFD0:ImageDescription"]
    assert json.loads(tags["IFD0:ImageHistory"])["seed"] == restored.seed


def test_a_restoration_is_not_taken_for_an_original(archive: Archive, tmp_path: Path) -> None:
    for file_format in ("jpg", "png", "webp"):
        list(archive.restore(1, tmp_path / "out", sampling=FEW_STEPS, file_format=file_format))
    outcomes = list(archive.ingest(tmp_path / "out"))
    assert len(outcomes) == 3
    assert all(isinstance(outcome, Skipped) for outcome in outcomes)
    assert {getattr(outcome, "reason", None) for outcome in outcomes} == {"restoration"}
