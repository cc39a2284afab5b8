"""How well the encoders name photos and find captions, on validation data.

naming      is a photo's caption among the k nearest of all captions, by the encoder and by the
            teacher; by source: is it the nearest among the captions of its own source
mAP         mean average precision of the captions as queries over the validation photos
text        validation names and captions: is the right vector among the ten nearest
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, unit
from archive.models.encoder import OpenClipEncoder
from training.corpus import Corpus
from training.metrics import TeacherMetrics
from training.text_targets import CAPTIONS_PER_PHOTO, ClipTexts, PhraseMap, name_targets

BATCH = 64
Scores = dict[str, float]


def name_photos(
    corpus: Corpus, clip_texts: ClipTexts, encoder: OpenClipEncoder, metrics: TeacherMetrics
) -> dict[str, Scores]:
    """Naming of the validation photos with a caption, by the encoder and by the teacher."""
    is_named = corpus.is_label & (corpus.caption != "")
    rows = [int(row) for row in corpus.validation_rows if is_named[row]]
    names = sorted(set(map(str, corpus.caption[is_named])))
    vectors = name_targets(names, clip_texts, PhraseMap(clip_texts))
    truth = np.array([names.index(str(corpus.caption[row])) for row in rows])
    photos = [corpus.photo(row) for row in rows]
    batches = [photos[start : start + BATCH] for start in range(0, len(photos), BATCH)]
    encoded = [
        encoder.encode_images([encoder.preprocess(photo.copy()) for photo in batch])
        for batch in batches
    ]
    embeddings = {"encoder": np.concatenate(encoded), "teacher": metrics.embed(photos)}
    by_name = dict(zip(names, vectors, strict=True))
    scores: dict[str, Scores] = {}
    for source, photo_vectors in embeddings.items():
        values = naming(photo_vectors, vectors, truth)
        scores[source] = {key: round(value, 4) for key, value in values.items()}
    for source, photo_vectors in embeddings.items():
        scores[f"{source} by source"] = naming_by_source(corpus, rows, photo_vectors, by_name)
    return scores


def naming(vectors: Vectors, names: Vectors, truth: npt.NDArray[np.int64]) -> Scores:
    """Recall of the true name at 1, 5, 10, and mAP of the names as queries over the images."""
    scores = unit(vectors) @ names.T
    rank = (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1)
    shown = np.unique(truth)
    return {
        "R1": float((rank < 1).mean()),
        "R5": float((rank < 5).mean()),
        "R10": float((rank < 10).mean()),
        "mAP": mean_average_precision(scores[:, shown].T, truth == shown[:, None]),
    }


def mean_average_precision(scores: Vectors, relevant: npt.NDArray[np.bool_]) -> float:
    """Of queries × images, both arguments; every query has an image that is relevant."""
    precisions = []
    for order, is_relevant in zip(np.argsort(-scores), relevant, strict=True):
        ranked = is_relevant[order]
        precisions.append((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean())
    return float(np.mean(precisions))


def naming_by_source(
    corpus: Corpus, rows: Sequence[int], vectors: Vectors, name_vectors: Mapping[str, Vectors]
) -> Scores:
    """Of each source's photos, the share whose caption is the nearest of that source's captions."""
    scores = {}
    for source in sorted(set(map(str, corpus.source[rows]))):
        names = sorted(set(map(str, corpus.caption[corpus.source == source])) - {""})
        photos = np.flatnonzero(corpus.source[rows] == source)
        candidates = np.stack([name_vectors[name] for name in names])
        nearest = (unit(vectors[photos]) @ candidates.T).argmax(axis=1)
        correct = [
            names[name] == corpus.caption[rows[photo]]
            for name, photo in zip(nearest.tolist(), photos.tolist(), strict=True)
        ]
        key = f"{source}, {len(photos)} photos, {len(names)} names"
        scores[key] = round(float(np.mean(correct)), 2)
    return scores


def text_retrieval(encoder: OpenClipEncoder, clip_texts: ClipTexts) -> Scores:
    """Validation names and captions, against real CLIP vectors."""
    rows = np.flatnonzero(clip_texts.validation)
    first_synonyms = [clip_texts.names[row].split(",")[0] for row in rows]
    name_scores = unit(encoder.encode_texts(first_synonyms)) @ clip_texts.vectors.T
    name_rank = (name_scores > name_scores[np.arange(len(rows)), rows][:, None]).sum(axis=1)
    photos = clip_texts.photo_vectors[::CAPTIONS_PER_PHOTO]
    truth = np.flatnonzero(clip_texts.caption_validation) // CAPTIONS_PER_PHOTO
    caption_scores = unit(encoder.encode_texts(clip_texts.validation_captions())) @ photos.T
    true_scores = caption_scores[np.arange(len(truth)), truth][:, None]
    caption_rank = (caption_scores > true_scores).sum(axis=1)
    return {
        "validation_names_R10": float((name_rank < 10).mean()),
        "validation_captions_R10": float((caption_rank < 10).mean()),
    }
