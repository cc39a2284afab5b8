"""Ingest without a model: an encoder that knows only colors, and a store for its vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from archive.arrays import Pixels, Vectors, unit
from archive.codecs.coclico import coclico
from archive.imaging.resize import to_square
from archive.ingest.outcomes import Outcome
from archive.ingest.pipeline import Ingest, IsWhole, always
from archive.ingest.rules import ScanRules
from archive.ingest.scan import ALL
from archive.records import CodecRecord, ModelRecord
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now

CODEC = coclico(8, bits=2, map_side=4)
IMAGE_SIZE = 16
MODEL = ModelRecord("colors", "colors", "", "", 8, "f" * 64, {"size": IMAGE_SIZE})


class ColorEncoder:
    """An image's vector is its mean color: red images are near red images."""

    dimension = 8
    image_size = IMAGE_SIZE
    weights_sha256 = MODEL.weights_sha256
    preprocessing = MODEL.preprocessing

    def __init__(self) -> None:
        self.batches: list[int] = []  # sizes of those that were encoded

    def preprocess(self, pixels: Pixels) -> Pixels:
        assert min(pixels.shape[:2]) >= 1
        return to_square(pixels, 2)

    def encode_images(self, images: Sequence[Pixels]) -> Vectors:
        self.batches.append(len(images))
        colors = np.stack([image.reshape(-1, 3).mean(axis=0) for image in images])
        vectors = np.zeros((len(images), self.dimension), np.float32)
        vectors[:, :3] = colors / 255 - 0.5
        vectors[:, 3] = 0.1
        return unit(vectors)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError

    def clip_similarity(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def create_store(settings: Settings) -> Store:
    """An empty store with CODEC as its codec 1."""
    store = Store.create(settings)
    model = store.models.add(MODEL)
    record = CodecRecord(model.id, CODEC.name, CODEC.parameters(), utc_now(), CODEC.state)
    store.codecs.add(record)
    return store


def ingest_into(
    store: Store,
    encoder: ColorEncoder | None = None,
    *,
    keep_truncated: bool = False,
    rescan: bool = False,
    rules: ScanRules = ALL,
    is_whole: IsWhole = always,
) -> Ingest:
    """An ingest that writes rows with CODEC."""
    chosen = encoder or ColorEncoder()
    return Ingest(
        store,
        1,
        CODEC,
        lambda: chosen,
        image_size=IMAGE_SIZE,
        keep_truncated=keep_truncated,
        rescan=rescan,
        rules=rules,
        is_whole=is_whole,
    )


def save_colors(folder: Path, count: int) -> list[Path]:
    """`count` different images of 24 × 20 pixels, with names in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", (24, 20), (number % 256, 255 - number % 256, number // 256)).save(path)
    return paths


def kinds(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many outcomes there are of each kind."""
    return Counter(type(outcome).__name__ for outcome in outcomes)


def paths_of(outcomes: Iterable[Outcome], kind: type) -> list[str]:
    """The names of the files with this outcome, in order of names."""
    return sorted(Path(outcome.path).name for outcome in outcomes if type(outcome) is kind)


def contents(store: Store) -> dict[bytes, tuple[bytes, bytes]]:
    """Digest → codes, of all rows."""
    return {row.sha256: (row.clip_code, row.color_code) for row in store.images.all()}
