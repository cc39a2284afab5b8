"""`coldframe stats`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, json_option
from cli.shared.originals import refuse_original
from cli.shared.output import emit, path_fields, plural, say, size
from cli.shared.terminal import Column, print_table
from cli.shared.values import NewFile

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.evaluate.stats import Stats
    from archive.store.watchers import WatcherRecord

COLUMNS = (
    Column(),
    Column("an image", is_number=True),
    Column("in all", is_number=True),
    Column(fills=True),
)


@click.command(cls=Command)
@click.option(
    "--plot",
    metavar="FILE",
    type=NewFile(".png", ".svg", ".pdf"),
    help="Also plot bytes of an image, formats, years and fidelity: PNG, SVG or PDF.",
)
@archive_options
@json_option
def command(plot: Path | None, settings: Settings, as_json: bool) -> None:
    """Show what the archive costs and what it saves."""
    from archive.archive import Archive

    with Archive(settings) as archive:
        stats = archive.stats()
        if plot:
            _write_plot(plot, archive, stats)
        pending = archive.codec.pending
        rows_until_fit = archive.rows_until_fit()
        watchers = archive.watchers()
    if as_json:
        emit({**asdict(stats), "watchers": list(map(_watcher_fields, watchers))})
        return
    say(f"{plural(stats.images, 'image')}, model {stats.model}, codec {stats.codec}")
    if pending is not None:
        say(f"           {pending.name} is fitted after {plural(rows_until_fit, 'more image')}")
    if stats.images and sys.stdout.isatty():
        print_table(COLUMNS, _cells(stats))
    elif stats.images:
        _say_sizes(stats)
    else:
        say(f"database   {size(stats.archive_bytes)}")
    for watcher in watchers:
        _say_watcher(watcher)


def _write_plot(path: Path, archive: Archive, stats: Stats) -> None:
    if not stats.images:
        say("the archive is empty: nothing to plot", err=True)
        return
    from cli.shared.plots import save_plot
    from cli.shared.stats_plot import count_holdings, draw

    refuse_original(archive, path)
    parts = {"originals": stats.original_bytes / stats.images}
    parts |= {"database": stats.row_bytes_per_image, "search index": stats.index_bytes_per_image}
    parts |= {name: bits / 8 for name, bits in _code_bits(stats).items()}
    save_plot(draw(count_holdings(archive, parts)), path)
    say(f"plot written to {path}", err=True)


def _cells(stats: Stats) -> Iterator[Sequence[str]]:
    """What it costs: each part, of an image and in all."""
    for name, bits in _code_bits(stats).items():
        note = f"{plural(stats.details, 'image')} with one" if name == "detail" else ""
        yield name, f"{bits:g} bits", size(bits * stats.images / 8), note
    on_disk = {"database": stats.row_bytes_per_image, "search index": stats.index_bytes_per_image}
    notes = ("with paths and indexes", "a cache")
    for (name, each), note in zip(on_disk.items(), notes, strict=True):
        yield name, size(each), size(each * stats.images), note
    each_original = stats.original_bytes / stats.images
    note = f"{stats.ratio:.1f} to 1"
    yield "originals", size(each_original), size(stats.original_bytes), note


def _code_bits(stats: Stats) -> dict[str, float]:
    """Bits of an image's codes, by part, of those that are in use."""
    parts = {"embedding": stats.clip_bits_per_image, "color map": stats.color_bits_per_image}
    if stats.choice_bits_per_image:
        parts["seed index"] = stats.choice_bits_per_image
    if stats.details:
        parts["detail"] = stats.detail_bits_per_image
    return parts


def _say_sizes(stats: Stats) -> None:
    parts = _code_bits(stats)
    rates = ", ".join(f"{bits:g} {name}" for name, bits in parts.items())
    archive_size = f"{size(stats.archive_bytes)}: {stats.ratio:.1f} to 1"
    say(f"codes      {sum(parts.values()):g} bits per image: {rates}")
    say(f"           {stats.bpp:.6f} bits per pixel of the originals")
    if stats.details:
        each = stats.detail_bytes / stats.details
        say(f"details    {plural(stats.details, 'image')}, {each:.1f} bytes each")
    say(f"database   {stats.row_bytes_per_image:.0f} bytes per image, with paths and indexes")
    say(
        f"           {stats.index_bytes_per_image:.0f} bytes per image in the search index, a cache"
    )
    say(f"originals  {size(stats.original_bytes)}, archive {archive_size}")


def _say_watcher(watcher: WatcherRecord) -> None:
    who = f"{watcher.host}, process {watcher.pid}"
    say(f"watched    {', '.join(watcher.folders)}")
    if watcher.is_answering:
        say(f"           by {who}, since {watcher.started_at} UTC")
    else:
        say(f"           by {who}: not answering since {watcher.heartbeat_at} UTC")
    if watcher.outcome:
        say(f"           last {watcher.outcome_at} UTC: {watcher.outcome}")


def _watcher_fields(watcher: WatcherRecord) -> dict[str, Any]:
    fields = {**asdict(watcher), "folders": list(map(path_fields, watcher.folders))}
    answering = fields.pop("is_answering")
    return {**fields, "answering": answering}
