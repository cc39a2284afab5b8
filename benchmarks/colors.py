"""Colour maps of several sizes and rates on photos that no codec was fitted to.

Each size and rate twice: alone, and predicted from the pocket model's embeddings as its own `klt` decodes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from archive.codecs import resolve_codec
from archive.codecs.coclico import ScalarMaps
from archive.codecs.codec import MapCoder, VectorCoder
from archive.codecs.coders.colormap import to_samples
from archive.codecs.coders.transform_fit import fit_transform
from archive.codecs.fitted_coders import TransformMaps, fit_maps
from archive.imaging.resize import to_square
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair
from training.corpus import load_corpus
from training.frames import embed

FITTED = 8000
SIDES = (8, 16, 32)
RATES = (18, 20, 32, 45, 64, 96, 128, 256)
JUDGED = 32


def measure(data: Path, work: Path) -> Iterator[dict[str, object]]:
    """One point a codec, size and rate: error of the samples (0 … 255), and of 32 × 32 maps (0 … 1)."""
    corpus = load_corpus(data / "training", work, test_folder=data / "photos")
    pair = find_pair("pocket")
    fitted = corpus.trained[:: len(corpus.trained) // FITTED]
    test = corpus.measured
    encoder = OpenClipEncoder(pair)
    coder = resolve_codec("klt", encoder.dimension, shipped=pair.codecs).vectors
    vectors, shown = (
        embed(encoder, map(corpus.photo, rows.tolist()), map_side=1)[0] for rows in (fitted, test)
    )
    shown_hat = coder.decode(coder.encode(shown))
    truth = (
        np.stack([to_square(corpus.photo(int(row)), JUDGED) for row in test]).astype(np.float32)
        / 255
    )
    for side in SIDES:
        known, seen = (
            np.stack([to_square(corpus.photo(int(row)), side) for row in rows])
            for rows in (fitted, test)
        )
        for name, maps in _coders(known, vectors, coder):
            yield _point(name, maps, seen, shown_hat, truth)


def _coders(
    known: np.ndarray, vectors: np.ndarray, coder: VectorCoder
) -> Iterator[tuple[str, MapCoder]]:
    side = known.shape[1]
    if side == SIDES[0]:
        yield "raw", ScalarMaps(side, 2)
    for bits in RATES:
        yield "klt, alone", TransformMaps(fit_transform(to_samples(known), bits), side, bits)
        yield "klt", fit_maps(known, bits, vectors, coder)


def _point(
    name: str, coder: MapCoder, seen: np.ndarray, shown_hat: np.ndarray, truth: np.ndarray
) -> dict[str, object]:
    codes = coder.encode(seen, shown_hat)
    seen_hat = coder.decode(codes, shown_hat)
    samples = to_samples(seen)
    samples_hat = to_samples(seen_hat)
    enlarged = [
        Image.fromarray(one).resize((JUDGED, JUDGED), Image.Resampling.BICUBIC) for one in seen_hat
    ]
    return {
        "codec": name,
        "side": coder.side,
        "bits": round(8 * float(np.mean([len(code) for code in codes])), 1),
        "squared_error": round(float(((samples - samples_hat) ** 2).mean()), 1),
        "color_score": round(
            float(((np.stack(enlarged).astype(np.float32) / 255 - truth) ** 2).mean()), 5
        ),
        "photos": len(seen),
    }
