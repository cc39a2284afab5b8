"""One tree of errors. A message says what is wrong, with what, and what to do; the class has the
exit code of a command that ends with it.

      0  done                          11  archive locked
      1  failed                        12  model missing
      2  usage error                  101  time limit reached
      3  done, some inputs skipped    130  interrupted
      4  verify found damage
     10  no archive
"""

from __future__ import annotations

from typing import ClassVar

DONE = 0
SOME_SKIPPED = 3
DAMAGE_FOUND = 4
TIME_LIMIT_REACHED = 101
INTERRUPTED = 130


class ColdframeError(Exception):
    """Everything that coldframe refuses, in one sentence for the user. Exit code 1."""

    exit_code: ClassVar[int] = 1


class UsageError(ColdframeError):
    """Arguments that are invalid, or do not go together. Exit code 2."""

    exit_code = 2


class NoArchive(ColdframeError):
    """There is no archive at this location. Exit code 10."""

    exit_code = 10


class ArchiveLocked(ColdframeError):
    """Another process kept the database locked for longer than `lock_seconds`. Exit code 11."""

    exit_code = 11


class ModelMissing(ColdframeError):
    """Weights are neither on this machine nor available for download. Exit code 12."""

    exit_code = 12


class ModelMismatch(ColdframeError):
    """The weights that were loaded are not those that made the rows. Exit code 1."""


class NotFound(ColdframeError):
    """There is no row with this id. Exit code 1."""


class UnknownCodec(ColdframeError):
    """A codec, or a parameter of one, that this version of coldframe does not know. Exit code 1."""


class BadCode(ColdframeError):
    """A stored code that its codec cannot have written. Exit code 1."""


class Unreadable(ColdframeError):
    """A file that cannot be archived. Exit code 1.

    `reason` is a word for the ledger, one of archive.reasons.REASONS, `detail` a sentence.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
