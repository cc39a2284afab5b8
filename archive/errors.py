"""One tree of errors. A message says what, which one, and what to do now; the class carries the exit code.

0 done · 1 failed · 2 usage · 3 done, some inputs skipped · 4 verify found damage · 10 no archive there ·
11 locked · 12 model missing · 101 time limit reached · 130 interrupted
"""

from __future__ import annotations

from typing import ClassVar

DONE = 0
SOME_SKIPPED = 3
DAMAGE_FOUND = 4
TIME_LIMIT_REACHED = 101
INTERRUPTED = 130


class ColdframeError(Exception):
    """Whatever coldframe refuses, in one sentence for the user."""

    exit_code: ClassVar[int] = 1


class UsageError(ColdframeError):
    """The words of the command do not fit together."""

    exit_code = 2


class NoArchive(ColdframeError):
    """There is no archive at the place named."""

    exit_code = 10


class ArchiveLocked(ColdframeError):
    """Another process holds the archive longer than we wait."""

    exit_code = 11


class ModelMissing(ColdframeError):
    """Weights are neither here nor to be had."""

    exit_code = 12


class ModelMismatch(ColdframeError):
    """The weights loaded are not those that made the rows."""


class NotFound(ColdframeError):
    """No row answers to that id."""


class UnknownCodec(ColdframeError):
    """A codec row of a newer coldframe, or parameters no codec has."""


class BadCode(ColdframeError):
    """A stored code that its codec cannot have written."""


class Unreadable(ColdframeError):
    """A file that cannot be archived: a short reason for the ledger, and the detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
