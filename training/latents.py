"""The denoiser's training data: latents of images and of what codec rows say of them.

Images are squashed to the frame a decoder would draw them in (archive.restore.reconstruct), which
leaves a few aspect-ratio buckets; a batch comes from one bucket. Each image is used as it is,
flipped, or both, every time through one of several codecs: the latents of the decoded color map,
and the decoded embedding with the codec's alignment, are what the archive would pass to the
decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from archive.arrays import Pixels, Vectors
from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.imaging.resize import to_square
from archive.models.encoder import Encoder
from archive.restore.frames import frame_size
from training.autoencoder import LATENT_CHANNELS
from training.corpus import Corpus
from training.frames import AREA, MULTIPLE, squash
from training.image_encoder import DIMENSION
from training.networks import Autoencoder

BATCH = 32
DOWNSAMPLING = 8  # pixels per latent
Half = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Bucket:
    """n images of one frame."""

    latents: Half  # (n, z, h, w), scaled to unit variance
    maps: Half  # (n, z, h, w), latents of the decoded color map
    vectors: Half  # (n, D), not normalized
    vectors_hat: Half  # (n, D), as decoded
    alignment: Vectors  # (n,), of the codec they were decoded by

    def rows(self, positions: npt.NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        """These rows of all five arrays, in this order, as float32."""
        arrays = (self.latents, self.maps, self.vectors, self.vectors_hat, self.alignment)
        return tuple(torch.from_numpy(array[positions].astype(np.float32)) for array in arrays)


@dataclass(frozen=True)
class LatentMaker:
    """The networks and codecs that images go through."""

    encoder: Encoder
    vae: Autoencoder
    codecs: Sequence[tuple[Codec, float]]  # with their alignments


def random_rows(
    buckets: Sequence[Bucket], count: int, rng: np.random.Generator
) -> tuple[int, tuple[torch.Tensor, ...]]:
    """`count` rows of one bucket, buckets drawn by size → position of the bucket, `Bucket.rows`."""
    sizes = np.array([len(bucket.latents) for bucket in buckets])
    position = int(rng.choice(len(buckets), p=sizes / sizes.sum()))
    return position, buckets[position].rows(np.sort(rng.integers(sizes[position], size=count)))


def training_codecs(fitted: Codec, stats: tuple[Vectors, Vectors]) -> list[tuple[Codec, float]]:
    """The codecs that images go through, half of them the fitted one, with their alignments for
    embeddings of this mean and standard deviation."""
    scalar = coclico(DIMENSION)
    finer_map = coclico(DIMENSION, map_bits=5)
    return [(codec, codec.alignment_in(*stats)) for codec in (fitted, scalar, fitted, finer_map)]


def load_buckets(
    corpus: Corpus, rows: npt.NDArray[np.intp], maker: LatentMaker, *, both: bool, folder: Path
) -> list[Bucket]:
    """These rows of a corpus in buckets, made in `folder` the first time.

    `both`: each image as it is and flipped; else every other one flipped.
    """
    frames = np.array(
        [frame_size(corpus.width[row] / corpus.height[row], AREA, MULTIPLE) for row in rows]
    )
    buckets = []
    for frame in sorted(set(map(tuple, frames.tolist()))):
        place = folder / f"{frame[0]}x{frame[1]}"
        if not (place / "done").exists():
            chosen = [int(row) for row in rows[(frames == frame).all(axis=1)]]
            images = [
                (row, flipped) for row in chosen for flipped in (0, 1) if both or flipped == row % 2
            ]
            _fill(corpus, images, frame, maker, place)
            (place / "done").touch()
        names = Bucket.__dataclass_fields__
        arrays = {name: np.load(place / f"{name}.npy", mmap_mode="r") for name in names}
        buckets.append(Bucket(**arrays))
    return buckets


def _fill(
    corpus: Corpus,
    images: list[tuple[int, int]],
    frame: tuple[int, int],
    maker: LatentMaker,
    place: Path,
) -> None:
    out = _open_arrays(place, len(images), frame)
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        pixels = [
            np.ascontiguousarray(corpus.photo(row)[:, :: 1 - 2 * flipped])
            for row, flipped in images[part]
        ]
        squashed = np.stack([squash(image, frame) for image in pixels])
        out["latents"][part] = _latents(maker.vae, squashed)
        out["vectors"][part] = vectors = _vectors(maker.encoder, pixels)
        codecs = [
            maker.codecs[(row // 2 + flipped) % len(maker.codecs)] for row, flipped in images[part]
        ]
        decoded = [
            _decoded(codec, vector, image)
            for (codec, _), vector, image in zip(codecs, vectors, pixels, strict=True)
        ]
        out["vectors_hat"][part] = np.stack([vector_hat for vector_hat, _ in decoded])
        maps = np.stack([_enlarged(colors_hat, frame) for _, colors_hat in decoded])
        out["maps"][part] = _latents(maker.vae, maps)
        out["alignment"][part] = [alignment for _, alignment in codecs]


def _open_arrays(place: Path, count: int, frame: tuple[int, int]) -> dict[str, npt.NDArray[Any]]:
    """Files for the arrays of a bucket."""
    place.mkdir(parents=True, exist_ok=True)
    latent = (LATENT_CHANNELS, frame[1] // DOWNSAMPLING, frame[0] // DOWNSAMPLING)
    shapes: dict[str, tuple[int, ...]] = {
        "latents": latent,
        "maps": latent,
        "vectors": (DIMENSION,),
        "vectors_hat": (DIMENSION,),
        "alignment": (),
    }
    out: dict[str, npt.NDArray[Any]] = {}
    for name, shape in shapes.items():
        dtype = np.float32 if name == "alignment" else np.float16
        path = place / f"{name}.npy"
        out[name] = np.lib.format.open_memmap(path, "w+", dtype, (count, *shape))
    return out


def _decoded(codec: Codec, vector: Half, image: Pixels) -> tuple[Vectors, Pixels]:
    """What a codec's row says of an image: vector_hat (D,) and colors_hat (n, n, 3)."""
    codes = codec.encode(vector[None].astype(np.float32), to_square(image, codec.map_side)[None])
    vectors_hat, colors_hat = codec.decode(*codes)
    return vectors_hat[0], colors_hat[0]


def _enlarged(colors_hat: Pixels, frame: tuple[int, int]) -> Vectors:
    """A decoded map, enlarged as a decoder does → (h, w, 3) float32, 0…255."""
    colors = torch.from_numpy(colors_hat).permute(2, 0, 1)[None].float()
    enlarged = F.interpolate(colors, (frame[1], frame[0]), mode="bilinear")[0]
    return cast(Vectors, enlarged.permute(1, 2, 0).numpy())


@torch.inference_mode()
def _latents(vae: Autoencoder, pixels: Pixels | Vectors) -> Half:
    """(B, H, W, 3), 0…255 → (B, z, h, w) scaled latents."""
    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.autocast("cpu", torch.bfloat16):
        latent = vae.encode(scaled.contiguous(memory_format=torch.channels_last)).latent
    return cast(Half, (latent.float() * vae.config.scaling_factor).numpy().astype(np.float16))


def _vectors(encoder: Encoder, images: Sequence[Pixels]) -> Half:
    vectors = encoder.encode_images([encoder.preprocess(image) for image in images])
    return vectors.astype(np.float16)
