"""Every picture as the denoiser sees it: latents, and what a row of some codec tells of it; made once.

Pictures are squashed to the frame a decoder would draw them in (archive.restore.reconstruct.frame_size), so they fall into a few
shapes; a batch has one shape. Each is seen as it is, or mirrored, or both, every time through one of several codecs:
the colour map's latents, and the decoded embedding with the codec's alignment, are what the archive would hand to the
decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.imaging.resize import to_square
from archive.restore.reconstruct import frame_size
from training.autoencoder import LATENT_CHANNELS
from training.corpus import Corpus
from training.frames import AREA, MULTIPLE, squash
from training.image_encoder import DIMENSION, SIZES, normalize

BATCH = 32


@dataclass(frozen=True)
class Shelf:
    """n pictures of one frame."""

    latents: np.ndarray  # (n, z, h, w) float16, scaled to unit variance
    maps: np.ndarray  # (n, z, h, w) float16
    vectors: np.ndarray  # (n, D) float16, not normalised
    vectors_hat: np.ndarray  # (n, D) float16, as decoded
    alignment: np.ndarray  # (n,) float32, of the codec they were decoded by

    def rows(self, positions: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Those of all five arrays, in this order, as float32."""
        arrays = (self.latents, self.maps, self.vectors, self.vectors_hat, self.alignment)
        return tuple(torch.from_numpy(array[positions].astype(np.float32)) for array in arrays)


def random_rows(
    shelves: Sequence[Shelf], count: int, rng: np.random.Generator
) -> tuple[int, tuple[torch.Tensor, ...]]:
    """`count` rows of one shelf, shelves drawn by their share → the shelf's position, and its `Shelf.rows`."""
    lengths = np.array([len(shelf.latents) for shelf in shelves])
    at = int(rng.choice(len(shelves), p=lengths / lengths.sum()))
    return at, shelves[at].rows(np.sort(rng.integers(lengths[at], size=count)))


def codecs_seen(fitted: Codec, space: tuple[np.ndarray, np.ndarray]) -> list[tuple[Codec, float]]:
    """The codecs pictures are seen through, half of them the default, and their alignments in a space (mean, std)."""
    usual = coclico(DIMENSION)
    finer = coclico(DIMENSION, map_bits=5)
    return [(codec, codec.alignment_in(*space)) for codec in (usual, fitted, usual, finer)]


def load_shelves(
    corpus: Corpus,
    rows: np.ndarray,
    *,
    tower: nn.Module,
    vae: nn.Module,
    codecs: Sequence[tuple[Codec, float]],
    both: bool,
    folder: Path,
) -> list[Shelf]:
    """The pictures `rows` of a corpus on shelves, made in `folder` the first time; `both`: also mirrored, else or."""
    frames = np.array(
        [frame_size(corpus.width[row] / corpus.height[row], AREA, MULTIPLE) for row in rows]
    )
    shelves = []
    for width, height in sorted(set(map(tuple, frames.tolist()))):
        place = folder / f"{width}x{height}"
        if not (place / "done").exists():
            chosen = [int(row) for row in rows[(frames == (width, height)).all(axis=1)]]
            seen = [
                (row, mirrored)
                for row in chosen
                for mirrored in (0, 1)
                if both or mirrored == row % 2
            ]
            _fill(corpus, seen, (width, height), tower=tower, vae=vae, codecs=codecs, place=place)
            (place / "done").touch()
        names = Shelf.__dataclass_fields__
        shelves.append(
            Shelf(**{name: np.load(place / f"{name}.npy", mmap_mode="r") for name in names})
        )
    return shelves


def _fill(
    corpus: Corpus,
    seen: list[tuple[int, int]],
    frame: tuple[int, int],
    *,
    tower: nn.Module,
    vae: nn.Module,
    codecs: Sequence[tuple[Codec, float]],
    place: Path,
) -> None:
    place.mkdir(parents=True, exist_ok=True)
    latent = (LATENT_CHANNELS, frame[1] // 8, frame[0] // 8)
    shapes = {
        "latents": latent,
        "maps": latent,
        "vectors": (DIMENSION,),
        "vectors_hat": (DIMENSION,),
        "alignment": (),
    }
    out = {
        name: np.lib.format.open_memmap(
            place / f"{name}.npy",
            "w+",
            np.float32 if name == "alignment" else np.float16,
            (len(seen), *shape),
        )
        for name, shape in shapes.items()
    }
    for start in range(0, len(seen), BATCH):
        part = slice(start, start + BATCH)
        pictures = [
            np.ascontiguousarray(corpus.photo(row)[:, :: 1 - 2 * mirrored])
            for row, mirrored in seen[part]
        ]
        out["latents"][part] = _encode(vae, np.stack([squash(one, frame) for one in pictures]))
        out["vectors"][part] = vectors = _vectors(tower, pictures)
        chosen = [codecs[(row // 2 + mirrored) % len(codecs)] for row, mirrored in seen[part]]
        rows = zip(chosen, vectors, pictures, strict=True)
        told = [_decoded(codec, vector, picture) for (codec, _), vector, picture in rows]
        out["vectors_hat"][part] = np.stack([vector_hat for vector_hat, _ in told])
        out["maps"][part] = _encode(
            vae, np.stack([_enlarged(colors_hat, frame) for _, colors_hat in told])
        )
        out["alignment"][part] = [alignment for _, alignment in chosen]


def _decoded(
    codec: Codec, vector: np.ndarray, picture: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What a row of a codec tells of a picture: vector_hat (D,) and colors_hat (n, n, 3)."""
    codes = codec.encode(vector[None].astype(np.float32), to_square(picture, codec.map_side)[None])
    vectors_hat, colors_hat = codec.decode(*codes)
    return vectors_hat[0], colors_hat[0]


def _enlarged(colors_hat: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """A decoded map → what the decoder starts from, enlarged as archive.models.decoders.sampler does."""
    colors = torch.from_numpy(colors_hat).permute(2, 0, 1)[None].float()
    return F.interpolate(colors, (frame[1], frame[0]), mode="bilinear")[0].permute(1, 2, 0).numpy()


@torch.inference_mode()
def _encode(vae: nn.Module, pixels: np.ndarray) -> np.ndarray:
    scaled = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(
        memory_format=torch.channels_last
    )
    with torch.autocast("cpu", torch.bfloat16):
        latent = vae.encode(scaled).latent
    return (latent.float() * vae.config.scaling_factor).numpy().astype(np.float16)


@torch.inference_mode()
def _vectors(tower: nn.Module, pictures: list[np.ndarray]) -> np.ndarray:
    side = SIZES[-1][1]
    squashed = np.stack([squash(picture, (side, side)) for picture in pictures])
    return tower(normalize(squashed)).numpy().astype(np.float16)
