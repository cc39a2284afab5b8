"""One tree of errors. A message says what is wrong, with what, and what to do; the class has the
exit code of a command that ends with it.

      0  done                          11  archive locked
      1  failed                        12  model missing
      2  usage error                  101  time limit reached
      3  done, some inputs skipped     13  archive read-only
      4  damage found                  14  disk full
     10  no archive                    15  database server unreachable
                                      129  hung up
                                      130  interrupted
                                      143  terminated
"""

from __future__ import annotations

import errno
from typing import ClassVar

DONE = 0
SOME_SKIPPED = 3
DAMAGE_FOUND = 4
TIME_LIMIT_REACHED = 101
HUNG_UP = 129
INTERRUPTED = 130
TERMINATED = 143


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


class DatabaseDamaged(ColdframeError):
    """The database cannot be read, or is not one. Exit code 4."""

    exit_code = DAMAGE_FOUND


class DamagedRow(UserWarning):
    """A row, or a path of one, whose checksum does not match was left out."""

    def __init__(self, image_id: int) -> None:
        super().__init__(f"a record of image {image_id} is damaged and was left out")
        self.image_id = image_id


class ArchiveReadOnly(ColdframeError):
    """Something was to be written to an archive that can only be read. Exit code 13."""

    exit_code = 13


class DiskFull(ColdframeError):
    """There is no room left where the archive, or the output, is. Exit code 14."""

    exit_code = 14
    numbers: ClassVar = frozenset((errno.ENOSPC, errno.EDQUOT))  # as the system has them


class DatabaseUnreachable(ColdframeError):
    """The database server refused the connection, or ended it. Exit code 15."""

    exit_code = 15


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
