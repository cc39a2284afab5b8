"""What `coldframe watch` prints: a line for every ingest that changed something, and for whatever
else a person would want to know; as JSON, a line for every event as well.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from archive.ingest.outcomes import Ignored, Linked, Skipped, Unchanged
from archive.ingest.watch import FolderChanged, FolderState, PassEnded, Postponed
from cli.shared.output import emit, path_fields, plural, say, shown_path
from cli.shared.tally import Tally, outcome_fields

if TYPE_CHECKING:
    from archive.watching import WatchingEvent

SENTENCES = {
    FolderState.MISSING: "{} is not there; waiting for it",
    FolderState.BACK: "{} is there again",
    FolderState.REPLACED: "{} is another folder now: mounted, unmounted or replaced",
}
UNEVENTFUL = (Unchanged, Ignored, Linked)


class WatchReport:
    """Prints events as they come."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._tally = Tally()
        self._counts: Counter[str] = Counter()  # of the pass, by message type
        self._listed: set[tuple[str, str]] = set()  # skipped files that were told, and why
        self._work: Counter[str] = Counter()
        self._is_first = True

    def add(self, event: WatchingEvent) -> None:
        """Prints an event, if there is something to say."""
        from archive.watching import Worked, WorkPaused

        match event:
            case FolderChanged(folder, state):
                self._tell_folder(folder, state)
            case Postponed(reason):
                self._tell("postponed", f"postponed: {reason}", reason=reason)
            case PassEnded(is_full):
                self._end_pass(is_full=is_full)
            case Worked(result):
                self._tell_work(result)
            case WorkPaused():
                self._end_work()
            case _:
                self._tally.add(event)
                if not isinstance(event, UNEVENTFUL):
                    self._tell_outcome(event)

    def _tell_outcome(self, outcome: Any) -> None:
        fields = outcome_fields(outcome)
        is_skipped = isinstance(outcome, Skipped)
        if is_skipped:
            if (outcome.path, outcome.detail) in self._listed:
                return
            self._listed.add((outcome.path, outcome.detail))
        self._counts[fields["message_type"]] += 1
        if self._as_json:
            emit(fields)
        elif is_skipped:
            say(f"skipped {shown_path(outcome.path)}: {outcome.reason}, {outcome.detail}")

    def _end_pass(self, *, is_full: bool) -> None:
        if self._as_json and (self._counts or is_full):
            emit({"message_type": "pass", "full": is_full, **self._counts})
        elif self._counts or self._is_first:
            say(self._tally.short() or "no files")
        self._is_first = False
        self._counts.clear()
        self._tally = Tally()

    def _tell_work(self, result: object) -> None:
        from archive.evaluate.audit import Audited
        from archive.restore.detail_run import DetailOutcome, DetailStatus

        match result:
            case DetailOutcome(status=DetailStatus.WRITTEN):
                self._work["detail written"] += 1
                if self._as_json:
                    emit({"message_type": "detail", "id": result.id, "bytes": result.bytes})
            case Audited(again=False):
                self._work["row audited"] += 1
                if self._as_json:
                    scores = {"message_type": "audited", "id": result.id, **result.scores}
                    emit({**scores, **path_fields(result.path), "seconds": result.seconds})

    def _end_work(self) -> None:
        if self._work and not self._as_json:
            say(", ".join(_counted(count, what) for what, count in self._work.items()))
        self._work.clear()

    def _tell_folder(self, folder: str, state: FolderState) -> None:
        if self._as_json:
            emit({"message_type": "folder", **path_fields(folder), "state": state})
        else:
            say(SENTENCES[state].format(folder))

    def _tell(self, message_type: str, line: str, **fields: Any) -> None:
        if self._as_json:
            emit({"message_type": message_type, **fields})
        else:
            say(line)


def _counted(count: int, what: str) -> str:
    """2, "detail written" → "2 details written"."""
    noun, participle = what.split()
    return f"{plural(count, noun)} {participle}"
