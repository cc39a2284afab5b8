"""python -m training.match_scores --data ../shared/data

How often a search says rightly that something matches, and how often wrongly:

photos   the folder of photos, archived with the pocket pair, one archive for each codec; queries
         that fit and that do not, in training/match_queries.json: `choose` to choose LEAST_WORDS
         on, `report` to report
clip     real CLIP ViT-B/32 vectors: images of 40 captions among images of other kinds; captions
         of other photos, which often fit in part, and names of things of which no caption speaks.
         The background is 300 other names and 100 other captions, for its text encoder is not here

Prints a JSON line for each archive: the share of fitting queries that are kept, and of others that
are not refused, by LEAST_WORDS; and the curve: what is kept where this share of the others matches.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from archive.archive import Archive
from archive.arrays import Vectors, unit
from archive.codecs import CodecConfig
from archive.index.matches import LEAST_WORDS, spread, word_matcher
from training.text_targets import CAPTIONS_PER_PHOTO

QUERIES = Path(__file__).with_name("match_queries.json")
CODECS = {
    "klt 250 + 64": CodecConfig("klt", bits=250, map_bits=64),
    "klt 120 + 40": CodecConfig("klt", bits=120, map_bits=40),
    "klt 60 + 20": CodecConfig("klt", bits=60, map_bits=20),
    "coclico": CodecConfig("coclico"),
    "clip": CodecConfig("clip"),
}
FALSE_SHARES = (0.0, 0.025, 0.05, 0.1, 0.2)  # of the curve
HITS = 10
SIZES = (40, 500, 3000)  # rows of the archives of CLIP vectors
PLAIN_SOURCES = ("watch696", "patent1000_img", "fashion_phupham")  # watches, drawings, clothes
REPEATS = 4
Values = npt.NDArray[np.floating]


def rates(fitting: Values, others: Values) -> dict[str, Any]:
    """Best matches of queries that fit and of others → what is kept, and what is not refused."""
    thresholds = [np.sort(others)[-int(share * len(others)) - 1] for share in FALSE_SHARES]
    return {
        "kept": round(float((fitting >= LEAST_WORDS).mean()), 3),
        "false": round(float((others >= LEAST_WORDS).mean()), 3),
        "curve": {
            share: round(float((fitting > threshold).mean()), 3)
            for share, threshold in zip(FALSE_SHARES, thresholds, strict=True)
        },
    }


def photo_scores(data: Path, work: Path) -> list[dict[str, Any]]:
    """The folder of photos, archived with each codec."""
    queries = json.loads(QUERIES.read_text("utf-8"))
    scores = []
    for codec, config in CODECS.items():
        with Archive.create(work / codec, "pocket", codec=config) as archive:
            for _ in archive.ingest(data / "photos"):
                pass
            for split, listed in queries.items():
                fitting, others = (best_matches(archive, listed[kind]) for kind in listed)
                facts = {"archive": "photos", "codec": codec, "rows": len(archive), "split": split}
                scores.append(facts | rates(fitting, others))
    return scores


def best_matches(archive: Archive, queries: Sequence[str]) -> Values:
    """The best match of each query's hits."""
    return np.array([max(hit.match or 0.0 for hit in hits) for hits in archive.search(queries)])


def clip_scores(embeddings: Path) -> list[dict[str, Any]]:
    """Real CLIP vectors, not quantized, in archives of three sizes."""
    vectors = {
        name: np.load(embeddings / f"openai_vitb32_{name}.npz")
        for name in ("captions", "class_names", "images")
    }
    scores = []
    for rows in SIZES:
        repeats = [_clip_matches(vectors, rows, np.random.default_rng(s)) for s in range(REPEATS)]
        for kind in ("captions", "names"):
            fitting, others = (
                np.concatenate([repeat[column] for repeat in repeats])
                for column in ("fitting", kind)
            )
            facts = {"archive": "clip", "rows": rows, "others": kind}
            scores.append(facts | rates(fitting, others))
    return scores


def _clip_matches(
    vectors: Mapping[str, Any], rows: int, rng: np.random.Generator
) -> dict[str, Values]:
    """Best matches of captions that fit, of captions of other photos, and of other names."""
    flickr, classes, images = (vectors[name] for name in ("captions", "class_names", "images"))
    photos = rng.permutation(len(flickr["image"]) // CAPTIONS_PER_PHOTO)
    background, archived, others = np.split(photos, [20, 60])
    texts = flickr["text"].astype(np.float32)
    names = np.concatenate([classes["lvis"], classes["imagenet"]]).astype(np.float32)
    words = [set(re.findall("[a-z]+", str(name).lower())) for name in _names(classes)]
    captions = " ".join(flickr["captions"][_captions(archived)]).lower()
    spoken_of = set(re.findall("[a-z]+", captions))
    order = rng.permutation(len(names))
    unspoken = [place for place in order[300:] if not words[place] & spoken_of][:300]
    phrases = unit(np.concatenate([names[order[:300]], texts[_captions(background)]]))
    pool = np.flatnonzero(np.isin(images["source"], PLAIN_SOURCES))
    filler = images["vectors"][rng.permutation(pool)[: rows - len(archived)]]
    flickr_images = flickr["image"][CAPTIONS_PER_PHOTO * archived]
    archive = np.concatenate([flickr_images, filler]).astype(np.float32)
    asked = {
        "fitting": texts[_captions(archived)],
        "captions": texts[_captions(others)],
        "names": names[unspoken],
    }
    return {kind: _best(queries, archive, phrases) for kind, queries in asked.items()}


def _captions(photos: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Photos → places of their captions."""
    return (CAPTIONS_PER_PHOTO * photos[:, None] + np.arange(CAPTIONS_PER_PHOTO)).ravel()


def _names(classes: Mapping[str, Any]) -> list[str]:
    return [*classes["lvis_names"], *classes["imagenet_names"]]


def _best(queries: Vectors, archive: Vectors, phrases: Vectors) -> Values:
    usual = {0: spread(archive, phrases)}
    best = []
    for query in queries:
        nearest = archive[np.argsort(-(unit(archive) @ query))[:HITS]]
        matches = word_matcher(query, phrases, usual_spread=usual, rows=len(archive))(0, nearest)
        best.append(max(match.value for match in matches))
    return np.array(best)


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Folder with photos/ and embeddings/.",
)
def main(*, data: Path) -> None:
    """Print a JSON line of scores for each archive."""
    with tempfile.TemporaryDirectory() as work:
        for scores in clip_scores(data / "embeddings") + photo_scores(data, Path(work)):
            click.echo(json.dumps(scores))


if __name__ == "__main__":
    main()
