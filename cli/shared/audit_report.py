"""What `coldframe audit` prints: a line per row as JSON, and a table of scores."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cli.shared.output import emit, path_fields, plural, say

if TYPE_CHECKING:
    from archive.evaluate.audit import Audited
    from archive.records import Damage


class AuditReport:
    """Outcomes so far."""

    def __init__(self, rows: int, as_json: bool) -> None:
        self.audited: list[Audited] = []
        self.damages: list[Damage] = []
        self._rows = rows
        self._as_json = as_json

    @property
    def remaining(self) -> int:
        """Rows without an outcome."""
        return self._rows - len(self.audited) - len(self.damages)

    def add(self, outcome: Audited | Damage) -> None:
        """Keeps an outcome, and prints it as JSON if that is wanted."""
        from archive.records import Damage

        if isinstance(outcome, Damage):
            self.damages.append(outcome)
            line: dict[str, Any] = {
                "message_type": "damage",
                "id": outcome.id,
                "what": outcome.message,
            }
        else:
            self.audited.append(outcome)
            line = {"message_type": "audited", "id": outcome.id, **path_fields(outcome.path)}
            line |= {**outcome.scores, "again": outcome.again, "seconds": outcome.seconds}
        if self._as_json:
            emit(line)

    def print(self, seconds: float) -> None:
        """The summary."""
        from archive.evaluate.audit import summarize

        again = sum(row.again for row in self.audited)
        scores = summarize(self.audited)
        if self._as_json:
            counts = {"audited": len(self.audited) - again, "again": again}
            counts |= {"damages": len(self.damages), "left": self.remaining}
            table = {name: asdict(summary) for name, summary in scores.items()}
            emit({"message_type": "summary", **counts, "scores": table, "seconds": seconds})
            return
        known = f", {again:,} already known" if again else ""
        say(f"audited {plural(len(self.audited) - again, 'row')} in {seconds:.1f} s{known}")
        if scores:
            say(f"{'':<22}{'rows':>6}{'mean':>10}{'median':>10}{'worst':>10}")
        for name, score in scores.items():
            values = f"{score.mean:>10.4f}{score.median:>10.4f}{score.worst:>10.4f}"
            say(f"{name.replace('_', ' '):<22}{score.rows:>6,}{values}")
        for damage in self.damages:
            say(f"row {damage.id}: {damage.message}")
        if self.remaining:
            rest = plural(self.remaining, "row")
            say(f"time limit reached, {rest} left; run it again to continue", err=True)
