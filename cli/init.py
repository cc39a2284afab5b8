"""`coldframe init`."""

from __future__ import annotations

import click

from archive.settings import Settings
from cli.options import archive_options, json_option
from cli.output import emit


@click.command()
@archive_options
@click.option("--model", default="vit-l-14", show_default=True, help="Model pair: `coldframe models` lists them.")
@click.option("--decoder", metavar="FOLDER|ID", help="Another decoder than the pair's own.")
@click.option("--codec", default="coclico", show_default=True, type=click.Choice(["coclico", "clip"]))
@click.option("--bits", default=1, show_default=True, help="Bits a dimension of the embedding, 1 to 8.")
@click.option("--map-side", default=8, show_default=True, help="Side of the colour map, even, 4 to 32.")
@click.option("--map-bits", default=2, show_default=True, help="Bits a sample of the colour map, 1 to 8.")
@json_option
def command(
    *,
    settings: Settings,
    model: str,
    decoder: str | None,
    codec: str,
    bits: int,
    map_side: int,
    map_bits: int,
    as_json: bool,
) -> None:
    """Make an archive, or bring an older one's tables up to date."""
    from archive.archive import Archive
    from archive.models.pairs import find_pair

    colors = {} if codec == "clip" else {"map_side": map_side, "map_bits": map_bits}
    pair = find_pair(model, decoder=decoder)
    with Archive.create(settings, pair, codec=codec, parameters={"bits": bits} | colors) as archive:
        each = (archive.codec.vectors.payload_bits or 0) + (archive.codec.maps.payload_bits or 0)
        if as_json:
            emit({"archive": settings.location, "model": archive.model.name, "codec": codec, "bits_per_image": each})
            return
    click.echo(f"archive at {settings.location}: model {pair.name}, codec {codec}, {each} bits a picture")
    if pair.note:
        click.echo(f"{pair.name}: {pair.note}", err=True)
