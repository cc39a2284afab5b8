"""`coldframe demo`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.shared.options import json_option
from cli.shared.output import emit, path_fields, shown
from cli.shared.progress import progress

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.argument("folder", required=False, type=FOLDER)
@click.option(
    "--out",
    default="coldframe-demo",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Output folder.",
)
@json_option
def command(folder: Path | None, out: Path, as_json: bool) -> None:
    """Show the whole way with the drawings that ship with coldframe, or with a FOLDER of yours.

    Archives them, asks three questions, restores six images, and writes a page to look at.
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
            answers = [{"id": hit.id, "score": hit.score, **path_fields(hit.path)} for hit in hits]
            emit({"message_type": "answer", "query": question, "hits": answers})
            continue
        click.echo(f"“{question}”")
        for hit in hits[:3]:
            click.echo(f"  {hit.score:6.3f}  {shown(demo.captions.get(hit.path, hit.path))}")
    if as_json:
        files = [restored.file for restored in demo.restored]
        emit({"message_type": "summary", "page": str(demo.page), "restored": files})
    else:
        click.echo(f"restored {len(demo.restored)} images; open {demo.page.absolute()}")
