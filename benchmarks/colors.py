"""Colour maps of several sizes and rates on photos that no codec was fitted to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from archive.codecs.coclico import ScalarMaps
from archive.codecs.codec import MapCoder
from archive.codecs.colormap import to_samples
from archive.codecs.fitting import fit_transform
from archive.codecs.klt import TransformMaps
from archive.images import shrink
from training.corpus import load_corpus

FITTED, SIDES, RATES, JUDGED = 8000, (8, 16, 32), (20, 32, 45, 64, 96, 128, 256), 32


def measure(data: Path, work: Path) -> Iterator[dict[str, object]]:
    """One point a codec, size and rate: error of the samples (0 … 255), and of 32 × 32 maps (0 … 1)."""
    corpus = load_corpus(data / "training", work, test_folder=data / "photos")
    fitted, test = corpus.trained[:: len(corpus.trained) // FITTED], corpus.measured
    truth = np.stack([shrink(corpus.photo(int(row)), JUDGED) for row in test]).astype(np.float32) / 255
    for side in SIDES:
        known, seen = (np.stack([shrink(corpus.photo(int(row)), side) for row in rows]) for rows in (fitted, test))
        coders: list[tuple[str, MapCoder]] = [("raw", ScalarMaps(side, 2))] if side == SIDES[0] else []
        for bits in RATES:
            coders.append(("klt", TransformMaps(fit_transform(to_samples(known), bits, clusters=1), side, bits)))
        for name, coder in coders:
            yield _point(name, coder, seen, truth)


def _point(name: str, coder: MapCoder, seen: np.ndarray, truth: np.ndarray) -> dict[str, object]:
    codes = coder.encode(seen)
    seen_hat = coder.decode(codes)
    samples, samples_hat = to_samples(seen), to_samples(seen_hat)
    enlarged = [Image.fromarray(one).resize((JUDGED, JUDGED), Image.Resampling.BICUBIC) for one in seen_hat]
    return {
        "codec": name,
        "side": coder.side,
        "bits": round(8 * float(np.mean([len(code) for code in codes])), 1),
        "squared_error": round(float(((samples - samples_hat) ** 2).mean()), 1),
        "color_score": round(float(((np.stack(enlarged).astype(np.float32) / 255 - truth) ** 2).mean()), 5),
        "photos": len(seen),
    }
