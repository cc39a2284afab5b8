"""A row remembers which of several images is most like its original, in as few bits as it takes."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.arrays import cosine
from archive.codecs import CodecConfig
from archive.errors import ColdframeError
from archive.imaging.resize import to_square
from archive.models.pairs import Pair, find_pair
from archive.models.sampling import Sampling
from archive.records import Row
from archive.restore.reconstruct import COLOR_WEIGHT, seed_of
from archive.settings import Settings

FEW_STEPS = Sampling(steps=2)


@pytest.fixture(scope="module")
def album(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half the image folder; a test that moves a file moves it back."""
    return Path(shutil.copytree(image_folder / "inner", tmp_path_factory.mktemp("album") / "album"))


@pytest.fixture(scope="module")
def pair(tiny_pair: Path) -> Pair:
    """The tiny pair with a few steps."""
    return replace(find_pair(str(tiny_pair)), sampling=FEW_STEPS)


@pytest.fixture(scope="module")
def filled(original: Settings, pair: Pair, album: Path) -> None:
    """An archive of the album on each database, which tests copy. No codec must be fitted."""
    with Archive.create(original, pair, codec="coclico") as opened:
        list(opened.ingest([str(album)]))


@pytest.fixture
def archive(filled: None, copy: Settings, pair: Pair) -> Iterator[Archive]:
    """A row for each picture of the album."""
    with Archive(copy) as opened:
        opened._models.pair = pair
        yield opened


def fit(archive: Archive, row: Row, candidate: int) -> float:
    """How well a candidate fits the original file."""
    reconstructor = archive.reconstructor(FEW_STEPS)
    [reconstruction] = reconstructor.reconstruct([row], [seed_of(row.sha256) + candidate])
    image = reconstruction.pixels
    original = np.asarray(Image.open(row.path).convert("RGB"))
    original_vector, image_vector = archive.encoder.encode_images(
        [archive.encoder.preprocess(pixels) for pixels in (original, image)]
    )
    center = archive.decoder.embedding_stats[0]  # type: ignore[index]
    difference = to_square(original, 32) / 255.0 - to_square(image, 32) / 255.0
    [similarity] = cosine((original_vector - center)[None], (image_vector - center)[None])
    return float(similarity - COLOR_WEIGHT * np.square(difference).mean())


def test_the_candidate_most_like_the_original_is_restored(archive: Archive, tmp_path: Path) -> None:
    chosen = {choice.id: choice.candidate for choice in archive.choose_seeds(4)}
    assert len(chosen) == 6
    for row in list(archive)[:4]:
        fits = [fit(archive, row, candidate) for candidate in range(4)]
        assert chosen[row.id] == row.candidate == int(np.argmax(fits))
        [restored] = archive.restore([row.id], tmp_path / "out", sampling=FEW_STEPS)
        assert restored.seed == seed_of(row.sha256) + row.candidate
    assert len(set(chosen.values())) > 1


def test_a_choice_costs_its_bits_and_they_are_counted(archive: Archive) -> None:
    before = archive.stats()
    list(archive.choose_seeds(8))
    after = archive.stats()
    assert (before.choice_bits_per_image, after.choice_bits_per_image) == (0, 3)
    assert after.bpp > before.bpp
    row = next(iter(archive))
    assert row.bits == 8 * (len(row.clip_code) + len(row.color_code)) + 3


def test_an_interrupted_run_resumes_and_originals_that_cannot_be_seen_wait(
    archive: Archive, album: Path
) -> None:
    stopped = archive.choose_seeds(2)
    first = next(stopped)
    assert isinstance(stopped, Generator)
    stopped.close()
    hidden = next(row for row in archive if row.id != first.id)
    Path(hidden.path).rename(album / "away")
    assert {choice.id for choice in archive.choose_seeds(2) if choice.candidate is None} == {
        hidden.id
    }
    (album / "away").rename(hidden.path)
    assert [choice.id for choice in archive.choose_seeds(2)] == [hidden.id]
    assert list(archive.choose_seeds(2)) == []


def test_new_codes_forget_the_choice(archive: Archive) -> None:
    list(archive.choose_seeds(2))
    list(archive.recode(CodecConfig("clip", bits_per_dim=2)))
    assert {row.seed_index for row in archive} == {None}


def test_rows_that_wait_for_their_codec_get_a_seed_afterwards(
    tmp_path: Path, pair: Pair, album: Path
) -> None:
    with Archive.create(tmp_path / "archive", pair) as archive:
        list(archive.ingest(album))
        assert (archive.waiting(), archive.unseeded()) == (6, 0)
        assert list(archive.choose_seeds(2)) == []
        list(archive.recode("coclico"))
        assert (archive.waiting(), archive.unseeded()) == (0, 6)
        assert len(list(archive.choose_seeds(2))) == 6


def test_candidates_at_restore_are_compared_anew(archive: Archive, tmp_path: Path) -> None:
    list(archive.choose_seeds(2))
    row = next(row for row in archive if row.candidate)
    [restored] = archive.restore(
        [row.id], tmp_path / "out", sampling=replace(FEW_STEPS, candidates=4)
    )
    assert restored.seed - seed_of(row.sha256) in range(4)
    assert restored.scores


def test_init_brings_an_archive_from_before_seed_choice_up_to_date(archive: Archive) -> None:
    from alembic import command

    from archive.store.database import alembic_config

    before = list(archive)
    with archive._store.database.writing() as connection:
        command.downgrade(alembic_config(connection), "0001")
    with pytest.raises(ColdframeError, match="run `coldframe init`"):
        Archive(archive.settings)
    with Archive.create(archive.settings, archive._models.pair) as again:
        assert list(again) == before
