"""`coldframe verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.errors import DAMAGE_FOUND, DONE
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, plural, say
from cli.shared.progress import progress

if TYPE_CHECKING:
    from archive.records import Damage


@click.command(cls=Command)
@archive_options
@json_option
def command(settings: Settings, as_json: bool) -> int:
    """Check the database, every row's checksum and codes, and the index. Writes nothing.

    Exits with 4 if damage is found.
    """
    from archive.archive import Archive
    from archive.preserve.verify import StaleDetail
    from archive.records import Damage

    rows = 0
    stale = 0
    damages = []
    with Archive(settings) as archive, progress("verifying", len(archive), silent=as_json) as show:
        for finding in archive.verify():
            if isinstance(finding, StaleDetail):
                stale += 1
                continue
            if not isinstance(finding, Damage):
                rows += 1
                show(rows)
                continue
            damages.append(finding)
            if as_json:
                emit({"message_type": "damage", "id": finding.id, "what": finding.message})
            else:
                say(f"row {finding.id}: {finding.message}" if finding.id else finding.message)
    if as_json:
        counts = {"rows": rows, "damages": len(damages), "stale_details": stale}
        emit({"message_type": "summary", **counts})
    else:
        of_other_codes = f"; {plural(stale, 'detail')} of other codes" if stale else ""
        say(f"verified {plural(rows, 'row')}: {_result(damages)}{of_other_codes}")
    return DAMAGE_FOUND if damages else DONE


def _result(damages: list[Damage]) -> str:
    damaged_rows = {damage.id for damage in damages if damage.id is not None}
    problems = [plural(len(damaged_rows), "damaged row")] if damaged_rows else []
    if any(damage.id is None for damage in damages):
        problems.append("a damaged database or index")
    return " and ".join(problems) or "no errors found"
