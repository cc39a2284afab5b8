"""Lines of `coldframe ls`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from archive.records import Row, SkippedRecord, TombstoneRecord
from cli.shared.output import emit, path_fields, say, size

if TYPE_CHECKING:
    from archive.filters import Filters
    from archive.near_duplicates import NearDuplicate


def print_row(row: Row, scores: Mapping[str, float], as_json: bool) -> None:
    """An archived image, with the scores of its latest audit if they are listed."""
    date = row.taken_at or row.archived_at
    if as_json:
        facts = {"id": row.id, **path_fields(row.path), "digest": row.sha256.hex()}
        facts |= {"width": row.width, "height": row.height, "file_bytes": row.file_bytes}
        facts |= {"format": row.format, "date": date.isoformat(), "camera": row.camera}
        emit({**facts, "latitude": row.latitude, "longitude": row.longitude, **scores})
        return
    flags = " ".join(str(flag.name).lower() for flag in row.flags)
    columns = [f"{row.id:>8}", f"{date:%Y-%m-%d}", f"{row.width:>5} x {row.height:<5}"]
    columns += [f"{size(row.file_bytes):>8}"]
    columns += [f"{name.replace('_', ' ')} {score:.4f}" for name, score in scores.items()]
    say("  ".join(filter(None, [*columns, row.path, flags])))


def print_near_duplicates(groups: Iterable[Sequence[NearDuplicate]], as_json: bool) -> None:
    """Groups, with an empty line after each; in JSON their number tells them apart."""
    for number, group in enumerate(groups, start=1):
        for member in group:
            scores = {"cosine": member.cosine}
            if member.color_score is not None:
                scores["color_score"] = member.color_score
            print_row(member.row, {"group": number, **scores} if as_json else scores, as_json)
        if not as_json:
            say("")


def print_skipped(skipped: SkippedRecord, as_json: bool) -> None:
    """A file that was not archived."""
    if as_json:
        facts = {"reason": skipped.reason, "detail": skipped.detail, "attempts": skipped.attempts}
        date = skipped.last_attempt.isoformat()
        emit({**path_fields(skipped.path), **facts, "last_attempt": date})
    else:
        say(f"{skipped.reason:<14}  {skipped.path}: {skipped.detail}")


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
