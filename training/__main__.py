"""python -m training --data ../shared/data --budget 60

Trains the pocket pair, or fine-tunes a trained one, and writes it where the package looks for it.
The same command resumes an interrupted training.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import click
import torch

from archive.codecs import resolve_codec
from archive.models.decoders.upscaler import load_upscaler
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_FOLDER, find_pair
from training import text_encoder
from training.export import export_codecs, export_decoder, export_encoder, load_parts
from training.image_encoder import DIMENSION
from training.pipeline import BUDGET_SHARES, FINE_TUNING_STAGES, Pipeline

SHARES = ", ".join(f"{stage} {share:.0%}" for stage, share in BUDGET_SHARES.items() if share)


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
    help="Folder for checkpoints and caches.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=POCKET_FOLDER,
    help="Folder the pair is written to  [default: the package's pocket pair]",
)
@click.option(
    "--budget", default=60.0, show_default=True, help=f"Minutes of training in all: {SHARES}."
)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    help="Fine-tune this pair. Its upscaler and latents stay as they are.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(FINE_TUNING_STAGES),
    help="With --start, fine-tune only this stage; may be repeated.  [default: all of them]",
)
@click.option("--threads", default=2, show_default=True, help="CPU threads.")
@click.option("--seed", default=0, show_default=True, help="Random seed.")
def main(
    *,
    data: Path,
    work: Path,
    out: Path,
    budget: float,
    start: Path | None,
    only: tuple[str, ...],
    threads: int,
    seed: int,
) -> None:
    """Train the pocket pair from photos, captions and a teacher."""
    torch.set_num_threads(threads)
    if start is None and only:
        raise click.UsageError("--only requires --start")
    # complete before it replaces another pair, possibly the one it was fine-tuned from
    result = work / "pair"
    if start is None:
        _train(Pipeline(data, work, budget, workers=threads, seed=seed), result)
    else:
        stages = only or FINE_TUNING_STAGES
        pipeline = Pipeline(data, work, budget, stages, workers=threads, seed=seed)
        _fine_tune(pipeline, start, result)
    shutil.copytree(result, out, dirs_exist_ok=True)
    click.echo(f"pair written to {out}")


def _train(pipeline: Pipeline, out: Path) -> None:
    image_encoder = pipeline.fit_image_encoder()
    export_encoder(image_encoder, pipeline.train_text_encoder(), out / "encoder")
    vae = pipeline.train_autoencoder()
    upscaler = pipeline.train_upscaler()
    codec, stats = export_codecs(out, pipeline.photos, pipeline.scenes)
    encoder = OpenClipEncoder(find_pair(str(out)))
    buckets = pipeline.buckets(encoder, vae, codec, stats)
    unet = pipeline.train_denoiser(buckets, stats)
    unet = pipeline.reward_denoiser(unet, buckets, stats, vae, encoder)
    export_decoder(unet, vae, upscaler, stats, out / "decoder")


def _fine_tune(pipeline: Pipeline, start: Path, out: Path) -> None:
    if out.resolve() != start.resolve():
        shutil.copytree(start, out, dirs_exist_ok=True)  # what is not trained stays
    clip, vae, unet, stats = load_parts(start)
    upscaler = load_upscaler(start / "decoder")
    codec = resolve_codec("klt", DIMENSION, shipped=str(start / "codecs"))
    image, text = clip.visual, text_encoder.of_clip(clip)
    if "text-encoder" in pipeline.stages:
        text = pipeline.train_text_encoder(text)
    if "image-encoder" in pipeline.stages:
        image = pipeline.fit_image_encoder()
    export_encoder(image, text, out / "encoder")
    if "image-encoder" in pipeline.stages:
        codec, stats = export_codecs(out, pipeline.photos, pipeline.scenes)
        pipeline.change_embedding(unet, start, out)
    if "autoencoder" in pipeline.stages:
        vae = pipeline.train_autoencoder(vae)
    encoder = OpenClipEncoder(find_pair(str(out)))
    buckets = partial(pipeline.buckets, encoder, vae, codec, stats)
    if "denoiser" in pipeline.stages:
        unet = pipeline.train_denoiser(buckets(), stats, unet)
    if "reward" in pipeline.stages:
        unet = pipeline.reward_denoiser(unet, buckets(), stats, vae, encoder)
    export_decoder(unet, vae, upscaler, stats, out / "decoder")


if __name__ == "__main__":
    main()
