"""`coldframe demo`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.shared.command import Command
from cli.shared.options import json_option
from cli.shared.output import emit, path_fields, say
from cli.shared.progress import progress
from cli.shared.values import PathValue

FOLDER = PathValue(path_type=Path, exists=True, file_okay=False)


@click.command(cls=Command)
@click.argument("folder", required=False, type=FOLDER)
@click.option(
    "--out",
    default="coldframe-demo",
    show_default=True,
    type=PathValue(path_type=Path),
    help="Output folder.",
)
@json_option
def command(folder: Path | None, out: Path, as_json: bool) -> None:
    """Show the whole way with the drawings that ship with coldframe, or with a FOLDER of yours.

    Archives them, asks three questions, restores six images from their rows alone and with details,
    and writes a page to look at.
    """
    from archive.demo.run import Demo

    demo = Demo(out, folder)
    if not as_json:
        say("coldframe demo, with the pocket model pair (small, offline)", err=True)
    with progress("demo", None, silent=as_json) as show:
        for stage in demo.run():
            show(stage.done, stage.title)
    for question, hits in demo.answers:
        if as_json:
            answers = [{"id": hit.id, "score": hit.score, **path_fields(hit.path)} for hit in hits]
            emit({"message_type": "answer", "query": question, "hits": answers})
            continue
        say(f"“{question}”")
        for hit in hits[:3]:
            say(f"  {hit.score:6.3f}  {demo.captions.get(hit.path, hit.path)}")
    if as_json:
        files = [restored.file for part in demo.restored.values() for restored in part.values()]
        emit({"message_type": "summary", "page": str(demo.page), "restored": files})
    else:
        say(f"restored {len(demo.restored[0])} images; open {demo.page.absolute()}")
