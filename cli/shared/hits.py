"""The hits of a search, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.shared.output import emit, path_fields, say, shown_path

if TYPE_CHECKING:
    from archive.index.hits import Hit
    from cli.shared.running_service import ServedHit


def print_hits(
    hits: Sequence[Hit | ServedHit], text: str, *, as_json: bool, lines: bool = True
) -> None:
    """Whether any of them matches `text`, or the picture if that is empty, and `lines`."""
    matches = any(hit.is_match for hit in hits)
    if as_json:
        emit({"hits": [_facts(hit) for hit in hits], "matches": matches})
        return
    if hits and not matches:
        what = repr(text) if text else "this picture"
        say(f"nothing really matches {what}; the nearest:", err=True)
    for hit in hits if lines else ():
        print_hit(hit)


def print_hit(hit: Hit | ServedHit) -> None:
    """A line: id, score, path."""
    say(f"{hit.id:>8}  {hit.score:6.3f}  {shown_path(hit.path)}")


def _facts(hit: Hit | ServedHit) -> dict[str, Any]:
    taken_at = hit.taken_at and hit.taken_at.isoformat()
    facts = {"id": hit.id, "score": hit.score, **path_fields(hit.path), "digest": hit.digest}
    return {**facts, "taken_at": taken_at, "match": hit.match, "is_match": hit.is_match}
