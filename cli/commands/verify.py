"""`coldframe verify`."""

from __future__ import annotations

import click

from archive.errors import DAMAGE_FOUND
from archive.settings import Settings
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, plural
from cli.shared.progress import progress


@click.command()
@archive_options
@json_option
def command(settings: Settings, as_json: bool) -> int:
    """Check every row: checksum, codec, and that the index agrees.

    Changes nothing. The exit code is 4 where damage is found.
    """
    from archive.archive import Archive
    from archive.records import Damage

    rows = 0
    damages = 0
    with (
        Archive(settings) as archive,
        progress("verifying", archive.stats().images, silent=as_json) as show,
    ):
        for finding in archive.verify():
            if not isinstance(finding, Damage):
                rows += 1
                show(rows)
                continue
            damages += 1
            if as_json:
                emit({"message_type": "damage", "id": finding.id, "what": finding.what})
            else:
                click.echo(f"row {finding.id}: {finding.what}" if finding.id else finding.what)
    if as_json:
        emit({"message_type": "summary", "rows": rows, "damages": damages})
    else:
        click.echo(
            f"verified {plural(rows, 'row')}: {plural(damages, 'damage') if damages else 'all is well'}"
        )
    return DAMAGE_FOUND if damages else 0
