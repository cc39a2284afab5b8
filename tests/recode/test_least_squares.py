"""Scalar codes decoded by least squares: the same bytes, better vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archive.archive import Archive
from archive.codecs import CodecConfig
from archive.errors import UsageError
from archive.models.pairs import find_pair
from archive.settings import Settings
from tests.recode.conftest import COUNT, cosines


def test_least_squares_decode_the_very_codes_better(
    settings: Settings, folder: Path, tiny_pair: Path, tmp_path: Path
) -> None:
    with Archive.create(settings, find_pair(str(tiny_pair))) as archive:
        list(archive.ingest([str(folder)]))
        before = cosines(archive, folder)
        rows = list(archive)
        done = list(archive.recode(None))
        assert len(done) == COUNT
        assert cosines(archive, folder).mean() > before.mean() + 0.01
        after = list(archive)
        assert [(row.clip_code, row.color_code) for row in after] == [
            (row.clip_code, row.color_code) for row in rows
        ]
        assert list(archive.recode(None)) == []
    with Archive(settings) as archive:
        [hits] = archive.search(["a house"], limit=COUNT)
        vectors_hat = archive.codec.decode_vectors(
            [row.clip_code for row in archive._store.images.get([h.id for h in hits])]
        )
        [query] = archive.encoder.encode_texts(["a house"])
        scores = vectors_hat @ query / np.linalg.norm(vectors_hat, axis=1) / np.linalg.norm(query)
        assert [hit.score for hit in hits] == pytest.approx(scores.tolist(), abs=1e-5)


def test_least_squares_are_not_learned_from_a_handful(settings: Settings, folder: Path) -> None:
    with Archive.create(
        settings, find_pair("pocket"), codec=CodecConfig("coclico", bits_per_dim=2)
    ) as archive:
        list(archive.ingest([str(folder)]))
        with pytest.raises(UsageError, match="can be seen"):
            list(archive.recode(None))
        assert len(archive._codecs.records) == 1
