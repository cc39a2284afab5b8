"""Rows are drawn again and scored: the scores are what they say, nothing is drawn twice, and the worst can be found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from archive.archive import Archive
from archive.errors import UsageError
from archive.evaluate.audit import Audit, Audited, spreads
from archive.filters import SampleSize, parse_sample_size
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.records import AUDITED, Damage, NewCodes, RestorationRecord
from archive.restore.reconstruct import seed_of
from archive.settings import Settings
from archive.store import schema
from archive.store.clock import utc_now
from tests.support.shell import Shell
from training.scenes import draw_scene

FEW = Sampling(steps=2)
ALL = SampleSize(share=1.0)
PICTURES = 6


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six drawn pictures in two shapes."""
    folder = tmp_path_factory.mktemp("scenes")
    for seed in range(PICTURES):
        Image.fromarray(draw_scene(seed, size=((240, 160), (160, 200))[seed % 2]).pixels).save(
            folder / f"{seed}.png"
        )
    return folder


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> Path:
    """An archive of the pocket pair with their rows, which tests copy; the pictures lie beside it."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(scenes, folder / "scenes")
    with Archive.create(Settings(str(folder / "archive")), find_pair("pocket")) as archive:
        list(archive.ingest([str(folder / "scenes")]))
    return folder


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(filled / "archive", tmp_path / "archive")
    with Archive(Settings(str(tmp_path / "archive"))) as opened:
        yield opened


@pytest.fixture
def shell(archive: Archive, tmp_path: Path) -> Shell:
    return Shell(archive.settings.location, tmp_path)


def audited(
    archive: Archive, parse_sample_size: SampleSize = ALL, sampling: Sampling = FEW
) -> list[Audited]:
    """All of a sample's rows, none of which is damaged."""
    audit = Audit(archive, sampling)
    found = list(audit.run(audit.sample(parse_sample_size)))
    assert all(isinstance(one, Audited) for one in found)
    return [one for one in found if isinstance(one, Audited)]


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def small(pixels: np.ndarray) -> np.ndarray:
    """CoCliCo's map: 32 × 32, values 0 … 1."""
    return np.asarray(Image.fromarray(pixels).resize((32, 32), Image.Resampling.BILINEAR)) / 255


def test_scores_are_those_of_the_picture_the_row_gives_back(archive: Archive) -> None:
    scores = {one.id: one.scores for one in audited(archive)}
    assert sorted(scores) == list(range(1, PICTURES + 1))
    for row in archive.rows():
        [drawn] = [
            one.pixels
            for one in archive.reconstructor(FEW).reconstruct([row], [seed_of(row.sha256)])
        ]
        original = np.asarray(Image.open(row.path))
        seen, true = archive.encoder.encode_images(
            [archive.encoder.preprocess(one) for one in (drawn, original)]
        )
        vectors_hat, _ = archive.codec.decode([row.clip_code], [row.color_code])
        assert scores[row.id]["clip_similarity"] == pytest.approx(
            cosine(vectors_hat[0], seen), abs=2e-4
        )
        assert scores[row.id]["original_similarity"] == pytest.approx(cosine(true, seen), abs=2e-4)
        error = float(((small(original) - small(drawn)) ** 2).mean())
        assert scores[row.id]["color_score"] == scores[row.id]["original_color_score"]
        assert scores[row.id]["color_score"] == pytest.approx(error, abs=2e-5)


def test_without_the_original_the_colours_are_held_to_the_stored_map(
    archive: Archive, filled: Path
) -> None:
    (filled / "scenes").rename(filled / "away")
    try:
        scores = {one.id: one.scores for one in audited(archive, SampleSize(count=2))}
    finally:
        (filled / "away").rename(filled / "scenes")
    assert len(scores) == 2
    for row in archive.store.images.get(list(scores)):
        [reconstructions] = archive.reconstructor(FEW).reconstruct([row], [seed_of(row.sha256)])
        _, colors_hat = archive.codec.decode([row.clip_code], [row.color_code])
        error = float(((small(colors_hat[0]) - small(reconstructions.pixels)) ** 2).mean())
        assert scores[row.id]["color_score"] == pytest.approx(error, abs=2e-5)
        assert set(scores[row.id]) == {"clip_similarity", "color_score"}


def test_what_was_audited_in_this_way_is_passed_over(archive: Archive) -> None:
    def again(**options: object) -> list[bool]:
        return [one.again for one in audited(archive, **options)]  # type: ignore[arg-type]

    first = audited(archive, SampleSize(count=2))
    assert [one.again for one in first] == [False, False]
    assert again() == [True, True, False, False, False, False]
    assert [one.scores for one in audited(archive)][:2] == [one.scores for one in first]
    assert again(parse_sample_size=SampleSize(count=1), sampling=replace(FEW, guidance=1.0)) == [
        False
    ]
    assert again(parse_sample_size=SampleSize(count=1)) == [True]  # both ways are remembered
    with archive.store.database.reading() as connection:
        assert (
            connection.execute(select(func.count()).select_from(schema.Restoration)).scalar()
            == PICTURES + 1
        )


def test_the_same_codes_read_by_another_codec_are_audited_anew(archive: Archive) -> None:
    [one] = audited(archive, SampleSize(count=1))
    [row] = archive.store.images.get([one.id])
    record = archive.store.codecs.add(archive.records[row.codec_id])
    archive.store.images.recode(
        record.id, [NewCodes(row.id, row.codec_id, row.clip_code, row.color_code)]
    )
    with Archive(archive.settings) as reopened:
        assert [one.again for one in audited(reopened, SampleSize(count=1))] == [False]


def test_no_file_is_kept_and_the_row_in_the_table_says_so(archive: Archive, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))
    [one] = audited(archive, SampleSize(count=1))
    [kept] = archive.store.restorations.audits([one.id])
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert (kept.state, kept.path, kept.scores) == ("audited", "", one.scores)
    assert kept.decoder_sha256 == archive.decoder.weights_sha256


def test_a_time_limit_stops_after_what_is_being_drawn_and_the_next_run_goes_on(
    archive: Archive,
) -> None:
    audit = Audit(archive, FEW)
    ids = audit.sample(SampleSize(count=3))
    assert [one.id for one in audit.run(ids, seconds=0.0)] == ids[:1]  # type: ignore[union-attr]
    assert [one.id for one in audit.run(ids, seconds=0.0)] == ids[:2]  # type: ignore[union-attr]
    assert len(archive.store.restorations.audits(ids)) == 2


def test_a_damaged_row_is_told_and_stops_nothing(archive: Archive, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "archive" / "archive.db") as database:
        database.execute("UPDATE image SET color_code = x'00' WHERE id = 2")
    audit = Audit(archive, FEW)
    found = list(audit.run([1, 2, 3]))
    assert [(type(one), one.id) for one in found] == [(Damage, 2), (Audited, 1), (Audited, 3)]


def test_a_sample_is_the_same_every_time_and_of_the_size_asked_for(archive: Archive) -> None:
    audit = Audit(archive)
    rows = list(archive.rows())
    by_digest = [row.id for row in sorted(rows, key=lambda row: row.sha256)]
    for told, size in (
        ("1%", 1),
        ("50%", 3),
        ("51%", 4),
        ("100%", 6),
        ("1", 1),
        ("4", 4),
        ("500", 6),
    ):
        assert audit.sample(parse_sample_size(told)) == by_digest[:size], told


@pytest.mark.parametrize(
    ("told", "rows", "taken"), [("1%", 1000, 10), ("0.5%", 1000, 5), ("7%", 100, 7), ("1%", 0, 0)]
)
def test_a_share_is_rounded_up(told: str, rows: int, taken: int) -> None:
    assert parse_sample_size(told).of(rows) == taken


@pytest.mark.parametrize("told", ["0%", "200%", "100.1%", "x", "", "0", "-1", "1.5", "%", "nan%"])
def test_what_is_no_sample_is_refused(told: str) -> None:
    with pytest.raises(UsageError, match="is no sample"):
        parse_sample_size(told)


def test_the_worst_come_first_by_their_latest_audit(
    settings: Settings, scenes: Path, tiny_pair: Path
) -> None:
    with Archive.create(settings, find_pair(str(tiny_pair))) as archive:
        list(archive.ingest([str(scenes)]))
        for image_id, similarity in ((1, 0.9), (2, 0.2), (3, 0.5), (2, 0.7), (4, -0.1)):
            scores = {"clip_similarity": similarity, "color_score": 0.01}
            record = RestorationRecord(image_id, "", "", {}, 0, "", utc_now(), scores, AUDITED)
            archive.store.restorations.add(record)
        archive.store.restorations.add(replace(record, image_id=5, path="/there", state="done"))
        assert [one.image_id for one in archive.store.restorations.worst_audits(50)] == [4, 3, 2, 1]
        similar = [
            (one.scores or {})["clip_similarity"]
            for one in archive.store.restorations.worst_audits(3)
        ]
        assert similar == [-0.1, 0.5, 0.7]


def test_the_worst_of_a_score_is_on_its_bad_side() -> None:
    rows = [
        Audited(at, "", {"clip_similarity": at / 10, "color_score": at / 100}) for at in (1, 2, 6)
    ]
    told = spreads([*rows, Audited(9, "", {"clip_similarity": 0.7})])
    assert (told["clip_similarity"].rows, told["clip_similarity"].worst) == (4, 0.1)
    assert (told["color_score"].rows, told["color_score"].worst) == (3, 0.06)
    assert (told["color_score"].median, told["color_score"].mean) == (0.02, 0.03)


def test_audit_and_ls_tell_the_same_to_programs_and_people(shell: Shell) -> None:
    *lines, summary = shell.json("audit", "--sample", "2")
    assert [line["message_type"] for line in lines] == ["audited"] * 2
    similar = sorted((line["clip_similarity"], line["id"]) for line in lines)
    assert {
        "message_type": "summary",
        "audited": 2,
        "again": 0,
        "damages": 0,
        "left": 0,
    }.items() <= summary.items()
    spread = summary["scores"]["clip_similarity"]
    assert (spread["rows"], spread["worst"]) == (2, similar[0][0])
    assert spread["mean"] == pytest.approx(sum(one for one, _ in similar) / 2, abs=1e-5)
    worst = shell.json("ls", "--worst", "50")
    assert [(row["clip_similarity"], row["id"]) for row in worst] == similar
    assert worst[0]["color_score"] == next(
        line["color_score"] for line in lines if line["id"] == worst[0]["id"]
    )
    told = shell("ls", "--worst", "1")
    assert f"clip similarity {similar[0][0]:.4f}" in told
    assert told.count("\n") == 1
    told = shell("audit", "--sample", "3", "--time-limit", "10m")
    assert "audited 1 row in" in told
    assert ", 2 known from before" in told
    assert f"{similar[0][0]:.4f}" in told


def test_a_time_limit_that_leaves_rows_over_has_its_own_exit_code(shell: Shell) -> None:
    told = shell("audit", "--sample", "100%", "--time-limit", "0.001s", code=101)
    assert "audited 1 row in" in told
    assert "5 rows left" in told


def test_damaged_codes_have_the_exit_code_of_what_was_skipped(
    shell: Shell, archive: Archive, tmp_path: Path
) -> None:
    [first] = archive.store.images.sample(1)
    with sqlite3.connect(tmp_path / "archive" / "archive.db") as database:
        database.execute("UPDATE image SET clip_code = x'00' WHERE id = ?", [first])
    assert f"row {first}: " in shell("audit", "--sample", "1", code=3)


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "--sample", "0%"),
        ("audit", "--sample", "200%"),
        ("audit", "--sample", "x"),
        ("audit", "--time-limit", "x"),
        ("audit", "--time-limit", "0s"),
        ("audit", "--time-limit", "10"),
        ("ls", "--worst", "3", "--skipped"),
    ],
)
def test_wrong_words_end_in_one_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    told = shell(*words, code=2)
    assert told.startswith("coldframe: ")
    assert told.count("\n") == 1


def test_where_nothing_was_audited_ls_says_how_to(shell: Shell) -> None:
    assert "coldframe audit" in shell("ls", "--worst", "5")
