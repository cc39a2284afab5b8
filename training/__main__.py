"""python -m training --data ../shared/data --budget 60

Trains the pocket pair and writes it where the package looks for it. Stopped and started again, it goes on where it was.
"""

from __future__ import annotations

from pathlib import Path

import click
import torch

from archive.models.pairs import POCKET_FOLDER
from archive.models.upscaler import load_upscaler
from archive.settle import codec_for
from training.export import export_codecs, export_decoder, export_encoder, load_parts
from training.image_tower import DIMENSION
from training.recipe import SHARE, Recipe


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True), required=True, help="Folder with training/, teacher/, …"
)
@click.option(
    "--work", type=click.Path(path_type=Path), default="training/run", show_default=True, help="Kept between runs."
)
@click.option("--out", type=click.Path(path_type=Path), default=POCKET_FOLDER, help="Where the pair is written.")
@click.option("--budget", default=60.0, show_default=True, help=f"Minutes of training, shared out {SHARE}.")
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    help="A pair to keep the encoder and the autoencoder of; all of the budget is for its denoiser to go on.",
)
@click.option("--threads", default=2, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(*, data: Path, work: Path, out: Path, budget: float, start: Path | None, threads: int, seed: int) -> None:
    """Photos, captions and a teacher → the pocket pair."""
    torch.set_num_threads(threads)
    recipe = Recipe(data, work, budget, workers=threads, seed=seed)
    if start is None:
        tower, text = recipe.train_image_tower(), recipe.train_text_tower()
        export_encoder(tower, text, out / "encoder")
        click.echo(f"encoder written to {out / 'encoder'}")
        vae, enlarging, unet = recipe.train_autoencoder(tower), recipe.train_upscaler(), None
        codec, space = export_codecs(out, recipe.photos)
    else:
        tower, vae, unet, space = load_parts(start)
        enlarging = load_upscaler(start / "decoder")
        codec = codec_for("klt", DIMENSION, {}, shipped=str(start / "codecs"))
    unet = recipe.train_denoiser(recipe.shelves(tower, vae, codec, space), space, unet)
    export_decoder(unet, vae, enlarging, space, out / "decoder")
    click.echo(f"decoder written to {out / 'decoder'}")


if __name__ == "__main__":
    main()
