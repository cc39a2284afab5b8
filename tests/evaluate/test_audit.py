"""Rows are regenerated and scored: the scores are what they say, and nothing is sampled twice."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from archive.archive import Archive
from archive.errors import UsageError
from archive.evaluate.audit import Audited, summarize
from archive.filters.samples import SampleSize, parse_sample_size
from archive.models.sampling import Sampling
from archive.records import AUDITED, Damage, NewCodes, RestorationRecord
from archive.restore.reconstruct import seed_of
from archive.settings import Settings
from archive.store import schema
from archive.store.clock import utc_now
from tests.evaluate.conftest import IMAGES

FEW_STEPS = Sampling(steps=2)


def audit(archive: Archive, sample: str = "100%", sampling: Sampling = FEW_STEPS) -> list[Audited]:
    """A sample's outcomes, none of which is damage."""
    outcomes = list(archive.audit(sample, sampling=sampling))
    audited = [outcome for outcome in outcomes if isinstance(outcome, Audited)]
    assert len(audited) == len(outcomes)
    return audited


def cosine(vector: np.ndarray, other: np.ndarray) -> float:
    return float(vector @ other / np.linalg.norm(vector) / np.linalg.norm(other))


def small_map(pixels: np.ndarray) -> np.ndarray:
    """CoCliCo's map: 32 × 32, samples 0 … 1."""
    return np.asarray(Image.fromarray(pixels).resize((32, 32), Image.Resampling.BILINEAR)) / 255


def test_scores_are_those_of_the_upscaled_image_that_restore_gives(archive: Archive) -> None:
    scores = {row.id: row.scores for row in audit(archive)}
    assert sorted(scores) == list(range(1, IMAGES + 1))
    encoder = archive.encoder
    for row in archive:
        reconstructor = archive.reconstructor(FEW_STEPS)
        [reconstruction] = reconstructor.reconstruct([row], [seed_of(row.sha256)])
        width, height = reconstructor.frame(row)
        assert reconstruction.pixels.shape == (2 * height, 2 * width, 3)  # pocket's upscaler
        original = np.asarray(Image.open(row.path))
        restored_vector, original_vector = encoder.encode_images(
            [encoder.preprocess(pixels) for pixels in (reconstruction.pixels, original)]
        )
        vector_hat, _ = archive.decode(row)
        error = np.square(small_map(original) - small_map(reconstruction.pixels)).mean()
        expected = {
            "clip_similarity": cosine(vector_hat, restored_vector),
            "original_similarity": cosine(original_vector, restored_vector),
            "color_score": float(error),
            "original_color_score": float(error),
        }
        assert scores[row.id] == pytest.approx(expected, abs=2e-4)


def test_without_the_original_colors_are_compared_with_the_stored_map(
    archive: Archive, filled: Path
) -> None:
    (filled / "scenes").rename(filled / "away")
    try:
        scores = {row.id: row.scores for row in audit(archive, "2")}
    finally:
        (filled / "away").rename(filled / "scenes")
    assert len(scores) == 2
    for row in archive.rows(scores):
        reconstructor = archive.reconstructor(FEW_STEPS)
        [reconstruction] = reconstructor.reconstruct([row], [seed_of(row.sha256)])
        color_map = small_map(archive.decode(row)[1])
        error = float(np.square(color_map - small_map(reconstruction.pixels)).mean())
        assert scores[row.id]["color_score"] == pytest.approx(error, abs=2e-5)
        assert set(scores[row.id]) == {"clip_similarity", "color_score"}


def test_what_was_audited_in_the_same_way_is_not_sampled_again(archive: Archive) -> None:
    first = audit(archive, "2")
    assert [row.again for row in first] == [False, False]
    everything = audit(archive)
    assert [row.again for row in everything] == [True, True, False, False, False, False]
    assert [row.scores for row in everything[:2]] == [row.scores for row in first]
    assert [row.again for row in audit(archive, "1", replace(FEW_STEPS, guidance=1.0))] == [False]
    assert [row.again for row in audit(archive, "1")] == [True]  # both ways are remembered
    with archive._store.database.reading() as connection:
        count = connection.execute(select(func.count()).select_from(schema.Restoration)).scalar()
    assert count == IMAGES + 1


def test_the_same_codes_read_by_another_codec_are_audited_anew(archive: Archive) -> None:
    [audited] = audit(archive, "1")
    row = archive[audited.id]
    record = archive._store.codecs.add(archive._codecs.records[row.codec_id])
    same_codes = NewCodes(row, row.clip_code, row.color_code)
    archive._store.images.recode(record.id, [same_codes])
    with Archive(archive.settings) as reopened:
        assert [row.again for row in audit(reopened, "1")] == [False]


@pytest.mark.parametrize("damage", ["seed_index = 'x'", "sha256 = 7", "codec_id = 9", "width = 1"])
def test_a_row_whose_checksum_is_wrong_is_damage(archive: Archive, damage: str) -> None:
    with sqlite3.connect(Path(archive.settings.location) / "archive.db") as database:
        database.execute(f"UPDATE image SET {damage} WHERE id = 2")
    outcomes = list(archive.audit([1, 2], sampling=FEW_STEPS))
    assert {outcome.id: type(outcome) for outcome in outcomes} == {1: Audited, 2: Damage}


def test_no_file_is_kept_and_the_record_says_so(archive: Archive, tmp_path: Path) -> None:
    files = sorted(path.name for path in tmp_path.rglob("*"))
    [audited] = audit(archive, "1")
    [record] = archive._store.restorations.audits([audited.id])
    assert sorted(path.name for path in tmp_path.rglob("*")) == files
    assert (record.state, record.path, record.scores) == ("audited", "", audited.scores)
    assert record.decoder_sha256 == archive.decoder.weights_sha256


def test_a_time_limit_stops_after_the_current_batch_and_the_next_run_resumes(
    archive: Archive,
) -> None:
    ids = archive.sample("3")
    for finished in (1, 2):
        outcomes = archive.audit(ids, sampling=FEW_STEPS, time_limit=0.0)
        assert [outcome.id for outcome in outcomes] == ids[:finished]
    assert len(archive._store.restorations.audits(ids)) == 2


def test_a_damaged_row_is_reported_and_stops_nothing(archive: Archive, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "archive" / "archive.db") as database:
        database.execute("UPDATE image SET color_code = x'00' WHERE id = 2")
    outcomes = list(archive.audit([1, 2, 3], sampling=FEW_STEPS))
    assert {outcome.id: type(outcome) for outcome in outcomes} == {
        1: Audited,
        2: Damage,
        3: Audited,
    }


@pytest.mark.parametrize(
    ("text", "size"),
    [("1%", 1), ("50%", 3), ("51%", 4), ("100%", 6), ("1", 1), ("4", 4), ("500", 6)],
)
def test_a_sample_is_always_the_same_and_of_the_size_asked_for(
    archive: Archive, text: str, size: int
) -> None:
    by_digest = [row.id for row in sorted(archive, key=lambda row: row.sha256)]
    assert archive.sample(text) == by_digest[:size]


@pytest.mark.parametrize(
    ("text", "rows", "size"), [("1%", 1000, 10), ("0.5%", 1000, 5), ("7%", 100, 7), ("1%", 0, 0)]
)
def test_a_share_is_rounded_up(text: str, rows: int, size: int) -> None:
    assert parse_sample_size(text).of(rows) == size


@pytest.mark.parametrize("text", ["0%", "200%", "100.1%", "x", "", "0", "-1", "1.5", "%", "nan%"])
def test_an_invalid_sample_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="invalid sample"):
        parse_sample_size(text)


def test_a_count_is_never_more_than_there_are() -> None:
    assert SampleSize(count=7).of(3) == 3


def test_the_worst_come_first_by_their_latest_audit(
    settings: Settings, scenes: Path, tiny_pair: Path
) -> None:
    with Archive.create(settings, str(tiny_pair)) as archive:
        list(archive.ingest(scenes))
        for image_id, similarity in ((1, 0.9), (2, 0.2), (3, 0.5), (2, 0.7), (4, -0.1)):
            scores = {"clip_similarity": similarity, "color_score": 0.01}
            record = RestorationRecord(image_id, "", "", {}, 0, "", utc_now(), scores, AUDITED)
            archive._store.restorations.add(record)
        restored = replace(record, image_id=5, path="/restored.jpg", state="done")
        archive._store.restorations.add(restored)
        assert [row.id for row, _ in archive.worst(50)] == [4, 3, 2, 1]
        worst_scores = [scores["clip_similarity"] for _, scores in archive.worst(3)]
        assert worst_scores == [-0.1, 0.5, 0.7]


def test_the_worst_of_a_score_is_on_its_bad_side() -> None:
    rows = [
        Audited(place, "", {"clip_similarity": place / 10, "color_score": place / 100})
        for place in (1, 2, 6)
    ]
    summary = summarize([*rows, Audited(9, "", {"clip_similarity": 0.7})])
    similarity = summary["clip_similarity"]
    color = summary["color_score"]
    assert (similarity.rows, similarity.worst) == (4, 0.1)
    assert (color.rows, color.worst, color.median, color.mean) == (3, 0.06, 0.02, 0.03)
