"""Hits say how well they match, whatever the codec, and what is asked by a picture or by several
queries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from archive.archive import Archive
from archive.codecs import CodecConfig
from archive.errors import NotFound, UsageError
from archive.index.matches import LEAST_WORDS, no_chance
from archive.index.queries import Combination


@pytest.fixture(scope="module", params=["klt", "coclico"])
def samples(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    """The drawings that ship with coldframe, archived with the pocket pair."""
    folder = Path(__file__).parents[2] / "archive" / "demo" / "samples"
    place = tmp_path_factory.mktemp("samples") / "archive"
    with Archive.create(place, "pocket", codec=CodecConfig(request.param)) as archive:
        list(archive.ingest(folder))
        yield archive


def test_what_is_there_matches_and_what_is_not_does_not(samples: Archive) -> None:
    nothing, turtle = samples.search(["purple submarine accountant", "a turtle under water"])
    assert not any(hit.is_match for hit in nothing)
    assert turtle[0].is_match
    assert LEAST_WORDS <= (turtle[0].match or 0) <= 1
    assert max(hit.match or 0 for hit in nothing) < LEAST_WORDS


def test_a_match_does_not_depend_on_how_many_hits_are_asked_for(samples: Archive) -> None:
    [first] = samples.search("a house", limit=1)
    assert first == samples.search("a house", limit=20)[0]


def test_phrases_are_encoded_once_for_all_archives_of_an_encoder(
    samples: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Archive(samples.settings) as archive:
        [expected] = archive.search("a house", limit=1)
    [file] = (tmp_path / "coldframe" / "background").iterdir()
    written = file.stat().st_mtime_ns
    with Archive(samples.settings) as archive:
        assert archive.search("a house", limit=1) == [expected]
    assert file.stat().st_mtime_ns == written
    for damage in (b"", file.read_bytes()[:1000], b"\x93NUMPY"):
        file.write_bytes(damage)
        with Archive(samples.settings) as archive:
            assert archive.search("a house", limit=1) == [expected]
    assert len(file.read_bytes()) > 1000


def test_more_rows_give_words_without_a_meaning_more_chances() -> None:
    assert no_chance(3.0, 1) > no_chance(3.0, 100) > no_chance(3.0, 10_000)
    assert no_chance(0.0, 1) == pytest.approx(0.5)
    assert no_chance(-50.0, 1) == 0
    assert no_chance(9.0, 1_000_000) == pytest.approx(1)


def test_a_row_finds_rows_like_it_but_not_itself(samples: Archive) -> None:
    hits = samples.search(Combination(like=[1]), limit=5)
    assert len(hits) == 5
    assert 1 not in [hit.id for hit in hits]
    vector_hat, _ = samples.decode(samples[1])
    assert [hit.id for hit in samples.search(vector_hat, limit=6)][1:] == [hit.id for hit in hits]
    with pytest.raises(NotFound):
        samples.search(Combination(like=[10_000]))


def test_a_picture_that_is_archived_matches(samples: Archive) -> None:
    path = Path(samples[1].path)
    best, *_ = samples.search(path, limit=3)
    assert (best.id, best.is_match) == (1, True)


def test_what_is_taken_away_falls_behind(samples: Archive) -> None:
    [first, *_] = samples.search("water", limit=1)
    vector_hat, _ = samples.decode(samples[first.id])
    hits = samples.search(Combination(["water"], [vector_hat]), limit=len(samples))
    assert hits[0].id != first.id
    [query] = samples.encoder.encode_texts(["water"])
    combined = query / np.linalg.norm(query) - vector_hat / np.linalg.norm(vector_hat)
    by_hand = samples.search(combined, limit=len(samples))
    assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in by_hand], abs=1e-4)


def test_words_and_pictures_together_have_no_match(samples: Archive) -> None:
    hits = samples.search(Combination(["water"], like=[1]))
    assert {(hit.match, hit.is_match) for hit in hits} == {(None, True)}


def test_a_combination_must_ask_for_something(samples: Archive) -> None:
    with pytest.raises(UsageError, match="give something"):
        samples.search(Combination([], ["water"]))
    with pytest.raises(UsageError, match="cancel out"):
        samples.search(Combination(["water"], ["water"]))
