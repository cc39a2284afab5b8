"""python -m training --data ../shared/data --budget 60

Trains the pocket pair and writes it where the package looks for it. Stopped and started again, it goes on where it was.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import torch

from archive.codecs import resolve_codec
from archive.models.decoders.upscaler import load_upscaler
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_FOLDER, find_pair
from training.export import export_codecs, export_decoder, export_encoder, load_parts
from training.image_encoder import DIMENSION
from training.pipeline import SHARE, STAGES_ON, Recipe


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Folder with training/, teacher/, …",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default="training/run",
    show_default=True,
    help="Kept between runs.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=POCKET_FOLDER,
    help="Where the pair is written.",
)
@click.option(
    "--budget", default=60.0, show_default=True, help=f"Minutes of training, shared out {SHARE}."
)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    help="A pair to go on with: image encoder, the autoencoder's decoder, denoiser. The rest is kept.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(STAGES_ON),
    help="What goes on. Default: all of them.",
)
@click.option("--threads", default=2, show_default=True)
@click.option("--seed", default=0, show_default=True)
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
    """Photos, captions and a teacher → the pocket pair."""
    torch.set_num_threads(threads)
    if start is None and only:
        raise click.UsageError("--only says what goes on: it needs --start")
    made = (
        work / "pair"
    )  # whole before it takes the place of another, which may be the one it started from
    if start is None:
        _train(Recipe(data, work, budget, workers=threads, seed=seed), made)
    else:
        _go_on(
            Recipe(data, work, budget, only or STAGES_ON, workers=threads, seed=seed), start, made
        )
    shutil.copytree(made, out, dirs_exist_ok=True)
    click.echo(f"pair written to {out}")


def _train(recipe: Recipe, out: Path) -> None:
    tower = recipe.train_image_tower()
    text = recipe.train_text_tower()
    export_encoder(tower, text, out / "encoder")
    vae = recipe.train_autoencoder(tower)
    enlarging = recipe.train_upscaler()
    codec, space = export_codecs(out, recipe.photos, recipe.scenery)
    shelves = recipe.shelves(tower, vae, codec, space)
    encoder = OpenClipEncoder(find_pair(str(out)))
    unet = recipe.reward_denoiser(
        recipe.train_denoiser(shelves, space), shelves, space, vae, encoder
    )
    export_decoder(unet, vae, enlarging, space, out / "decoder")


def _go_on(recipe: Recipe, start: Path, out: Path) -> None:
    if out.resolve() != start.resolve():
        shutil.copytree(start, out, dirs_exist_ok=True)  # what does not go on is kept
    clip, vae, unet, space = load_parts(start)
    tower = clip.visual
    enlarging = load_upscaler(start / "decoder")
    codec = resolve_codec("klt", DIMENSION, shipped=str(start / "codecs"))
    if "image" in recipe.stages:
        tower = recipe.train_image_tower(tower)
        export_encoder(tower, clip, out / "encoder")
        codec, space = export_codecs(out, recipe.photos, recipe.scenery)
    if "autoencoder" in recipe.stages:
        vae = recipe.train_autoencoder(tower, vae)
    if "denoiser" in recipe.stages:
        unet = recipe.train_denoiser(recipe.shelves(tower, vae, codec, space), space, unet)
    if "reward" in recipe.stages:
        encoder = OpenClipEncoder(find_pair(str(out)))
        unet = recipe.reward_denoiser(
            unet, recipe.shelves(tower, vae, codec, space), space, vae, encoder
        )
    export_decoder(unet, vae, enlarging, space, out / "decoder")


if __name__ == "__main__":
    main()
