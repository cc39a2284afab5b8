"""`coldframe models`."""

from __future__ import annotations

import click

from cli.shared.command import Command
from cli.shared.options import json_option
from cli.shared.output import emit, say


@click.command(cls=Command)
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
            name = f"{pair.encoder}/{pair.pretrained}".rstrip("/")
            parts = {"name": pair.name, "encoder": name, "decoder": list(pair.decoder)}
            emit({**parts, "encoder_here": encoder, "decoder_here": decoder, "note": pair.note})
            continue
        status = (
            "installed" if encoder and decoder else "encoder only" if encoder else "not downloaded"
        )
        say(f"{pair.name:<10} {status:<17} {pair.note}")
    if not as_json:
        say("or a folder with encoder/ and decoder/, or MODEL/TAG as in open_clip")
