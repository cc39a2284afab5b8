"""Every picture as the denoiser sees it: latents, the colour map's latents, and its embedding; made once.

Pictures are squashed to the frame a decoder would draw them in (archive.restore.frame_size), so they fall into a few
shapes; a batch has one shape. Every second is mirrored, and every second pair has a finer colour map than the
literature's 8 × 8 of two bits. Encoding is what takes the time, so blurred photos are left out: they teach blur.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.images import shrink
from archive.painter import frame_size
from training.autoencoder import LATENT_CHANNELS, SHARP
from training.corpus import Corpus
from training.image_tower import DIMENSION, SIZES, normalize

AREA, MULTIPLE = 128 * 128, 32  # pixels; what the denoiser's levels can halve
MAPS = (coclico(DIMENSION), coclico(DIMENSION, map_bits=5))
BATCH = 32


@dataclass(frozen=True)
class Shelf:
    """n pictures of one frame."""

    latents: np.ndarray  # (n, z, h, w) float16, scaled to unit variance
    maps: np.ndarray  # (n, z, h, w) float16
    vectors: np.ndarray  # (n, D) float16, not normalised
    picture: np.ndarray  # (n,) int32, position in the corpus


def load_shelves(corpus: Corpus, rows: np.ndarray, tower: nn.Module, vae: nn.Module, folder: Path) -> list[Shelf]:
    """The sharp ones of the pictures `rows` of a corpus on shelves, made in `folder` the first time."""
    rows = rows[np.minimum(corpus.width, corpus.height)[rows] >= SHARP]
    frames = np.array([frame_size(corpus.width[row] / corpus.height[row], AREA, MULTIPLE) for row in rows])
    shelves = []
    for width, height in sorted(set(map(tuple, frames.tolist()))):
        place = folder / f"{width}x{height}"
        if not (place / "picture.npy").exists():
            chosen = rows[(frames == (width, height)).all(axis=1)]
            _fill(corpus, chosen, (width, height), tower=tower, vae=vae, place=place)
        names = Shelf.__dataclass_fields__
        shelves.append(Shelf(**{name: np.load(place / f"{name}.npy", mmap_mode="r") for name in names}))
    return shelves


def _fill(
    corpus: Corpus, rows: np.ndarray, frame: tuple[int, int], *, tower: nn.Module, vae: nn.Module, place: Path
) -> None:
    place.mkdir(parents=True, exist_ok=True)
    shape = (LATENT_CHANNELS, frame[1] // 8, frame[0] // 8)
    latents = np.lib.format.open_memmap(place / "latents.npy", "w+", np.float16, (len(rows), *shape))
    maps = np.lib.format.open_memmap(place / "maps.npy", "w+", np.float16, (len(rows), *shape))
    vectors = np.lib.format.open_memmap(place / "vectors.npy", "w+", np.float16, (len(rows), DIMENSION))
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        seen = [corpus.photo(int(row))[:, :: 1 - 2 * (int(row) % 2)] for row in rows[part]]
        latents[part] = _encode(vae, np.stack([_squash(one, frame) for one in seen]))
        vectors[part] = _vectors(tower, seen)
        codecs = [MAPS[int(row) // 2 % 2] for row in rows[part]]
        maps[part] = _encode(vae, np.stack([_enlarged(*one, frame) for one in zip(codecs, seen, strict=True)]))
    np.save(place / "picture.npy", rows.astype(np.int32))


def _squash(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def _enlarged(codec: Codec, picture: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """A picture → what the decoder starts from: its stored colour map, enlarged as archive.models.decoder does."""
    seen = shrink(np.ascontiguousarray(picture), codec.map_side)[None]
    vector = np.zeros((1, 0), np.float32)  # these maps are coded without a look at it
    colors_hat = (
        torch.from_numpy(codec.maps.decode(codec.maps.encode(seen, vector), vector)).permute(0, 3, 1, 2).float()
    )
    return F.interpolate(colors_hat, (frame[1], frame[0]), mode="bilinear")[0].permute(1, 2, 0).numpy()


@torch.inference_mode()
def _encode(vae: nn.Module, pixels: np.ndarray) -> np.ndarray:
    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.autocast("cpu", torch.bfloat16):
        latent = vae.encode(scaled).latent
    return (latent.float() * vae.config.scaling_factor).numpy().astype(np.float16)


@torch.inference_mode()
def _vectors(tower: nn.Module, pictures: list[np.ndarray]) -> np.ndarray:
    side = SIZES[-1][1]
    squashed = np.stack([_squash(picture, (side, side)) for picture in pictures])
    return tower(normalize(squashed)).numpy().astype(np.float16)
