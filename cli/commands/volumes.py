"""`coldframe volumes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, path_fields, plural, say

if TYPE_CHECKING:
    from archive.selection import VolumeStatus


@click.command(cls=Command)
@archive_options
@json_option
def command(*, settings: Settings, as_json: bool) -> None:
    """List the drives that images came from: which are here, and how many images each has.

    A drive is here if it is mounted where it was when an ingest last met it.
    """
    from archive.archive import Archive

    with Archive(settings) as archive:
        volumes = archive.volumes()
    for volume in volumes:
        _print(volume, as_json)
    if not volumes and not as_json:
        say("no drive yet; `coldframe ingest FOLDER` meets them", err=True)


def _print(volume: VolumeStatus, as_json: bool) -> None:
    if as_json:
        names = {"label": _text(volume.label), "marker": _text(volume.marker)}
        facts = {"is_here": volume.is_here, "last_seen": volume.last_seen.isoformat()}
        emit({**names, **path_fields(volume.root), **facts, "images": volume.images})
        return
    columns = ["here" if volume.is_here else "away", f"{volume.last_seen:%Y-%m-%d}"]
    columns += [f"{plural(volume.images, 'image'):>14}", volume.label, volume.root]
    say("  ".join(columns))


def _text(name: str) -> str:
    """A label or marker for JSON; bytes that are no UTF-8 become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")
