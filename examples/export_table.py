"""Every row as a line of CSV: `python examples/export_table.py ARCHIVE > rows.csv`.

For a data frame, give the same records to pandas: `pandas.DataFrame(records(archive))`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from typing import Any

import coldframe


def records(archive: coldframe.Archive) -> Iterator[dict[str, Any]]:
    """Rows as plain values, one dict each."""
    for row in archive:
        yield {
            "id": row.id,
            "path": row.path,
            "copies": len(row.paths),
            "width": row.width,
            "height": row.height,
            "format": row.format,
            "file_bytes": row.file_bytes,
            "taken_at": row.taken_at,
            "archived_at": row.archived_at,
            "bits": row.bits,
            "sha256": row.sha256.hex(),
        }


if __name__ == "__main__":
    with coldframe.Archive(sys.argv[1]) as opened:
        table = list(records(opened))
    writer = csv.DictWriter(sys.stdout, table[0] if table else ["id"])
    writer.writeheader()
    writer.writerows(table)
