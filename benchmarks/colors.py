"""Color maps of several sizes and rates, fitted to training photos, measured on validation photos.

Each size and rate twice: alone, and predicted from the pocket model's embeddings as its 120-bit
`klt` decodes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from archive.arrays import Pixels, Vectors
from archive.codecs import CodecConfig, resolve_codec
from archive.codecs.coclico import ScalarMaps
from archive.codecs.codec import MapCoder, VectorCoder
from archive.codecs.coders.colormap import to_samples
from archive.codecs.coders.transform_fit import fit_transform
from archive.codecs.fitted_coders import TransformMaps, fit_maps
from archive.imaging.resize import to_square
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair
from training.corpus import Corpus, load_photos
from training.frames import embed, squash
from training.restoration_scores import SCORE_SIDE

FITTED = 8000  # photos
SIDES = (8, 16, 32)
PREDICTING_BITS = 120  # of the embeddings that maps are predicted from
RATES = (18, 20, 32, 45, 64, 96, 128, 256)  # bits per map


def measure(data: Path, work: Path) -> Iterator[dict[str, object]]:
    """One point per codec, size and rate."""
    corpus = load_photos(data, work)
    pair = find_pair("pocket")
    training = corpus.training_rows[:: len(corpus.training_rows) // FITTED]
    validation = corpus.validation_rows
    encoder = OpenClipEncoder(pair)
    codec = CodecConfig("klt", bits=PREDICTING_BITS, map_bits=40)
    coder = resolve_codec(codec, encoder.dimension, shipped=pair.codecs).vectors
    training_vectors, validation_vectors = (
        embed(encoder, map(corpus.photo, rows.tolist()), map_side=1)[0]
        for rows in (training, validation)
    )
    vectors_hat = coder.decode(coder.encode(validation_vectors))
    truth = _maps(corpus, validation, SCORE_SIDE)
    for side in SIDES:
        training_maps = _maps(corpus, training, side)
        validation_maps = _maps(corpus, validation, side)
        for name, map_coder in _coders(training_maps, training_vectors, coder):
            yield _point(name, map_coder, validation_maps, vectors_hat, truth)


def _maps(corpus: Corpus, rows: npt.NDArray[np.intp], side: int) -> Pixels:
    return np.stack([to_square(corpus.photo(int(row)), side) for row in rows])


def _coders(maps: Pixels, vectors: Vectors, coder: VectorCoder) -> Iterator[tuple[str, MapCoder]]:
    side = maps.shape[1]
    if side == SIDES[0]:
        yield "raw", ScalarMaps(side, 2)
    for bits in RATES:
        yield "klt, alone", TransformMaps(fit_transform(to_samples(maps), bits), side, bits)
        yield "klt", fit_maps(maps, bits, vectors, coder)


def _point(
    name: str, coder: MapCoder, maps: Pixels, vectors_hat: Vectors, truth: Pixels
) -> dict[str, object]:
    """Rate; error of the samples, 0…255²; error of 32 × 32 maps, 0…1."""
    codes = coder.encode(maps, vectors_hat)
    maps_hat = coder.decode(codes, vectors_hat)
    error = to_samples(maps) - to_samples(maps_hat)
    enlarged = np.stack([squash(map_hat, (SCORE_SIDE, SCORE_SIDE)) for map_hat in maps_hat])
    color_error = enlarged.astype(np.float32) / 255 - truth.astype(np.float32) / 255
    return {
        "codec": name,
        "side": coder.side,
        "bits": round(8 * float(np.mean([len(code) for code in codes])), 1),
        "squared_error": round(float((error**2).mean()), 1),
        "color_score": round(float((color_error**2).mean()), 5),
        "photos": len(maps),
    }
