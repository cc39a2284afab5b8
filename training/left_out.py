"""python -m training.left_out --data ../shared/data --work training/run

How well the image encoder knows photos of a source that it was not fitted to: one source after the
other is left out of the fit, and searched. Queries are text vectors, not the text encoder's, so
that images alone are measured. Flickr8k has sentences, one photo is right for each; the others have
names, mean average precision counts.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import torch

from archive.arrays import Vectors, unit
from training import image_encoder
from training.naming_scores import Scores, mean_average_precision
from training.networks import ImageEncoder
from training.pipeline import Pipeline
from training.text_targets import PhraseMap, name_targets

LEFT_OUT = {  # group → how the names of its sources begin
    "flickr8k": "flickr8k",
    "voc": "voc",
    "sun": "sun-",
    "caltech101": "caltech101",
    "animals": "animals",
    "instruments": "instruments",
    "sports": "sports",
}
PHOTOS = 1000  # of Flickr8k, drawn at random
AND = " and "  # between the names of a photo of VOC


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Folder with training/, training-scenes/ and embeddings/.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default="training/run",
    show_default=True,
    help="Folder for caches.",
)
@click.option("--seed", default=0, show_default=True, help="Random seed.")
def main(*, data: Path, work: Path, seed: int) -> None:
    """Print a JSON line of scores for every source left out."""
    torch.set_num_threads(2)
    pipeline = Pipeline(data, work, budget=0.0, seed=seed)
    photos = pipeline.photos
    queries = Queries(pipeline)
    for group, prefix in LEFT_OUT.items():
        is_out = np.char.startswith(photos.source, prefix)
        rows = photos.training_rows
        fitted = rows[~is_out[rows]]
        encoder = image_encoder.fit(pipeline.examples(fitted), seed=seed)
        out = np.flatnonzero(is_out & (photos.caption != ""))
        vectors = encode(encoder, pipeline.photo_features[out])
        click.echo(json.dumps({"left out": group, "photos": len(out), **queries(out, vectors)}))


def encode(encoder: ImageEncoder, features: npt.NDArray[np.float16]) -> Vectors:
    """(n, FEATURES) → (n, D) unit."""
    with torch.inference_mode():
        return unit(encoder.trunk.embed(torch.from_numpy(features).float()).numpy())


class Queries:
    """What the photos of a source are searched by."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._caption = pipeline.photos.caption
        self._key = pipeline.photos.key
        self._is_label = pipeline.photos.is_label
        self._texts = pipeline.clip_texts
        self._map = PhraseMap(self._texts)
        lines = (pipeline.data / "training-scenes" / "captions.jsonl").read_text().splitlines()
        facts = [json.loads(line) for line in lines]
        self._sentences = {fact["key"]: fact.get("captions", []) for fact in facts}

    def __call__(self, rows: npt.NDArray[np.intp], vectors: Vectors) -> Scores:
        """Photos and their vectors (n, D) → recall at 1 and 10, or mAP."""
        if self._is_label[rows[0]]:
            return self._names(rows, vectors)
        drawn = np.random.default_rng(0).permutation(len(rows))[:PHOTOS]
        pairs = [
            (photo, sentence)
            for photo, row in enumerate(rows[drawn])
            for sentence in self._sentences[str(self._key[row])]
        ]
        truth = np.array([photo for photo, _ in pairs])
        texts = self._map([sentence for _, sentence in pairs])
        scores = texts @ vectors[drawn].T
        rank = (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1)
        return {
            "R1": round(float((rank < 1).mean()), 3),
            "R10": round(float((rank < 10).mean()), 3),
        }

    def _names(self, rows: npt.NDArray[np.intp], vectors: Vectors) -> Scores:
        names_of = [str(caption).split(AND) for caption in self._caption[rows]]
        names = sorted({name for shown in names_of for name in shown})
        scores = name_targets(names, self._texts, self._map) @ vectors.T
        relevant = np.array([[name in shown for shown in names_of] for name in names])
        return {"names": len(names), "mAP": round(mean_average_precision(scores, relevant), 3)}


if __name__ == "__main__":
    main()
