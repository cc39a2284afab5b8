"""What each of the decoder's zero-bit gains is worth: one after the other, on held-in photos, judged by the teacher.

    map            the stored colour map, enlarged
    plain          CoCliCo's decoding: the decoded embedding as it is, noise level 0
    + level        the embedding told as noisy as its codec made it
    + cells        the colours brought into the map's cells at the end
    + guidance     steps towards what the archive's encoder sees as the embedding (CLIP guidance)
    + best of 8    instead of that: of eight candidates the one that fits the row, by the archive's own encoder
    + pull         instead of that: every step drawn towards the map

*similarity*: cosine of original and picture in the teacher's eyes, about the mean of the originals; *gain*: over the
way it adds to, with the standard error of the paired difference. *colour*: the colour score, of 32 × 32 maps, 0 … 1.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from archive.archive import Archive
from archive.imaging.encode import save_image
from archive.imaging.resize import resize, to_square
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.restore.reconstruct import color_score, cosines
from archive.settings import Settings
from training.corpus import load_corpus
from training.evaluate import sharp_photos
from training.teacher import Teacher
from training.teacher_metrics import TeacherMetrics, identified
from training.text_targets import load_known

PULL = 0.05


def measure(data: Path, work: Path, count: int, codec: str) -> Iterator[dict[str, object]]:
    """One line a way of decoding."""
    corpus = load_corpus(data / "training", work, test_folder=data / "photos")
    known = load_known(data / "embeddings", data / "training" / "captions.txt.gz")
    judge = TeacherMetrics(
        Teacher(next((data / "teacher").glob("*.tflite"))), known.vectors[known.imagenet]
    )
    photos = sharp_photos(
        corpus, count
    )  # sampling options were chosen on the 200 after the first 200
    truth = judge.vectors(photos)
    known_ways: dict[str, np.ndarray] = {}
    for name, base, pictures in _ways(photos, codec):
        similar = cosines(judge.vectors(pictures) - truth.mean(axis=0), truth - truth.mean(axis=0))
        colors = [
            color_score(to_square(a, 32), to_square(b, 32))
            for a, b in zip(photos, pictures, strict=True)
        ]
        gain = similar - known_ways[base] if base else None
        known_ways[name] = similar
        yield {
            "codec": codec,
            "way": name,
            "photos": len(photos),
            "similarity": round(float(similar.mean()), 4),
            "gain": None if gain is None else round(float(gain.mean()), 4),
            "gain_error": None if gain is None else round(float(gain.std() / len(gain) ** 0.5), 4),
            "id@5": round(identified(judge, photos, pictures), 3),
            "colour": round(float(np.mean(colors)), 5),
        }


def _ways(photos: list[np.ndarray], codec: str) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """Name, the way it adds to, and pictures of every way, through an archive of PNG files."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "photos")
        folder.mkdir()
        for number, photo in enumerate(photos):
            save_image(folder / f"{number:05}.png", photo)
        with Archive.create(
            Settings(str(Path(place, "archive"))), find_pair("pocket"), codec=codec
        ) as archive:
            list(archive.ingest([str(folder)]))
            rows = sorted(archive.rows(), key=lambda row: row.path)
            maps = [
                archive.codecs[row.codec_id].decode([row.clip_code], [row.color_code])[1][0]
                for row in rows
            ]
            yield (
                "map",
                "",
                [resize(one, *photo.shape[1::-1]) for one, photo in zip(maps, photos, strict=True)],
            )
            for name, base, sampling in _samplings(archive.pair.sampling):
                reconstructor = archive.reconstructor(sampling)
                yield (
                    name,
                    base,
                    [reconstructor.reconstruct([row], [row.id])[0].pixels for row in rows],
                )


def _samplings(usual: Sampling) -> Iterator[tuple[str, str, Sampling]]:
    """Name of a way, the way it adds to, and how it draws."""
    plain = replace(
        usual,
        noise_level=0,
        clip_guidance=0.0,
        low_frequency_guidance=0.0,
        project_colors=False,
        candidates=1,
    )
    level = replace(plain, noise_level=None)
    cells = replace(level, project_colors=True)
    yield "plain", "map", plain
    yield "+ level", "plain", level
    yield "+ cells", "+ level", cells
    yield "+ guidance", "+ cells", replace(cells, clip_guidance=usual.clip_guidance)
    yield "+ best of 8", "+ cells", replace(cells, candidates=8)
    yield "+ pull", "+ cells", replace(cells, low_frequency_guidance=PULL)
