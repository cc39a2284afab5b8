"""Search finds what was archived, on both databases, whatever happened to the index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.codecs import CodecConfig
from archive.errors import ModelMismatch
from archive.models.pairs import find_pair
from archive.records import Damage
from archive.settings import Settings


@pytest.fixture(scope="module")
def filled(original: Settings, image_folder: Path) -> None:
    """An archive of the image folder, which tests copy."""
    with Archive.create(original, find_pair("pocket")) as opened:
        list(opened.ingest([str(image_folder)]))


@pytest.fixture
def archive(filled: None, copy: Settings) -> Iterator[Archive]:
    """Twelve rows."""
    with Archive(copy) as opened:
        yield opened


def index_files(archive: Archive) -> list[Path]:
    return sorted(archive.settings.index_directory.glob("*"))


def test_a_picture_finds_itself_first(archive: Archive, image_folder: Path) -> None:
    for path in sorted(image_folder.rglob("scene*")):
        first, second, *_ = archive.search(path, limit=5)
        assert first.path == str(path)
        assert first.score > second.score
        assert 0.5 < first.score <= 1


def test_scores_are_cosines_of_the_decoded_rows_best_first(archive: Archive) -> None:
    [hits] = archive.search(["a house"], limit=12)
    [query] = archive.encoder.encode_texts(["a house"])
    rows = archive._store.images.get([hit.id for hit in hits])
    vectors_hat = archive.codec.decode_vectors([row.clip_code for row in rows])
    cosines = vectors_hat @ query / (np.linalg.norm(vectors_hat, axis=1) * np.linalg.norm(query))
    assert [hit.score for hit in hits] == pytest.approx(cosines.tolist(), abs=1e-5)
    assert cosines.tolist() == sorted(cosines, reverse=True)
    assert [hit.digest for hit in hits] == [row.sha256.hex() for row in rows]


@pytest.mark.parametrize("bits", [1, 3, 6])
def test_scores_are_exact_at_every_rate(bits: int, image_folder: Path, tmp_path: Path) -> None:
    with Archive.create(
        Settings(str(tmp_path / "a")),
        find_pair("pocket"),
        codec=CodecConfig("coclico", bits_per_dim=bits),
    ) as archive:
        list(archive.ingest([str(image_folder)]))
        [query] = archive.encoder.encode_texts(["a boat"])
        rows = list(archive)
        vectors_hat = archive.codec.decode_vectors([row.clip_code for row in rows])
        cosines = (
            vectors_hat @ query / (np.linalg.norm(vectors_hat, axis=1) * np.linalg.norm(query))
        )
        [hits] = archive.search(["a boat"], limit=12)
        assert [hit.id for hit in hits] == [
            rows[position].id for position in np.argsort(-cosines, kind="stable")
        ]
        assert [hit.score for hit in hits] == pytest.approx(-np.sort(-cosines), abs=1e-5)


def test_several_queries_are_answered_like_each_alone(archive: Archive) -> None:
    texts = ["a red car", "the sea"]
    together = [[hit.id for hit in hits] for hits in archive.search(texts, limit=3)]
    alone = [[hit.id for hit in archive.search([text], limit=3)[0]] for text in texts]
    assert together == alone


def damages(archive: Archive) -> list[str]:
    """What `verify` reports."""
    return [finding.message for finding in archive.verify() if isinstance(finding, Damage)]


def test_a_missing_damaged_or_foreign_index_is_rebuilt(
    archive: Archive, image_folder: Path, tmp_path: Path
) -> None:
    [expected] = archive.search(["a house"], limit=12)
    [file] = index_files(archive)
    content = file.read_bytes()
    with Archive.create(Settings(str(tmp_path / "other")), archive._models.pair) as other:
        list(other.ingest([str(image_folder / "inner")]))
        foreign = index_files(other)[0].read_bytes()
    for replacement in (None, content[: len(content) // 2], b"", foreign):
        file.unlink()
        if replacement is not None:
            file.write_bytes(replacement)
        with Archive(archive.settings) as reopened:
            # verify reports a file that is damaged or foreign, and changes nothing
            assert len(damages(reopened)) == (replacement is not None)
            [found] = reopened.search(["a house"], limit=12)
            assert [hit.id for hit in found] == [hit.id for hit in expected]
            assert [hit.score for hit in found] == pytest.approx(
                [hit.score for hit in expected],
                abs=1e-5,  # open_clip's and our own text network
            )
            assert damages(reopened) == []
    assert index_files(archive) == [file]


def test_new_rows_are_found_at_once_and_the_index_only_grows(
    archive: Archive, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.search(["a house"])
    new = tmp_path / "new.png"
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(new)
    list(archive.ingest([str(new)]))
    monkeypatch.setattr("archive.index.search.Index.extend", None)  # extending again would fail
    with Archive(archive.settings) as reopened:
        assert reopened.search(new, limit=1)[0].path == str(new)


@pytest.mark.parametrize("codec", ["coclico", "klt"])
def test_an_archive_of_one_row_finds_it(image_folder: Path, tmp_path: Path, codec: str) -> None:
    settings = Settings(str(tmp_path / "archive"))
    with Archive.create(settings, find_pair("pocket"), codec=CodecConfig(codec)) as archive:
        list(archive.ingest([str(image_folder / "scene 0.jpg")]))
        assert [hit.id for hit in archive.search(["a house"])[0]] == [1]


def test_an_empty_archive_finds_nothing(settings: Settings) -> None:
    with Archive.create(settings, find_pair("pocket")) as empty:
        assert empty.search(["anything"]) == [[]]
        assert empty.stats().images == 0


def test_another_models_weights_are_refused(archive: Archive, tiny_pair: Path) -> None:
    with (
        Archive(archive.settings, model=str(tiny_pair)) as foreign,
        pytest.raises(ModelMismatch, match="name the right pair"),
    ):
        foreign.search(["a house"])
