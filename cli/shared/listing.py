"""What `coldframe ls` lists: tables on a terminal, lines elsewhere, JSON for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from archive.records import Row, SkippedRecord, TombstoneRecord
from cli.shared.output import emit, path_fields, say, shown_path, size, write_bytes
from cli.shared.terminal import Column, print_table

if TYPE_CHECKING:
    from archive.filters import Filters
    from archive.near_duplicates import NearDuplicate

COLUMNS = (
    Column("id", is_number=True),
    Column("date"),
    Column("pixels"),
    Column("size", is_number=True),
)
FILE = Column("file", fills=True)


def print_rows(rows: Iterable[Row], as_json: bool) -> None:
    """Archived images: a table on a terminal, else lines."""
    if sys.stdout.isatty() and not as_json:
        print_table([*COLUMNS, FILE], ([*_facts(row), _name(row)] for row in rows))
        return
    for row in rows:
        print_row(row, {}, as_json)


def print_scored(lines: Sequence[tuple[Row, Mapping[str, float]]], as_json: bool) -> None:
    """Audited images and their scores, of which some rows have more than others."""
    if sys.stdout.isatty() and not as_json:
        names = list(dict.fromkeys(name for _, scores in lines for name in scores))
        titles = [Column(name.replace("_", "\n"), is_number=True) for name in names]
        cells = (_scored_cells(row, [scores.get(name) for name in names]) for row, scores in lines)
        print_table([COLUMNS[0], *titles, FILE], cells)
        return
    for row, scores in lines:
        print_row(row, scores, as_json)


def _scored_cells(row: Row, scores: Iterable[float | None]) -> list[str]:
    shown = ("" if score is None else f"{score:.4f}" for score in scores)
    return [str(row.id), *shown, _name(row)]


def print_row(row: Row, scores: Mapping[str, float], as_json: bool) -> None:
    """An archived image in a line of its own."""
    if as_json:
        date = row.taken_at or row.archived_at
        facts = {"id": row.id, **path_fields(row.path), "digest": row.sha256.hex()}
        facts |= {"width": row.width, "height": row.height, "file_bytes": row.file_bytes}
        facts |= {"format": row.format, "date": date.isoformat(), "camera": row.camera}
        emit({**facts, "latitude": row.latitude, "longitude": row.longitude, **scores})
        return
    image_id, date_shown, pixels, file_bytes = _facts(row)
    columns = [f"{image_id:>8}", date_shown, f"{pixels:<13}", f"{file_bytes:>8}"]
    columns += [f"{name.replace('_', ' ')} {score:.4f}" for name, score in scores.items()]
    say("  ".join([*columns, _name(row)]))


def _facts(row: Row) -> list[str]:
    """Its id, date, pixels and bytes."""
    date = row.taken_at or row.archived_at
    pixels = f"{row.width:>5} x {row.height}"
    return [str(row.id), f"{date:%Y-%m-%d}", pixels, size(row.file_bytes)]


def _name(row: Row) -> str:
    """Where the file is, and the row's flags."""
    flags = " ".join(str(flag.name).lower() for flag in row.flags)
    return "  ".join(filter(None, [shown_path(row.path), flags]))


def print_near_duplicates(groups: Iterable[Sequence[NearDuplicate]], as_json: bool) -> None:
    """Groups, with an empty line after each; in JSON their number tells them apart."""
    if sys.stdout.isatty() and not as_json:
        scores = (Column("cosine", is_number=True), Column("color score", is_number=True))
        print_table([*COLUMNS, *scores, FILE], chain.from_iterable(map(_group_cells, groups)))
        return
    for number, group in enumerate(groups, start=1):
        for member in group:
            scored = {"cosine": member.cosine}
            if member.color_score is not None:
                scored["color_score"] = member.color_score
            print_row(member.row, {"group": number, **scored} if as_json else scored, as_json)
        if not as_json:
            say("")


def _group_cells(group: Sequence[NearDuplicate]) -> list[list[str]]:
    """A line for each of a group, and an empty one."""
    cells = []
    for member in group:
        color_score = "" if member.color_score is None else f"{member.color_score:.4f}"
        scores = [f"{member.cosine:.4f}", color_score]
        cells.append([*_facts(member.row), *scores, _name(member.row)])
    return [*cells, []]


def print_paths(files: Iterable[Row | SkippedRecord]) -> None:
    """Paths for xargs, as they are, each terminated by a NUL byte."""
    for file in files:
        write_bytes(os.fsencode(file.path) + b"\0")


def print_skipped(files: Iterable[SkippedRecord], as_json: bool) -> None:
    """Files that were not archived."""
    if sys.stdout.isatty() and not as_json:
        columns = [Column("reason"), FILE, Column("why", fills=True)]
        cells = ((file.reason, shown_path(file.path), file.detail) for file in files)
        print_table(columns, cells)
        return
    for file in files:
        if as_json:
            facts = {"reason": file.reason, "detail": file.detail, "attempts": file.attempts}
            emit({**path_fields(file.path), **facts, "last_attempt": file.last_attempt.isoformat()})
        else:
            say(f"{file.reason:<14}  {file.path}: {file.detail}")


def say_no_row(filters: Filters) -> None:
    """Why nothing is listed."""
    if filters.is_empty:
        say("the archive is empty; fill it with `coldframe ingest FOLDER`", err=True)
    else:
        say("no row meets the conditions", err=True)


def print_tombstones(tombstones: Sequence[TombstoneRecord], as_json: bool) -> None:
    """Files that were forgotten: all that is known of them."""
    for tombstone in tombstones:
        digest = tombstone.sha256.hex()
        if as_json:
            emit({"digest": digest, "forgotten_at": tombstone.forgotten_at.isoformat()})
        else:
            say(f"{tombstone.forgotten_at:%Y-%m-%d}  {digest}")
