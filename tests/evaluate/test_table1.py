"""The table of the CoCliCo paper: each of its rows is what can be had in another way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.arrays import Pixels
from archive.errors import UsageError
from archive.evaluate.baselines import Comparison
from archive.evaluate.iqa import ImageQuality
from archive.evaluate.table1 import open_clip_metric
from archive.imaging.contact_sheet import GAP, TILE
from archive.imaging.encode import recompress
from archive.imaging.vvc import vvc_ffmpeg
from archive.metrics import psnr
from archive.models.pairs import PAIRS, POCKET_FOLDER
from archive.models.sampling import Sampling
from archive.restore.reconstruct import map_score
from training.scenes import draw_scene

VVC = ["vvc"] if vvc_ffmpeg() else []
METHODS = ["input", "jpeg", "webp", "avif", *VVC, "coclico", "coldframe"]
SIZES = ((240, 160), (160, 200))  # pixels of the originals


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two drawings."""
    folder = tmp_path_factory.mktemp("drawings")
    for seed, size in enumerate(SIZES):
        Image.fromarray(draw_scene(seed, size=size).pixels).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def archive(drawings: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Their rows in the codec that ships with the pair."""
    place = tmp_path_factory.mktemp("archive") / "archive"
    with Archive.create(place, "pocket", codec="klt") as opened:
        list(opened.ingest(drawings))
        yield opened


@pytest.fixture(scope="module")
def table(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    comparison = archive.table1(tmp_path_factory.mktemp("out"))
    assert len(list(comparison.run())) == 2
    return comparison


def originals(archive: Archive) -> list[Pixels]:
    """Of all rows, at the size that methods are compared at."""
    images = []
    for row in archive:
        width, height = archive.reconstructor().frame(row)
        size = (2 * width, 2 * height)  # of the upscaled reconstruction
        image = Image.open(row.path).resize(size, Image.Resampling.LANCZOS)
        images.append(np.asarray(image))
    return images


def test_the_rows_are_those_of_the_paper_and_the_input_costs_what_the_files_do(
    table: Comparison, drawings: Path
) -> None:
    assert list(table.means) == METHODS
    files = [8 * (drawings / f"{seed}.png").stat().st_size for seed in range(2)]
    scores = table.means["input"]
    assert scores.bits == sum(files) / 2
    bpp = [bits / (width * height) for bits, (width, height) in zip(files, SIZES, strict=True)]
    assert scores.bpp == pytest.approx(sum(bpp) / 2)
    assert scores.clip_distance == pytest.approx(0, abs=1e-6)
    assert (scores.color_score, scores.psnr) == (0, 100)


def test_plain_coclico_is_an_archive_of_that_codec_restored_as_in_the_paper(
    table: Comparison, archive: Archive, drawings: Path, tmp_path: Path
) -> None:
    paper = Sampling(guidance=12, noise_level=0, clip_guidance=0, project_colors=False)
    with Archive.create(tmp_path / "archive", "pocket", codec="coclico") as plain:
        list(plain.ingest(drawings))
        rows = list(plain)
        assert [row.sha256 for row in rows] == [row.sha256 for row in archive]
        reconstructor = plain.reconstructor(paper)
        restored = [
            reconstructor.reconstruct([row], [reconstructor.seed(row)])[0].pixels for row in rows
        ]
    pairs = list(zip(originals(archive), restored, strict=True))
    mean = table.means["coclico"]
    assert mean.bits == np.mean([row.bits for row in rows])
    assert mean.psnr == pytest.approx(np.mean([psnr(a, b) for a, b in pairs]), abs=1e-6)
    assert mean.color_score == pytest.approx(np.mean([map_score(a, b) for a, b in pairs]))


def test_rows_and_formats_are_those_of_bench_restore(
    table: Comparison, archive: Archive, tmp_path: Path
) -> None:
    comparison = archive.compare(tmp_path)
    list(comparison.run())
    for method in ("jpeg", "webp", "avif", "coldframe"):
        scores = table.means[method]
        assert replace(scores, clip_similarity=0) == replace(
            comparison.means[method], clip_similarity=0
        )
        similarity = comparison.means[method].clip_similarity
        assert scores.clip_distance == pytest.approx(1 - similarity, abs=1e-6)


def test_a_row_costs_less_than_plain_coclico_and_that_less_than_vvc(table: Comparison) -> None:
    bits = [table.means[method].bits for method in ("coldframe", "coclico", *VVC, "jpeg")]
    assert bits == sorted(bits)
    assert len(set(bits)) == len(bits)


def test_the_sheet_shows_the_input_once(table: Comparison) -> None:
    with Image.open(table.sheet) as sheet:
        assert sheet.width == GAP + len(METHODS) * (TILE + GAP)


def test_another_encoder_measures_the_distance_if_it_is_named(
    archive: Archive, tiny_pair: Path, tmp_path: Path
) -> None:
    metric = open_clip_metric(str(tiny_pair))
    assert metric.label == tiny_pair.name
    comparison = archive.table1(tmp_path, metric=metric)
    list(comparison.run())
    distances = []
    for original in originals(archive):
        _, decoded = recompress(original, "jpeg", 1)
        images = [metric.encoder.preprocess(pixels) for pixels in (original, decoded)]
        vectors = metric.encoder.encode_images(images)
        cosine = vectors[0] @ vectors[1] / np.prod(np.linalg.norm(vectors, axis=1))
        distances.append(1 - cosine)
    assert comparison.means["jpeg"].clip_distance == pytest.approx(np.mean(distances), abs=1e-5)


def test_an_encoder_is_not_its_own_judge_wherever_it_is(archive: Archive, tmp_path: Path) -> None:
    folder = shutil.copytree(POCKET_FOLDER, tmp_path / "copy")
    for name in ("pocket", str(folder)):
        with pytest.raises(UsageError, match="the encoder that made the rows"):
            archive.table1(tmp_path, metric=open_clip_metric(name))


def test_measures_without_a_reference_are_columns(archive: Archive, tmp_path: Path) -> None:
    brightness = ImageQuality({"musiq": lambda image: image.mean()})  # 0 … 1
    comparison = archive.table1(tmp_path, iqa=brightness)
    list(comparison.run())
    means = comparison.means
    assert all(means[method].iqa.keys() == {"musiq"} for method in METHODS)
    expected = np.mean([pixels.mean() / 255 for pixels in originals(archive)])
    assert means["input"].iqa["musiq"] == pytest.approx(expected, abs=1e-4)


def test_images_are_told_apart_where_a_device_samples_several_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(PAIRS["pocket"].sampling, steps=2, clip_guidance=0)
    monkeypatch.setitem(PAIRS, "pocket", replace(PAIRS["pocket"], sampling=few))
    for seed in range(3):
        Image.fromarray(draw_scene(seed, size=(160, 160)).pixels).save(tmp_path / f"{seed}.png")
    with Archive.create(tmp_path / "archive", "pocket", codec="klt") as archive:
        list(archive.ingest(tmp_path))
        alone = list(archive.table1(tmp_path).run())
        monkeypatch.setattr(archive.decoder, "batch_size", 2)
        together = list(archive.table1(tmp_path).run())
    for first, second in zip(alone, together, strict=True):
        assert first.row == second.row
        for method in METHODS:
            expected = pytest.approx(first.scores[method].psnr, abs=0.05)
            assert second.scores[method].psnr == expected, method


def test_an_empty_archive_has_nothing_to_compare(pocket_archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        pocket_archive.table1(tmp_path)
