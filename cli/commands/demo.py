"""`coldframe demo`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.shared.options import json_option
from cli.shared.output import emit, path_fields, shown
from cli.shared.progress import progress


@click.command()
@click.argument(
    "folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option(
    "--out",
    default="coldframe-demo",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder to fill.",
)
@json_option
def command(folder: Path | None, out: Path, as_json: bool) -> None:
    """Show the whole way on drawn pictures, or on a FOLDER of yours.

    Archives them, asks three questions, restores six, and writes a page to look at.
    """
    from archive.demo.run import Demo

    demo = Demo(out, folder)
    if not as_json:
        click.echo("coldframe demo, with the pocket model pair (small, offline)", err=True)
    with progress("demo", None, silent=as_json) as show:
        for stage in demo.run():
            show(stage.done, stage.title)
    for question, hits in demo.answers:
        if as_json:
            found = [{"id": hit.id, "score": hit.score, **path_fields(hit.path)} for hit in hits]
            emit({"message_type": "answer", "query": question, "hits": found})
            continue
        click.echo(f"“{question}”")
        for hit in hits[:3]:
            click.echo(f"  {hit.score:6.3f}  {shown(demo.captions.get(hit.path, hit.path))}")
    if as_json:
        emit(
            {
                "message_type": "summary",
                "page": str(demo.page),
                "restored": [one.file for one in demo.restored],
            }
        )
    else:
        click.echo(f"restored {len(demo.restored)} pictures; look at {demo.page.absolute()}")
