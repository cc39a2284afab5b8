"""`coldframe models`."""

from __future__ import annotations

import click

from cli.shared.options import json_option
from cli.shared.output import emit


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the model pairs and which of them are on this machine."""
    from archive.models.decoders.open import decoder_is_local
    from archive.models.encoder import encoder_is_local
    from archive.models.pairs import PAIRS

    for pair in PAIRS.values():
        encoder = encoder_is_local(pair)
        decoder = decoder_is_local(pair)
        if as_json:
            names = {
                "encoder": f"{pair.encoder}/{pair.pretrained}".rstrip("/"),
                "decoder": list(pair.decoder),
            }
            emit(
                {
                    "name": pair.name,
                    **names,
                    "encoder_here": encoder,
                    "decoder_here": decoder,
                    "note": pair.note,
                }
            )
            continue
        where = "here" if encoder and decoder else "encoder here" if encoder else "to be downloaded"
        click.echo(f"{pair.name:<10} {where:<17} {pair.note}")
    if not as_json:
        click.echo(
            "any other   a folder with encoder/ and decoder/ in it, or MODEL/TAG as open_clip names them"
        )
