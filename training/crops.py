"""Crops of the training photos, and what the teacher says of each.

Every photo has VIEWS fixed crops (blurred photos fewer): the whole image, then random ones (area
25-100 %, aspect 3:4-4:3). The teacher (MobileNetV2, 224 px) classifies each once, and the student
is trained on exactly the same crops: consistent distillation (Beyer et al., arXiv 2106.05237) at
the price of one pass of the teacher.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from archive.arrays import Pixels, Vectors
from training.corpus import Corpus
from training.teacher import PIXELS, Teacher

VIEWS = 8  # per photo
VIEWS_BLURRED = 3  # per photo that is not sharp
TOP = 10  # classes kept of the teacher's answer


@dataclass(frozen=True)
class Views:
    """M crops and the teacher's answers."""

    photo: npt.NDArray[np.int32]  # (M,) row of the corpus
    box: Vectors  # (M, 4) x0, y0, x1, y1 in pixels of the photo
    label: npt.NDArray[np.int16]  # (M, TOP) the teacher's best classes, 0…999
    probability: Vectors  # (M, TOP)
    features: npt.NDArray[np.uint8]  # (M, FEATURES), in the teacher's own quantization

    def __len__(self) -> int:
        return len(self.photo)


def load_views(corpus: Corpus, teacher: Path, work: Path, *, workers: int) -> Views:
    """The crops of every photo with the teacher's answers, computed once and kept in `work`."""
    cache = work / "views.npz"
    if not cache.exists():
        photo, box = _random_boxes(corpus)
        parts = np.array_split(np.arange(len(photo)), 64)
        with ProcessPoolExecutor(
            workers, initializer=_open_teacher, initargs=(corpus, teacher)
        ) as pool:
            photos = [photo[part] for part in parts]
            boxes = [box[part] for part in parts]
            answers = list(pool.map(_classify_crops, photos, boxes))
        label, probability, features = (
            np.concatenate(column) for column in zip(*answers, strict=True)
        )
        np.savez(
            cache, photo=photo, box=box, label=label, probability=probability, features=features
        )
    columns = np.load(cache)
    return Views(**{name: columns[name] for name in columns.files})


def crop(corpus: Corpus, photo: int, box: Vectors, pixels: int | tuple[int, int]) -> Pixels:
    """One crop resized to (H, W, 3) uint8; `pixels` is a side or (width, height)."""
    size = (pixels, pixels) if isinstance(pixels, int) else pixels
    x0, y0, x1, y1 = (float(value) for value in box)
    image = Image.fromarray(corpus.photo(photo))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC, box=(x0, y0, x1, y1)))


def full_box(corpus: Corpus, photo: int) -> Vectors:
    """(4,) the box of the whole photo."""
    return np.array([0, 0, corpus.width[photo], corpus.height[photo]], np.float32)


def _random_boxes(corpus: Corpus) -> tuple[npt.NDArray[np.int32], Vectors]:
    rng = np.random.default_rng(7)
    photos = []
    boxes = []
    sharp = corpus.sharp
    for photo in range(len(corpus)):
        width = int(corpus.width[photo])
        height = int(corpus.height[photo])
        views = VIEWS if sharp[photo] else VIEWS_BLURRED
        photos += [photo] * views
        boxes.append(full_box(corpus, photo))
        for _ in range(views - 1):
            area = rng.uniform(0.25, 1.0)
            aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
            # relative to the photo's own shape: a crop of area 1 and aspect 1 is the whole photo
            across = min(1.0, float(np.sqrt(area * aspect))) * width
            down = min(1.0, float(np.sqrt(area / aspect))) * height
            x0 = rng.uniform(0, width - across)
            y0 = rng.uniform(0, height - down)
            boxes.append(np.array([x0, y0, x0 + across, y0 + down], np.float32))
    return np.array(photos, np.int32), np.stack(boxes).astype(np.float32)


_corpus: Corpus  # of a worker process
_teacher: Teacher


def _open_teacher(corpus: Corpus, model: Path) -> None:
    global _corpus, _teacher  # noqa: PLW0603 (set once in each worker process)
    _corpus = corpus
    _teacher = Teacher(model)


def _classify_crops(
    photos: npt.NDArray[np.int32], boxes: Vectors
) -> tuple[npt.NDArray[np.int16], Vectors, npt.NDArray[np.uint8]]:
    answers = []
    features = []
    for photo, box in zip(photos, boxes, strict=True):
        pixels = crop(_corpus, int(photo), box, PIXELS)
        answer, feature = _teacher.classify_with_features(pixels)
        answers.append(answer)
        features.append(feature)
    probabilities = np.stack(answers)
    top = np.argsort(-probabilities, axis=1)[:, :TOP]
    best = np.take_along_axis(probabilities, top, axis=1)
    return top.astype(np.int16), best, np.stack(features)
