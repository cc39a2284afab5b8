"""Rows become pictures again: in the original's shape, the same every time, and marked as what they are."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyexiv2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archive.archive import Archive
from archive.codecs import CodecConfig
from archive.codecs.coders.colormap import to_samples
from archive.errors import ModelMismatch, NotFound
from archive.imaging.provenance import SOURCE_TYPE
from archive.imaging.resize import resize, to_square
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.restore.color_projection import project_colors
from archive.restore.frames import AREA_BAND, frame_size, scaled_size
from archive.restore.reconstruct import seed_of
from archive.settings import Settings
from tests.support.pairs import save_tiny_decoder

FEW = Sampling(steps=3)


@pytest.fixture
def archive(tmp_path: Path, tiny_pair: Path, image_folder: Path) -> Iterator[Archive]:
    """Twelve rows of the tiny pair."""
    with Archive.create(Settings(str(tmp_path / "archive")), find_pair(str(tiny_pair))) as opened:
        list(opened.ingest([str(image_folder)]))
        yield opened


@pytest.mark.parametrize("file_format", ["jpg", "png", "webp"])
def test_every_picture_says_in_the_fields_own_terms_that_it_is_a_reconstruction(
    archive: Archive, tmp_path: Path, file_format: str
) -> None:
    [restored] = archive.restore([1], tmp_path / "out", sampling=FEW, file_format=file_format)
    [row] = archive._store.images.get([1])
    with pyexiv2.Image(restored.file) as written:  # Exiv2: not our code, nor Pillow's
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
    assert facts["parameters"] == asdict(FEW) | {"guidance": 12.0}
    assert (facts["codec"], facts["bits"]) == ("coclico", 16 + 192)
    if file_format == "png":
        assert "not the original" in Image.open(restored.file).info["Description"]


@pytest.mark.parametrize("file_format", ["jpg", "png", "webp"])
@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool (libimage-exiftool-perl) is not installed"
)
def test_exiftool_reads_where_a_picture_comes_from(
    archive: Archive, tmp_path: Path, file_format: str
) -> None:
    [restored] = archive.restore([1], tmp_path / "out", sampling=FEW, file_format=file_format)
    done = subprocess.run(
        ["exiftool", "-json", "-n", "-G1", restored.file], capture_output=True, check=True
    )
    [told] = json.loads(done.stdout)
    assert told["XMP-iptcExt:DigitalSourceType"] == SOURCE_TYPE
    assert "not the original" in told["XMP-dc:Description"]
    assert "not the original" in told["IFD0:ImageDescription"]
    assert json.loads(told["IFD0:ImageHistory"])["seed"] == restored.seed


def test_the_aspect_ratio_is_the_originals(archive: Archive, tmp_path: Path) -> None:
    for size in ((300, 300), (640, 200), (150, 600)):
        Image.effect_noise(size, 40).convert("RGB").save(tmp_path / f"{size[0]}.png")
    ids = [
        outcome.image_id
        for outcome in archive.ingest([str(tmp_path / f"{w}.png") for w in (300, 640, 150)])
    ]  # type: ignore[union-attr]
    for one, (width, height) in zip(
        archive.restore(ids, tmp_path / "out", sampling=FEW),
        ((300, 300), (640, 200), (150, 600)),
        strict=True,
    ):
        with Image.open(one.file) as picture:
            assert picture.size == (one.width, one.height)
            assert picture.width / picture.height == pytest.approx(width / height, rel=0.02)


def test_the_same_row_is_drawn_the_same_and_another_seed_differs(
    archive: Archive, tmp_path: Path
) -> None:
    def drawn_as(folder: str, **options: int) -> np.ndarray:
        [one] = archive.restore([2], tmp_path / folder, sampling=FEW, file_format="png", **options)
        return np.asarray(Image.open(one.file))

    first = drawn_as("a")
    assert np.array_equal(first, drawn_as("b"))
    assert not np.array_equal(first, drawn_as("c", seed=5))


def test_what_lies_there_already_is_not_drawn_again(archive: Archive, tmp_path: Path) -> None:
    def restore(**options: object) -> list[bool]:
        return [
            one.again
            for one in archive.restore([1, 2], tmp_path / "out", **({"sampling": FEW} | options))
        ]

    assert restore() == [False, False]
    assert restore() == [True, True]
    (tmp_path / "out").joinpath(
        sorted(path.name for path in (tmp_path / "out").iterdir())[0]
    ).unlink()
    assert sorted(restore()) == [False, True]
    assert restore(seed=3) == restore(sampling=replace(FEW, guidance=2.0)) == [False, False]
    list(archive.recode(CodecConfig("clip", bits_per_dim=2)))
    assert restore(sampling=replace(FEW, guidance=2.0)) == [False, False]


def test_the_best_of_several_is_the_one_that_fits_the_row(archive: Archive, tmp_path: Path) -> None:
    several = replace(FEW, candidates=4)
    [best] = archive.restore([2], tmp_path / "best", sampling=several, seed=10, file_format="png")
    assert best.seed in range(10, 14)
    scores = {}
    for seed in range(10, 14):
        [reconstruction] = archive.reconstructor(replace(FEW, candidates=1)).reconstruct(
            archive._store.images.get([2]), [seed]
        )
        [row] = archive._store.images.get([2])
        codec = archive.codec
        vectors_hat, colors_hat = codec.decode([row.clip_code], [row.color_code])
        [seen] = archive.encoder.encode_images([archive.encoder.preprocess(reconstruction.pixels)])
        mean, _ = archive.decoder.embedding_stats
        one = seen - mean
        other = vectors_hat[0] - mean
        similar = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
        scores[seed] = similar - 2 * np.mean(
            (to_square(reconstruction.pixels, 8) / 255 - colors_hat[0] / 255) ** 2
        )
    assert best.seed == max(scores, key=scores.__getitem__)
    assert set(best.scores) == {"clip_similarity", "color_score"}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([8.0, 32.0]))
def test_projected_colours_lie_in_the_cells_of_the_map(
    seed: int, quantization_error: float
) -> None:
    rng = np.random.default_rng(seed)
    wanted = to_square(
        rng.integers(40, 216, (4, 4, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1), 8
    )
    drawn = resize(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), 128, 96)

    def missed(pixels: np.ndarray) -> np.ndarray:
        error = np.abs(to_samples(to_square(pixels, 8)[None]) - to_samples(wanted[None]))
        return np.maximum(error - quantization_error, 0)

    projected = project_colors(drawn, wanted, quantization_error)
    assert missed(projected).mean() < 0.2 * missed(drawn).mean() + 1
    again = project_colors(projected, to_square(projected, 8), quantization_error)
    assert np.array_equal(again, projected)


def test_a_restoration_is_remembered(archive: Archive, tmp_path: Path) -> None:
    [one] = archive.restore([3], tmp_path / "out", sampling=FEW)
    from sqlalchemy import select

    from archive.store import schema

    with archive._store.database.reading() as connection:
        [kept] = connection.execute(select(schema.Restoration.__table__)).all()
    assert (kept.image_id, kept.seed, kept.state, kept.path) == (3, one.seed, "done", one.file)
    assert kept.decoder_sha256 == archive.decoder.weights_sha256


def test_an_unknown_row_is_refused_before_anything_is_drawn(
    archive: Archive, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="99"):
        list(archive.restore([1, 99], tmp_path / "out", sampling=FEW))
    assert not (tmp_path / "out").exists()


def test_drawing_with_another_decoder_than_before_is_refused_unless_asked_for(
    archive: Archive, tmp_path: Path, tiny_pair: Path
) -> None:
    import shutil

    import torch

    list(archive.restore([1], tmp_path / "out", sampling=FEW))
    shutil.copytree(tiny_pair / "encoder", tmp_path / "pair" / "encoder")
    torch.manual_seed(99)
    save_tiny_decoder(tmp_path / "pair" / "decoder")
    with (
        Archive(archive.settings, model=str(tmp_path / "pair")) as moved,
        pytest.raises(ModelMismatch, match="--any-weights"),
    ):
        list(moved.restore([1], tmp_path / "out", sampling=FEW))
    with Archive(archive.settings, model=str(tmp_path / "pair"), any_weights=True) as asked:
        assert len(list(asked.restore([1], tmp_path / "out", sampling=FEW))) == 1


def test_names_tell_the_row_the_original_and_what_the_file_is(
    archive: Archive, tmp_path: Path
) -> None:
    [one] = archive.restore([1], tmp_path / "out", sampling=FEW)
    [row] = archive._store.images.get([1])
    assert Path(one.file).name == f"000001-{Path(row.path).stem}.restored.jpg"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [Path(one.file).name]


def test_a_restoration_is_not_taken_for_an_original(archive: Archive, tmp_path: Path) -> None:
    for file_format in ("jpg", "png", "webp"):
        list(archive.restore([1], tmp_path / "out", sampling=FEW, file_format=file_format))
    outcomes = list(archive.ingest([str(tmp_path / "out")]))
    assert {getattr(outcome, "reason", None) for outcome in outcomes} == {"restoration"}


@given(st.floats(0.1, 10), st.sampled_from([(128 * 128, 32), (768 * 768, 64), (16 * 16, 4)]))
def test_frames_fit_the_decoder_and_the_picture(aspect: float, native: tuple[int, int]) -> None:
    pixels, multiple = native
    width, height = frame_size(aspect, pixels, multiple)
    assert width % multiple == height % multiple == 0
    assert AREA_BAND[0] <= width * height / pixels <= AREA_BAND[1]
    wanted = min(max(aspect, 0.25), 4)
    assert 0.7 < width / height / wanted < 1.45


def test_common_frames() -> None:
    assert frame_size(1, 768 * 768, 64) == (768, 768)
    assert frame_size(3 / 2, 768 * 768, 64) == (960, 640)
    assert frame_size(4 / 3, 128 * 128, 32) == (128, 96)


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_pictures_are_never_larger_than_the_original(width: int, height: int) -> None:
    out = scaled_size(width, height, 65536)
    assert out[0] <= width
    assert out[1] <= height
    assert min(out) >= 1
