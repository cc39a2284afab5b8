"""Ablation: decoder improvements at no extra bits, on validation photos, scored by the teacher.

    map            the stored color map, enlarged
    plain          CoCliCo's decoding: the decoded embedding as it is, noise level 0
    + level        the noise level of the embedding matched to its codec
    + cells        colors projected into the map's quantization cells at the end
    + guidance     CLIP guidance by the archive's encoder
    + best of 8    instead of that: of eight candidates, the one that fits the row best
    + pull         instead of that: low-frequency guidance, every step pulled toward the map

similarity: cosine of original and restoration by the teacher, centered on the mean of the
originals; gain: over the method it extends, with the standard error of the paired difference.
color: the color score, of 32 × 32 maps, 0…1.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.archive import Archive
from archive.arrays import Pixels, Vectors, cosine
from archive.imaging.encode import save_image
from archive.imaging.resize import resize
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.settings import Settings
from training.evaluate import load_data
from training.metrics import identification_rate
from training.restoration_scores import color_score, sharp_photos

PULL = 0.05  # of low-frequency guidance


@dataclass(frozen=True)
class Method:
    """A way of decoding and the images it gives."""

    name: str
    base: str  # the method it extends; '' for none
    images: Sequence[Pixels]


def measure(data: Path, work: Path, count: int, codec: str) -> Iterator[dict[str, object]]:
    """One line per method of decoding."""
    corpus, _, metrics = load_data(data, work)
    photos = sharp_photos(corpus, count)  # sampling options were chosen on photos 200 … 399
    truth = metrics.embed(photos)
    centered_truth = truth - truth.mean(axis=0)
    similarities: dict[str, Vectors] = {}
    for method in _methods(photos, codec):
        similarity = cosine(metrics.embed(method.images) - truth.mean(axis=0), centered_truth)
        similarities[method.name] = similarity
        line: dict[str, object] = {
            "codec": codec,
            "method": method.name,
            "photos": len(photos),
            "similarity": round(float(similarity.mean()), 4),
            "gain": None,
            "gain_error": None,
            "id@5": round(identification_rate(metrics, photos, method.images), 3),
            "color": round(color_score(photos, method.images), 5),
        }
        if method.base:
            gain = similarity - similarities[method.base]
            line["gain"] = round(float(gain.mean()), 4)
            line["gain_error"] = round(float(gain.std() / len(gain) ** 0.5), 4)
        yield line


def _methods(photos: Sequence[Pixels], codec: str) -> Iterator[Method]:
    """Every method, through an archive of PNG files."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "photos")
        folder.mkdir()
        for number, photo in enumerate(photos):
            save_image(folder / f"{number:05}.png", photo)
        settings = Settings(str(Path(temporary, "archive")))
        with Archive.create(settings, find_pair("pocket"), codec=codec) as archive:
            list(archive.ingest([str(folder)]))
            rows = sorted(archive, key=lambda row: row.path)
            maps = []
            for row, photo in zip(rows, photos, strict=True):
                _, colors_hat = archive._codecs[row.codec_id].decode(
                    [row.clip_code], [row.color_code]
                )
                maps.append(resize(colors_hat[0], photo.shape[1], photo.shape[0]))
            yield Method("map", "", maps)
            for name, base, sampling in _samplings(archive.sampling):
                reconstructor = archive.reconstructor(sampling)
                images = [reconstructor.reconstruct([row], [row.id])[0].pixels for row in rows]
                yield Method(name, base, images)


def _samplings(default: Sampling) -> Iterator[tuple[str, str, Sampling]]:
    """Name of a method, the method it extends, and its sampling."""
    plain = replace(
        default,
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
    yield "+ guidance", "+ cells", replace(cells, clip_guidance=default.clip_guidance)
    yield "+ best of 8", "+ cells", replace(cells, candidates=8)
    yield "+ pull", "+ cells", replace(cells, low_frequency_guidance=PULL)
