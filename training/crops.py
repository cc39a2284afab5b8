"""Views of the training photos, and what the teacher says of each.

Every photo is seen through VIEWS fixed windows (those of 64 pixels through fewer): the whole picture first, then
random ones (area 25–100 %, aspect 3:4–4:3). The teacher (MobileNetV2, 224 px) looks at each window once, and the
student sees exactly the same windows: consistent distillation (Beyer et al., arXiv 2106.05237) at the price of one
pass of the teacher.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from training.corpus import Corpus
from training.teacher import PIXELS, Teacher

VIEWS = 8  # windows a photo
FEWER = 3  # for a photo that is not sharp
TOP = 10  # classes kept of the teacher's answer


@dataclass(frozen=True)
class Views:
    """M windows: photo, box (x0, y0, x1, y1) in its pixels, the teacher's TOP classes, probabilities, features."""

    photo: np.ndarray  # (M,) int32
    box: np.ndarray  # (M, 4) float32
    label: np.ndarray  # (M, TOP) int16, 0…999
    probability: np.ndarray  # (M, TOP) float32
    features: np.ndarray  # (M, FEATURES) uint8, of the teacher's last layer, as it counts them

    def __len__(self) -> int:
        return len(self.photo)


def load_views(corpus: Corpus, teacher: Path, work: Path, *, workers: int) -> Views:
    """The windows of every photo, answered by the teacher once and kept in `work`."""
    kept = work / "views.npz"
    if not kept.exists():
        photo, box = _windows(corpus)
        parts = np.array_split(np.arange(len(photo)), 64)
        with ProcessPoolExecutor(
            workers, initializer=_open_teacher, initargs=(corpus, teacher)
        ) as pool:
            answers = list(
                pool.map(
                    _ask_teacher, [photo[part] for part in parts], [box[part] for part in parts]
                )
            )
        label, probability, features = (
            np.concatenate(column) for column in zip(*answers, strict=True)
        )
        np.savez(
            kept, photo=photo, box=box, label=label, probability=probability, features=features
        )
    columns = np.load(kept)
    return Views(**{name: columns[name] for name in columns.files})


def cut(corpus: Corpus, photo: int, box: np.ndarray, pixels: int | tuple[int, int]) -> np.ndarray:
    """One window resized to (H, W, 3) uint8; `pixels` is a side or (width, height)."""
    size = (pixels, pixels) if isinstance(pixels, int) else pixels
    x0, y0, x1, y1 = (float(value) for value in box)
    picture = Image.fromarray(corpus.photo(photo))
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC, box=(x0, y0, x1, y1)))


def whole(corpus: Corpus, photo: int) -> np.ndarray:
    """The box of the whole photo."""
    return np.array([0, 0, corpus.width[photo], corpus.height[photo]], np.float32)


def _windows(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    photos = []
    boxes = []
    sharp = corpus.sharp
    for photo in range(len(corpus)):
        width = int(corpus.width[photo])
        height = int(corpus.height[photo])
        views = VIEWS if sharp[photo] else FEWER
        photos += [photo] * views
        boxes.append(whole(corpus, photo))
        for _ in range(views - 1):
            area = rng.uniform(0.25, 1.0)
            aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
            # relative to the photo's own shape: a window of area 1 and aspect 1 is the whole photo
            across = min(1.0, float(np.sqrt(area * aspect))) * width
            down = min(1.0, float(np.sqrt(area / aspect))) * height
            x0 = rng.uniform(0, width - across)
            y0 = rng.uniform(0, height - down)
            boxes.append(np.array([x0, y0, x0 + across, y0 + down], np.float32))
    return np.array(photos, np.int32), np.stack(boxes).astype(np.float32)


def _open_teacher(corpus: Corpus, model: Path) -> None:
    global _corpus, _teacher
    _corpus = corpus
    _teacher = Teacher(model)


def _ask_teacher(
    photos: np.ndarray, boxes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    looks = [
        _teacher.look(cut(_corpus, int(p), b, PIXELS)) for p, b in zip(photos, boxes, strict=True)
    ]
    answers, features = (np.stack(column) for column in zip(*looks, strict=True))
    top = np.argsort(-answers, axis=1)[:, :TOP]
    return top.astype(np.int16), np.take_along_axis(answers, top, axis=1), features
