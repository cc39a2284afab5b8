"""Small images, and an archive of them on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.models.pairs import find_pair
from archive.settings import Settings
from training.scenes import draw_scene

COUNT = 70


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """COUNT small drawings."""
    folder = tmp_path_factory.mktemp("many")
    for seed in range(COUNT):
        Image.fromarray(draw_scene(seed, size=(96, 64)).pixels).save(folder / f"{seed:03}.png")
    return folder


@pytest.fixture(scope="module")
def filled(original: Settings, folder: Path) -> None:
    """An archive of the drawings in scalar codes, which tests copy."""
    with Archive.create(original, find_pair("pocket"), codec="coclico") as opened:
        list(opened.ingest([str(folder)]))


@pytest.fixture
def archive(filled: None, copy: Settings) -> Iterator[Archive]:
    """A row for each drawing."""
    with Archive(copy) as opened:
        yield opened


def cosines(archive: Archive, folder: Path) -> np.ndarray:
    """Of every row's decoded vector and its original's embedding."""
    rows = list(archive)
    pixels = [np.asarray(Image.open(row.path).convert("RGB")) for row in rows]
    truth = archive.encoder.encode_images([archive.encoder.preprocess(one) for one in pixels])
    hat = np.stack(
        [archive._codecs[row.codec_id].decode_vectors([row.clip_code])[0] for row in rows]
    )
    lengths = np.linalg.norm(truth, axis=1) * np.linalg.norm(hat, axis=1)
    return np.asarray((truth * hat).sum(1) / lengths)
