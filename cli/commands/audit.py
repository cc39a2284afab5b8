"""`coldframe audit`."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from archive.errors import DONE, SOME_SKIPPED, TIME_LIMIT_REACHED
from archive.settings import Settings
from cli.shared.options import archive_options, json_option, model_options, time_limit_option
from cli.shared.output import emit, path_fields, plural
from cli.shared.progress import progress

if TYPE_CHECKING:
    from archive.evaluate.audit import Audited
    from archive.records import Damage


@click.command()
@click.option(
    "--sample",
    default="1%",
    show_default=True,
    metavar="SHARE|COUNT",
    help="Rows to audit, like 5% or 200.",
)
@click.option(
    "--iqa",
    is_flag=True,
    help="MUSIQ, DBCNN and DISTS too, as far as their weights can be had; needs pyiqa.",
)
@time_limit_option
@archive_options
@model_options
@json_option
def command(
    *,
    settings: Settings,
    sample: str,
    iqa: bool,
    seconds: float,
    model: str | None,
    any_weights: bool,
    as_json: bool,
) -> int:
    """Draw a sample of rows and score what comes back; no file is kept.

    The sample is the same every time, and rows audited before are not drawn again. `coldframe ls --worst 50` lists the
    worst. The exit code is 101 where the time limit left rows over, 3 where the codes of some are damaged.
    """
    from archive.archive import Archive
    from archive.evaluate.audit import Audit
    from archive.evaluate.iqa import open_iqa
    from archive.filters import parse_sample_size
    from archive.records import Damage

    wanted = parse_sample_size(sample)
    started = time.monotonic()
    audited: list[Audited] = []
    damages: list[Damage] = []
    with Archive(settings, model=model, any_weights=any_weights) as archive:
        audit = Audit(archive, quality=open_iqa() if iqa else None)
        ids = audit.sample(wanted)
        with progress("auditing", len(ids), silent=as_json) as show:
            for done, one in enumerate(audit.run(ids, seconds=seconds), start=1):
                damages.append(one) if isinstance(one, Damage) else audited.append(one)
                show(done)
                if as_json:
                    emit(_line(one))
    left = len(ids) - len(audited) - len(damages)
    told = _summary(audited, damages, left) | {"seconds": round(time.monotonic() - started, 3)}
    emit(told) if as_json else _print(told, damages)
    return TIME_LIMIT_REACHED if left else SOME_SKIPPED if damages else DONE


def _line(one: Audited | Damage) -> dict[str, Any]:
    from archive.records import Damage

    if isinstance(one, Damage):
        return {"message_type": "damage", "id": one.id, "what": one.what}
    told = {"message_type": "audited", "id": one.id, **path_fields(one.path), **one.scores}
    return told | {"again": one.again, "seconds": one.seconds}


def _summary(audited: list[Audited], damages: list[Damage], left: int) -> dict[str, Any]:
    from archive.evaluate.audit import spreads

    again = sum(one.again for one in audited)
    counts = {
        "audited": len(audited) - again,
        "again": again,
        "damages": len(damages),
        "left": left,
    }
    scores = {name: asdict(spread) for name, spread in spreads(audited).items()}
    return {"message_type": "summary", **counts, "scores": scores}


def _print(told: dict[str, Any], damages: list[Damage]) -> None:
    again = f", {told['again']:,} known from before" if told["again"] else ""
    click.echo(f"audited {plural(told['audited'], 'row')} in {told['seconds']:.1f} s{again}")
    if told["scores"]:
        click.echo(f"{'':<22}{'rows':>6}{'mean':>10}{'median':>10}{'worst':>10}")
    for name, one in told["scores"].items():
        title = name.replace("_", " ")
        click.echo(
            f"{title:<22}{one['rows']:>6,}{one['mean']:>10.4f}{one['median']:>10.4f}{one['worst']:>10.4f}"
        )
    for damage in damages:
        click.echo(f"row {damage.id}: {damage.what}")
    if told["left"]:
        click.echo(
            f"time limit reached, {plural(told['left'], 'row')} left; run it again to go on",
            err=True,
        )
