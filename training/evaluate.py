"""python -m training.evaluate --data ../shared/data --pair archive/models/pocket

Scores of a pair on validation photos, computed the way the product works, next to their bounds: see
training.naming_scores and training.restoration_scores. There is no separate test split: to report
on photos that no option was chosen on, skip those that were used with --first.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
import torch

from archive.codecs import resolve_codec
from archive.create_archive import DEFAULT_CODEC
from archive.models.decoders.open import open_decoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_FOLDER, POCKET_SAMPLING, Pair
from training.corpus import Corpus, load_photos
from training.metrics import JudgeMetrics, TeacherMetrics
from training.naming_scores import name_photos, text_retrieval
from training.restoration_scores import (
    restore_photos,
    score,
    sharp_photos,
    sharp_rows,
    write_contact_sheet,
)
from training.teacher import Teacher
from training.text_targets import ClipTexts, load_clip_texts

PHOTOS = 64  # id@5 is defined for 64
SHOWN = 32  # photos on a contact sheet


def load_data(data: Path, work: Path) -> tuple[Corpus, ClipTexts, TeacherMetrics]:
    """The photos, the phrases with real vectors, and the teacher's metrics."""
    corpus = load_photos(data, work)
    clip_texts = load_clip_texts(data / "embeddings", data / "training" / "captions.txt.gz")
    teacher = Teacher(next((data / "teacher").glob("*.tflite")))
    return corpus, clip_texts, TeacherMetrics(teacher, clip_texts.vectors[clip_texts.imagenet])


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Folder with training/, teacher/, embeddings/ and photos/.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default="training/run",
    show_default=True,
    help="Folder for caches.",
)
@click.option(
    "--pair",
    "folder",
    type=click.Path(path_type=Path),
    default=POCKET_FOLDER,
    help="Folder of the pair  [default: the package's pocket pair]",
)
@click.option("--codec", "codec_name", default=DEFAULT_CODEC, show_default=True)
@click.option("--guidance", default=POCKET_SAMPLING.guidance, show_default=True)
@click.option("--clip-guidance", default=POCKET_SAMPLING.clip_guidance, show_default=True)
@click.option("--strength", default=POCKET_SAMPLING.strength, show_default=True)
@click.option("--steps", default=POCKET_SAMPLING.steps, show_default=True)
@click.option(
    "--count", default=PHOTOS, show_default=True, help="Photos to restore; id@5 is defined for 64."
)
@click.option(
    "--first",
    default=0,
    show_default=True,
    help="Photos to skip: choose options on some, report on others.",
)
@click.option(
    "--contact-sheet",
    type=click.Path(path_type=Path),
    help="Image file for a contact sheet of the restorations.",
)
@click.option(
    "--originals",
    is_flag=True,
    help="Show the originals on the sheet too; they are other people's, not for publication.",
)
def main(
    *,
    data: Path,
    work: Path,
    folder: Path,
    codec_name: str,
    contact_sheet: Path | None,
    originals: bool,
    count: int,
    first: int,
    guidance: float,
    clip_guidance: float,
    strength: float,
    steps: int,
) -> None:
    """Print one JSON line of scores."""
    torch.set_num_threads(2)
    corpus, clip_texts, metrics = load_data(data, work)
    sampling = replace(
        POCKET_SAMPLING,
        guidance=guidance,
        clip_guidance=clip_guidance,
        strength=strength,
        steps=steps,
    )
    decoder_folder = folder / "decoder"
    pair = Pair("pocket", str(folder / "encoder"), "", (str(decoder_folder),), sampling)
    encoder = OpenClipEncoder(pair)
    scores: dict[str, object] = {
        "text": text_retrieval(encoder, clip_texts),
        "naming": name_photos(corpus, clip_texts, encoder, metrics),
    }
    if decoder_folder.is_dir():
        decoder = open_decoder(pair, dimension=encoder.dimension)
        photos = sharp_photos(corpus, count, first=first)
        shipped = str(folder / "codecs")
        codec = resolve_codec(codec_name, encoder.dimension, shipped=shipped)
        restorations = restore_photos(photos, codec, encoder, decoder, sampling)
        scores |= {"teacher": score(metrics, restorations)}
        scores |= {"judge": score(JudgeMetrics(), restorations)}
        if contact_sheet is not None:
            rows = sharp_rows(corpus, min(count, SHOWN), first=first)
            names = [str(corpus.caption[row]) or "-" for row in rows]
            write_contact_sheet(restorations, names, contact_sheet, with_originals=originals)
    click.echo(json.dumps(scores))


if __name__ == "__main__":
    main()
