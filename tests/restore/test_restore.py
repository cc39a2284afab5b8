"""Rows become images again: in the original's shape, and the same every time."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sqlalchemy import select

from archive.archive import Archive
from archive.arrays import cosine
from archive.codecs import CodecConfig
from archive.errors import ModelMismatch, NotFound, UsageError
from archive.imaging.resize import to_square
from archive.ingest.outcomes import Archived
from archive.models.sampling import Sampling
from archive.store import schema
from tests.support.pairs import save_tiny_decoder

FEW_STEPS = Sampling(steps=3)


def test_the_aspect_ratio_is_the_originals(archive: Archive, tmp_path: Path) -> None:
    sizes = ((300, 300), (640, 200), (150, 600))
    paths = [tmp_path / f"{width}.png" for width, _ in sizes]
    for path, size in zip(paths, sizes, strict=True):
        Image.effect_noise(size, 40).convert("RGB").save(path)
    outcomes = archive.ingest(paths)
    ids = [outcome.image_id for outcome in outcomes if isinstance(outcome, Archived)]
    restorations = archive.restore(ids, tmp_path / "out", sampling=FEW_STEPS)
    for restored, (width, height) in zip(restorations, sizes, strict=True):
        image = restored.image
        assert image.size == (restored.width, restored.height)
        assert image.width / image.height == pytest.approx(width / height, rel=0.02)


def test_the_same_row_gives_the_same_pixels_and_another_seed_others(archive: Archive) -> None:
    def pixels(seed: int | None = None) -> np.ndarray:
        [restored] = archive.restore(2, sampling=FEW_STEPS, seed=seed)
        return np.asarray(restored.image)

    assert np.array_equal(pixels(), pixels())
    assert not np.array_equal(pixels(), pixels(seed=5))


def test_what_already_exists_is_not_sampled_again(archive: Archive, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def again(sampling: Sampling = FEW_STEPS, seed: int | None = None) -> list[bool]:
        restorations = archive.restore([1, 2], out, sampling=sampling, seed=seed)
        return [restored.again for restored in restorations]

    guided = replace(FEW_STEPS, guidance=2.0)
    assert again() == [False, False]
    assert again() == [True, True]
    min(out.iterdir()).unlink()
    assert sorted(again()) == [False, True]
    assert again(seed=3) == [False, False]
    assert again(guided) == [False, False]
    list(archive.recode(CodecConfig("clip", bits_per_dim=2)))
    assert again(guided) == [False, False]


def test_the_best_candidate_is_the_one_that_fits_the_row(archive: Archive) -> None:
    row = archive[2]
    [best] = archive.restore(2, sampling=replace(FEW_STEPS, candidates=4), seed=10)
    vector_hat, colors_hat = archive.decode(row)
    mean, _ = archive.decoder.embedding_stats  # type: ignore[misc]
    scores = {}
    for seed in range(10, 14):
        [reconstruction] = archive.reconstructor(FEW_STEPS).reconstruct([row], [seed])
        vectors = archive.encoder.encode_images([archive.encoder.preprocess(reconstruction.pixels)])
        [similarity] = cosine(vectors - mean, (vector_hat - mean)[None])
        difference = to_square(reconstruction.pixels, 8) / 255 - colors_hat / 255
        scores[seed] = float(similarity - 2 * np.square(difference).mean())
    assert best.seed == max(scores, key=scores.__getitem__)
    assert set(best.scores) == {"clip_similarity", "color_score"}


def test_a_restoration_is_recorded(archive: Archive, tmp_path: Path, tiny_pair: Path) -> None:
    [restored] = archive.restore(3, tmp_path / "out", sampling=FEW_STEPS)
    with archive._store.database.reading() as connection:
        [record] = connection.execute(select(schema.Restoration.__table__)).all()
    assert (record.image_id, record.seed, record.state) == (3, restored.seed, "done")
    assert record.path == restored.file
    assert record.decoder == tiny_pair.name
    assert record.decoder_sha256 == archive.decoder.weights_sha256


def test_a_restoration_to_memory_is_not_recorded(archive: Archive) -> None:
    list(archive.restore(3, sampling=FEW_STEPS))
    with archive._store.database.reading() as connection:
        assert connection.execute(select(schema.Restoration.__table__)).all() == []


def test_an_unknown_row_is_refused_before_anything_is_sampled(
    archive: Archive, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="99"):
        list(archive.restore([1, 99], tmp_path / "out", sampling=FEW_STEPS))
    assert not (tmp_path / "out").exists()


def test_an_unknown_file_format_is_refused(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="bmp"):
        list(archive.restore(1, tmp_path / "out", sampling=FEW_STEPS, file_format="bmp"))


def test_another_decoder_than_before_is_refused_unless_insisted_on(
    archive: Archive, tmp_path: Path, tiny_pair: Path
) -> None:
    list(archive.restore(1, tmp_path / "out", sampling=FEW_STEPS))
    pair = tmp_path / "pair"
    shutil.copytree(tiny_pair / "encoder", pair / "encoder")
    torch.manual_seed(99)
    save_tiny_decoder(pair / "decoder")
    with (
        Archive(archive.settings, model=str(pair)) as moved,
        pytest.raises(ModelMismatch, match="--any-weights"),
    ):
        list(moved.restore(1, tmp_path / "out", sampling=FEW_STEPS))
    with Archive(archive.settings, model=str(pair), any_weights=True) as insisted:
        assert len(list(insisted.restore(1, tmp_path / "out", sampling=FEW_STEPS))) == 1


def test_names_tell_the_row_the_original_and_what_the_file_is(
    archive: Archive, tmp_path: Path
) -> None:
    [restored] = archive.restore(1, tmp_path / "out", sampling=FEW_STEPS)
    name = f"000001-{Path(archive[1].path).stem}.restored.jpg"
    assert Path(str(restored.file)).name == name
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
