"""Validation photos restored from their rows, scored by other networks, with bounds.

    psnr       the autoencoder on whole photos in the decoder's frame
    id@5       of 64 photos: is the original among the five nearest to the restoration
    cosine     of original and restoration
    color      mean squared error of 32 × 32 color maps, values 0…1 (CoCliCo's color score)

The bounds: the enlarged color map (what the row gives without a decoder) and the autoencoder's
round trip of the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw

from archive.arrays import Pixels
from archive.codecs import Codec
from archive.imaging.resize import to_square
from archive.models.decoder import DecodeRequest
from archive.models.decoders.sampler import LatentDecoder
from archive.models.encoder import OpenClipEncoder
from archive.models.sampling import Sampling
from archive.restore.color_projection import project_colors
from archive.restore.frames import frame_size
from training.corpus import Corpus
from training.frames import squash
from training.metrics import Metrics, identification_rate, mean_similarity

SCORE_SIDE = 32  # pixels of the color maps that are compared
TILE = 148  # pixels of a contact sheet's tile
COLUMNS = 4


@dataclass
class Restorations:
    """Photos, what was restored of them, and the two bounds; all in the decoder's frames."""

    originals: list[Pixels] = field(default_factory=list)
    maps: list[Pixels] = field(default_factory=list)
    restored: list[Pixels] = field(default_factory=list)
    round_trips: list[Pixels] = field(default_factory=list)


def sharp_rows(corpus: Corpus, count: int, *, first: int = 0) -> npt.NDArray[np.intp]:
    """Rows of random sharp validation photos, after skipping `first` of them."""
    rows = corpus.validation_rows[corpus.sharp[corpus.validation_rows]]
    return np.random.default_rng(1).permutation(rows)[first:][:count]


def sharp_photos(corpus: Corpus, count: int, *, first: int = 0) -> list[Pixels]:
    """Those photos."""
    return [corpus.photo(int(row)).copy() for row in sharp_rows(corpus, count, first=first)]


def restore_photos(
    photos: Sequence[Pixels],
    codec: Codec,
    encoder: OpenClipEncoder,
    decoder: LatentDecoder,
    sampling: Sampling,
) -> Restorations:
    """Each photo becomes a row and is restored in its frame."""
    stats = decoder.embedding_stats
    assert stats is not None
    similarity = partial(encoder.clip_similarity, center=stats[0])
    restorations = Restorations()
    for seed, photo in enumerate(photos):
        aspect = photo.shape[1] / photo.shape[0]
        frame = frame_size(aspect, decoder.native_pixels, decoder.size_multiple)
        original = squash(photo, frame)
        vector = encoder.encode_images([encoder.preprocess(photo)])
        codes = codec.encode(vector, to_square(photo, codec.map_side)[None])
        vectors_hat, colors_hat = codec.decode(*codes)
        request = DecodeRequest(
            vectors_hat,
            colors_hat,
            [seed],
            codec.alignment_in(*stats),
            similarity if sampling.clip_guidance else None,
        )
        [sampled] = decoder.sample(request, frame=frame, sampling=sampling)
        if sampling.project_colors:
            sampled = project_colors(sampled, colors_hat[0], codec.maps.quantization_error)
        color_map = Image.fromarray(colors_hat[0]).resize(frame, Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(original.copy()).permute(2, 0, 1)[None]
        with torch.inference_mode():
            round_trip = decoder.decode_pixels(decoder.encode_pixels(pixels))
        restorations.originals.append(original)
        restorations.maps.append(np.asarray(color_map))
        restorations.restored.append(sampled)
        restorations.round_trips += round_trip
    return restorations


def score(metrics: Metrics, restorations: Restorations) -> dict[str, object]:
    """The scores of the restorations and of the two bounds, and the round trips' PSNR."""
    originals = restorations.originals
    kinds = {
        "map": restorations.maps,
        "restored": restorations.restored,
        "round_trip": restorations.round_trips,
    }
    scores: dict[str, object] = {
        kind: {
            "id@5": round(identification_rate(metrics, originals, images), 4),
            "cosine": round(mean_similarity(metrics, originals, images), 4),
            "color": round(color_score(originals, images), 4),
        }
        for kind, images in kinds.items()
    }
    pairs = zip(originals, restorations.round_trips, strict=True)
    errors = [np.mean((original / 255.0 - image / 255.0) ** 2) for original, image in pairs]
    return scores | {"psnr": round(float(np.mean(-10 * np.log10(errors))), 2)}


def color_score(originals: Sequence[Pixels], restored: Sequence[Pixels]) -> float:
    """Mean squared error of 32 × 32 color maps, values 0…1."""
    errors = []
    for original, image in zip(originals, restored, strict=True):
        difference = to_square(original, SCORE_SIDE) / 255.0 - to_square(image, SCORE_SIDE) / 255.0
        errors.append(np.mean(difference**2))
    return float(np.mean(errors))


def write_contact_sheet(
    restorations: Restorations, names: Sequence[str], path: Path, *, with_originals: bool
) -> None:
    """Name, color map and restoration side by side, the original first if wanted."""
    kinds = [restorations.maps, restorations.restored]
    if with_originals:
        kinds.insert(0, restorations.originals)
    width = len(kinds) * TILE + 12
    height = TILE + 20
    rows = -(-len(names) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    pen = ImageDraw.Draw(page)
    for position, name in enumerate(names):
        left = position % COLUMNS * width
        top = position // COLUMNS * height
        pen.text((left, top + 2), name[:40], fill="black")
        for offset, images in enumerate(kinds):
            tile = Image.fromarray(images[position])
            tile.thumbnail((TILE - 4, TILE - 4))
            page.paste(tile, (left + offset * TILE, top + 16))
    page.save(path)
