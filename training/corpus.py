"""Training photos as one flat array, split into training and validation.

    photos-*.tar + captions.jsonl, of every folder ─pack─► pixels.u8 (all images) + corpus.npz

Packed once, then memory-mapped: a crop is a view. The splits:

    training      49 of 50 photos
    validation    every fiftieth photo, by the hash of its key: never trained on, used to measure
                  and to choose; the split depends on nothing but the key
    neither       photos that also occur, at whatever size, in the folder of test photos
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from archive.arrays import Pixels, Vectors

VALIDATION_EVERY = 50  # one photo in fifty is for validation
EVERYDAY = "training-scenes"  # the folder of everyday photos
LABEL = "label"  # the kind of caption where a folder does not say
THUMBNAIL = 16  # pixels a side; gray thumbnails find the same image at another size
SHARP = 128  # pixels of the short side; smaller photos would teach blur
SAME_IMAGE = 0.97  # correlation of two thumbnails; different photos stay below 0.96


@dataclass(frozen=True)
class Corpus:
    """N images: flat pixels and, per image, offset, height, width, caption, source and split."""

    pixels: Pixels  # (total bytes,) uint8, memory-mapped
    start: npt.NDArray[np.int64]  # (N,)
    height: npt.NDArray[np.int32]  # (N,)
    width: npt.NDArray[np.int32]  # (N,)
    key: npt.NDArray[np.str_]  # (N,)
    caption: npt.NDArray[np.str_]  # (N,), '' if unknown
    is_label: npt.NDArray[np.bool_]  # (N,), the caption is a name and not a sentence
    source: npt.NDArray[np.str_]  # (N,)
    is_everyday: npt.NDArray[np.bool_]  # (N,), shows many things, as people photograph
    validation: npt.NDArray[np.bool_]  # (N,)
    test_duplicate: npt.NDArray[np.bool_]  # (N,), also in the folder of test photos

    def __len__(self) -> int:
        return len(self.start)

    def photo(self, row: int) -> Pixels:
        """Row → (H, W, 3) uint8, a view."""
        height = int(self.height[row])
        width = int(self.width[row])
        start = int(self.start[row])
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    @property
    def sharp(self) -> npt.NDArray[np.bool_]:
        """(N,) bool: is the short side at least SHARP?"""
        return np.minimum(self.height, self.width) >= SHARP

    @property
    def training_rows(self) -> npt.NDArray[np.intp]:
        """Rows of the training split."""
        return np.flatnonzero(~self.validation & ~self.test_duplicate)

    @property
    def validation_rows(self) -> npt.NDArray[np.intp]:
        """Rows of the validation split."""
        return np.flatnonzero(self.validation & ~self.test_duplicate)


def is_validation(key: str) -> bool:
    """Whether a photo is for validation, from its key alone."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % VALIDATION_EVERY == 0


def load_photos(data: Path, work: Path) -> Corpus:
    """The folder of all data → its training and validation photos."""
    folders = [data / "training", data / EVERYDAY]
    return load_corpus(folders, work, test_folder=data / "photos")


def load_corpus(sources: Sequence[Path], work: Path, *, test_folder: Path) -> Corpus:
    """Folders of tars and captions → Corpus, packed into `work` the first time."""
    index = work / "corpus.npz"
    flat = work / "pixels.u8"
    if not index.exists():
        work.mkdir(parents=True, exist_ok=True)
        _pack(sources, index, flat, _thumbnails_of(test_folder))
    return open_corpus(index, flat)


def open_corpus(index: Path, flat: Path) -> Corpus:
    """A packed corpus, its pixels memory-mapped."""
    columns = np.load(index)
    arrays = {name: columns[name] for name in columns.files}
    return Corpus(pixels=np.memmap(flat, np.uint8, "r"), **arrays)


def _pack(sources: Sequence[Path], index: Path, flat: Path, test_thumbnails: Vectors) -> None:
    lines = [
        json.loads(line)
        for source in sources
        for line in (source / "captions.jsonl").read_text().splitlines()
    ]
    facts = {line["key"]: line for line in lines}
    is_everyday = []
    starts = []
    heights = []
    widths = []
    keys = []
    test_duplicate = []
    position = 0
    with flat.open("wb") as out:
        for folder, key, encoded in (
            (source.name, *member) for source in sources for member in _members(source)
        ):
            is_everyday.append(folder == EVERYDAY)
            pixels = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))
            out.write(pixels.tobytes())
            starts.append(position)
            heights.append(pixels.shape[0])
            widths.append(pixels.shape[1])
            keys.append(key)
            correlations = test_thumbnails @ _thumbnail(Image.fromarray(pixels))
            test_duplicate.append(bool((correlations > SAME_IMAGE).any()))
            position += pixels.size
    np.savez(
        index,
        start=np.array(starts, np.int64),
        height=np.array(heights, np.int32),
        width=np.array(widths, np.int32),
        key=np.array(keys),
        caption=np.array([facts[key]["caption"] for key in keys]),
        is_label=np.array([facts[key].get("kind", LABEL) == LABEL for key in keys]),
        source=np.array([facts[key]["source"] for key in keys]),
        is_everyday=np.array(is_everyday),
        validation=np.array([is_validation(key) for key in keys]),
        test_duplicate=np.array(test_duplicate),
    )


def _members(source: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(source.glob("photos-*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                opened = tar.extractfile(member)
                if opened is not None:
                    yield Path(member.name).stem, opened.read()


def _thumbnail(image: Image.Image) -> Vectors:
    """→ (THUMBNAIL²,) float32: gray, mean 0, norm 1."""
    small = image.convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    gray: Vectors = np.asarray(small, np.float32).ravel()
    gray -= gray.mean()
    return gray / np.float32(np.linalg.norm(gray) + 1e-6)


def _thumbnails_of(folder: Path) -> Vectors:
    """Every readable image below `folder` → (n, THUMBNAIL²) float32."""
    thumbnails = [np.zeros(THUMBNAIL * THUMBNAIL, np.float32)]
    unreadable = (OSError, Image.DecompressionBombError)
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(*unreadable), Image.open(path) as image:
            image.draft("L", (4 * THUMBNAIL, 4 * THUMBNAIL))
            thumbnails.append(_thumbnail(image))
    return np.stack(thumbnails)
