"""Training photos as one flat array.

    photos-*.tar (WebP) + captions.jsonl ─pack─► pixels.u8 (all pictures, row after row) + corpus.npz (where each lies)

Packed once, then memory-mapped: a crop is a view. Every fiftieth photo by the hash of its key is *held in*: never
trained on, only measured; the split depends on nothing but the key. Photos that also stand in a folder kept for testing
(the same picture at another size) are neither trained on nor measured.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

HELD_IN_EVERY = 50  # one photo in fifty is kept for measuring
THUMB = 16  # pixels a side of the grey thumbnails that find the same picture at another size
SHARP = 128  # pixels of the short side; smaller photos teach blur
SAME_PICTURE = 0.97  # correlation of two thumbnails; different photos of the corpus stay below 0.96


@dataclass(frozen=True)
class Corpus:
    """N photos: flat pixels and, per photo, where they start, height, width, caption ('' if unknown), source, split."""

    pixels: np.ndarray  # (total bytes,) uint8, memory-mapped
    start: np.ndarray  # (N,) int64
    height: np.ndarray  # (N,) int32
    width: np.ndarray  # (N,) int32
    key: np.ndarray  # (N,) str
    caption: np.ndarray  # (N,) str
    source: np.ndarray  # (N,) str
    validation: np.ndarray  # (N,) bool, only measured
    excluded: np.ndarray  # (N,) bool, stands in a test folder as well

    def __len__(self) -> int:
        return len(self.start)

    def photo(self, position: int) -> np.ndarray:
        """position → (H, W, 3) uint8, a view."""
        height = int(self.height[position])
        width = int(self.width[position])
        start = int(self.start[position])
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    @property
    def sharp(self) -> np.ndarray:
        """(N,) bool: is the short side at least SHARP?"""
        return np.minimum(self.height, self.width) >= SHARP

    @property
    def trained(self) -> np.ndarray:
        """Positions that may be trained on."""
        return np.flatnonzero(~self.validation & ~self.excluded)

    @property
    def measured(self) -> np.ndarray:
        """Positions of the held-in split."""
        return np.flatnonzero(self.validation & ~self.excluded)


def is_validation(key: str) -> bool:
    """The split, from the key alone."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % HELD_IN_EVERY == 0


def load_corpus(source: Path, work: Path, *, test_folder: Path) -> Corpus:
    """Folder of tars and captions → Corpus, packing it into `work` the first time."""
    index = work / "corpus.npz"
    flat = work / "pixels.u8"
    if not index.exists():
        work.mkdir(parents=True, exist_ok=True)
        _pack(source, index, flat, _thumbs_of(test_folder))
    columns = np.load(index)
    return Corpus(
        pixels=np.memmap(flat, np.uint8, "r"), **{name: columns[name] for name in columns.files}
    )


def _pack(source: Path, index: Path, flat: Path, kept_out: np.ndarray) -> None:
    lines = [json.loads(line) for line in (source / "captions.jsonl").read_text().splitlines()]
    told = {line["key"]: line for line in lines}
    starts = []
    heights = []
    widths = []
    keys = []
    excluded = []
    position = 0
    with flat.open("wb") as out:
        for key, encoded in _members(source):
            pixels = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))
            out.write(pixels.tobytes())
            starts.append(position)
            heights.append(pixels.shape[0])
            widths.append(pixels.shape[1])
            keys.append(key)
            excluded.append(bool((kept_out @ _thumb(Image.fromarray(pixels)) > SAME_PICTURE).any()))
            position += pixels.size
    np.savez(
        index,
        start=np.array(starts, np.int64),
        height=np.array(heights, np.int32),
        width=np.array(widths, np.int32),
        key=np.array(keys),
        caption=np.array([told[key]["caption"] for key in keys]),
        source=np.array([told[key]["source"] for key in keys]),
        validation=np.array([is_validation(key) for key in keys]),
        excluded=np.array(excluded),
    )


def _members(source: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(source.glob("photos-*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                opened = tar.extractfile(member)
                if opened is not None:
                    yield Path(member.name).stem, opened.read()


def _thumb(picture: Image.Image) -> np.ndarray:
    """→ (THUMB²,) float32: grey, mean 0, norm 1."""
    grey = np.asarray(
        picture.convert("L").resize((THUMB, THUMB), Image.Resampling.BOX), np.float32
    ).ravel()
    grey -= grey.mean()
    return grey / (np.linalg.norm(grey) + 1e-6)


def _thumbs_of(folder: Path) -> np.ndarray:
    """Every readable picture below `folder` → (n, THUMB²) float32."""
    thumbs = [np.zeros(THUMB * THUMB, np.float32)]
    for path in sorted(folder.rglob("*")):
        with (
            contextlib.suppress(OSError, Image.DecompressionBombError),
            Image.open(path) as picture,
        ):
            picture.draft("L", (4 * THUMB, 4 * THUMB))
            thumbs.append(_thumb(picture))
    return np.stack(thumbs)
