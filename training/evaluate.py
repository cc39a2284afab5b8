"""python -m training.evaluate --data ../shared/data --pair archive/models/pocket

Scores of a pair on the held-in photos, through the same doors as the product, beside what bounds them:

    naming     is a photo's caption among the k nearest of all captions, for the tower and for the teacher;
               by source: is it the nearest of the captions of its own source
    mAP        mean average precision of the captions as queries over the held-in photos
    words      held-out names and captions: is the right vector among the ten nearest
    PSNR       the autoencoder on whole photos in the decoder's frame
    id@5       of 64 photos: is the original among the five nearest, by the teacher, of what was drawn from its row;
               beside it the enlarged colour map (what the row gives without a decoder) and the autoencoder's round trip
    cosine     of original and drawn picture, by the teacher
    colour     mean squared error of 32 × 32 colour maps, values 0 … 1 (CoCliCo's colour score)
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click
import numpy as np
import torch
from PIL import Image, ImageDraw

from archive.codecs.coclico import coclico
from archive.imaging.resize import to_square
from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import LatentDecoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_FOLDER, POCKET_SAMPLING, Pair
from archive.models.sampling import Sampling
from archive.restore.color_projection import project
from archive.restore.reconstruct import frame_size
from training.corpus import Corpus, load_corpus
from training.frames import squash
from training.teacher import Teacher
from training.teacher_metrics import TeacherMetrics, alike, identified
from training.text_targets import Known, PhraseMap, load_known, name_targets, unit

OF = 64
# pixels of a contact sheet's cell, pictures on it
CELL = 148
SHOWN = 32


def color_score(originals: list[np.ndarray], drawn: list[np.ndarray]) -> float:
    """Mean squared error of 32 × 32 colour maps, values 0 … 1."""
    pairs = [
        (to_square(a, 32) / 255.0, to_square(b, 32) / 255.0)
        for a, b in zip(originals, drawn, strict=True)
    ]
    return float(np.mean([np.mean((a - b) ** 2) for a, b in pairs]))


def naming(vectors: np.ndarray, names: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Recall of the true name at 1, 5, 10, and mAP of the names as queries over the pictures."""
    scores = unit(vectors) @ names.T
    rank = (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1)
    precisions = []
    for name in np.unique(truth):
        relevant = (truth == name)[np.argsort(-scores[:, name])]
        precisions.append((np.cumsum(relevant) / np.arange(1, len(relevant) + 1))[relevant].mean())
    return {
        "R1": float((rank < 1).mean()),
        "R5": float((rank < 5).mean()),
        "R10": float((rank < 10).mean()),
        "mAP": float(np.mean(precisions)),
    }


def named_by_source(
    corpus: Corpus, rows: list[int], vectors: np.ndarray, names: dict[str, np.ndarray]
) -> dict[str, float]:
    """Of each source's photos, the share whose own name comes first among all names of that source."""
    found = {}
    for source in sorted(set(map(str, corpus.source[rows]))):
        own = sorted(set(map(str, corpus.caption[corpus.source == source])) - {""})
        here = np.flatnonzero(corpus.source[rows] == source)
        first = (unit(vectors[here]) @ np.stack([names[name] for name in own]).T).argmax(axis=1)
        right = [own[one] == corpus.caption[rows[at]] for one, at in zip(first, here, strict=True)]
        found[f"{source}, {len(here)} photos, {len(own)} names"] = round(float(np.mean(right)), 2)
    return found


def words(encoder: OpenClipEncoder, known: Known) -> dict[str, float]:
    """Names and captions that were held out, against real CLIP vectors."""
    held = np.flatnonzero(known.held)
    found = (
        unit(encoder.encode_texts([known.names[row].split(",")[0] for row in held]))
        @ known.vectors.T
    )
    rank = (found > found[np.arange(len(held)), held][:, None]).sum(axis=1)
    texts = [text for text, out in zip(known.captions, known.caption_held, strict=True) if out]
    photos = known.photo_vectors[::5]
    own = np.flatnonzero(known.caption_held) // 5
    scores = unit(encoder.encode_texts(texts)) @ photos.T
    caption_rank = (scores > scores[np.arange(len(own)), own][:, None]).sum(axis=1)
    return {
        "held_names_R10": float((rank < 10).mean()),
        "held_captions_R10": float((caption_rank < 10).mean()),
    }


@dataclass
class Drawing:
    """Pictures through row and decoder, and the two bounds."""

    originals: list[np.ndarray]
    colors: list[np.ndarray]
    restored: list[np.ndarray]
    round_trip: list[np.ndarray]


def draw(
    pictures: list[np.ndarray], encoder: OpenClipEncoder, decoder: LatentDecoder, sampling: Sampling
) -> Drawing:
    """Each picture becomes a row of the default codec and is drawn again in its frame."""
    codec = coclico(encoder.dimension)
    drawing = Drawing([], [], [], [])
    for seed, picture in enumerate(pictures):
        frame = frame_size(
            picture.shape[1] / picture.shape[0], decoder.native_pixels, decoder.size_multiple
        )
        original = squash(picture, frame)
        vector = encoder.encode_images([encoder.preprocess(picture)])
        codes = codec.encode(vector, to_square(picture, codec.map_side)[None])
        vectors_hat, colors_hat = codec.decode(*codes)
        clip_similarity = (
            partial(encoder.clip_similarity, center=decoder.space[0])
            if sampling.clip_guidance
            else None
        )
        told = DecodeRequest(
            vectors_hat, colors_hat, [seed], codec.alignment_in(*decoder.space), clip_similarity
        )
        drawing.originals.append(original)
        drawing.colors.append(
            np.asarray(Image.fromarray(colors_hat[0]).resize(frame, Image.Resampling.BILINEAR))
        )
        [drawn] = decoder.draw(told, frame=frame, sampling=sampling)
        drawing.restored.append(
            project(drawn, colors_hat[0], codec.maps.quantization_error)
            if sampling.project_colors
            else drawn
        )
        with torch.inference_mode():
            drawing.round_trip += decoder.decode_pixels(
                decoder.encode_pixels(torch.from_numpy(original.copy()).permute(2, 0, 1)[None])
            )
    return drawing


def sheet(
    drawing: Drawing, names: list[str], path: Path, *, originals: bool, columns: int = 4
) -> None:
    """A contact sheet: name, colour map and restoration side by side; the originals first, where they may be shown."""
    kinds = [drawing.originals] * originals + [drawing.colors, drawing.restored]
    across = len(kinds) * CELL + 12
    down = CELL + 20
    page = Image.new("RGB", (columns * across, -(-len(names) // columns) * down), "white")
    pen = ImageDraw.Draw(page)
    for position, name in enumerate(names):
        left = position % columns * across
        top = position // columns * down
        pen.text((left, top + 2), name[:40], fill="black")
        for offset, kind in enumerate(kinds):
            tile = Image.fromarray(kind[position])
            tile.thumbnail((CELL - 4, CELL - 4))
            page.paste(tile, (left + offset * CELL, top + 16))
    page.save(path)


def sharp_rows(corpus: Corpus, count: int, *, first: int = 0) -> np.ndarray:
    """Positions of random held-in photos that are sharp, those before the `first` passed over."""
    rows = corpus.measured[corpus.sharp[corpus.measured]]
    return np.random.default_rng(1).permutation(rows)[first:][:count]


def sharp_photos(corpus: Corpus, count: int, *, first: int = 0) -> list[np.ndarray]:
    """Those photos."""
    return [corpus.photo(int(row)).copy() for row in sharp_rows(corpus, count, first=first)]


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default="training/run", show_default=True)
@click.option("--pair", "folder", type=click.Path(path_type=Path), default=POCKET_FOLDER)
@click.option("--guidance", default=POCKET_SAMPLING.guidance, show_default=True)
@click.option("--clip-guidance", default=POCKET_SAMPLING.clip_guidance, show_default=True)
@click.option("--strength", default=POCKET_SAMPLING.strength, show_default=True)
@click.option("--steps", default=POCKET_SAMPLING.steps, show_default=True)
@click.option(
    "--count", default=OF, show_default=True, help="Photos to draw; id@5 is defined for 64."
)
@click.option("--first", default=0, help="Photos to pass over: choose on some, report on others.")
@click.option("--contact-sheet", "contact", type=click.Path(path_type=Path))
@click.option(
    "--originals",
    is_flag=True,
    help="The originals on the sheet too: for one's own eyes, they are others'.",
)
def main(
    *,
    data: Path,
    work: Path,
    folder: Path,
    contact: Path | None,
    originals: bool,
    count: int,
    first: int,
    **wanted: float,
) -> None:
    """Prints one JSON line of scores; writes a contact sheet of random photos."""
    torch.set_num_threads(2)
    corpus = load_corpus(data / "training", work, test_folder=data / "photos")
    known = load_known(data / "embeddings", data / "training" / "captions.txt.gz")
    judge = TeacherMetrics(
        Teacher(next((data / "teacher").glob("*.tflite"))), known.vectors[known.imagenet]
    )
    pair = Pair(
        "pocket",
        str(folder / "encoder"),
        "",
        (str(folder / "decoder"),),
        replace(POCKET_SAMPLING, **wanted),
    )  # type: ignore[arg-type]
    encoder = OpenClipEncoder(pair)
    scores: dict[str, object] = {
        "words": words(encoder, known),
        "naming": _named(corpus, known, encoder, judge),
    }
    if (folder / "decoder").is_dir():
        decoder = open_decoder(pair, dimension=encoder.dimension)
        drawing = draw(sharp_photos(corpus, count, first=first), encoder, decoder, pair.sampling)
        for name, kind in (
            ("map", drawing.colors),
            ("restored", drawing.restored),
            ("round_trip", drawing.round_trip),
        ):
            told = (
                identified(judge, drawing.originals, kind),
                alike(judge, drawing.originals, kind),
            )
            colour = color_score(drawing.originals, kind)
            scores[name] = {
                "id@5": round(told[0], 4),
                "cosine": round(told[1], 4),
                "colour": round(colour, 4),
            }
        error = [
            np.mean((a / 255.0 - b / 255.0) ** 2)
            for a, b in zip(drawing.originals, drawing.round_trip, strict=True)
        ]
        scores["psnr"] = round(float(np.mean(-10 * np.log10(error))), 2)
        if contact is not None:
            names = [
                str(corpus.caption[row]) or "-"
                for row in sharp_rows(corpus, min(count, SHOWN), first=first)
            ]
            sheet(drawing, names, contact, originals=originals)
    click.echo(json.dumps(scores))


def _named(
    corpus: Corpus, known: Known, encoder: OpenClipEncoder, judge: TeacherMetrics
) -> dict[str, dict[str, float]]:
    """Naming of the held-in photos with a caption, by the tower and by the teacher."""
    rows = [int(row) for row in corpus.measured if corpus.caption[row]]
    names = sorted(set(map(str, corpus.caption)) - {""})
    vectors = name_targets(names, known, PhraseMap(known))
    truth = np.array([names.index(str(corpus.caption[row])) for row in rows])
    photos = [corpus.photo(row) for row in rows]
    towers = np.concatenate(
        [
            encoder.encode_images(
                [encoder.preprocess(photo.copy()) for photo in photos[at : at + 64]]
            )
            for at in range(0, len(photos), 64)
        ]
    )
    seen = {"tower": towers, "teacher": judge.vectors(photos)}
    told = {
        who: {key: round(value, 4) for key, value in naming(one, vectors, truth).items()}
        for who, one in seen.items()
    }
    by_name = dict(zip(names, vectors, strict=True))
    return {
        **told,
        **{
            f"{who} by source": named_by_source(corpus, rows, one, by_name)
            for who, one in seen.items()
        },
    }


if __name__ == "__main__":
    main()
