"""Search an archive: `python examples/search.py ARCHIVE QUERY...`, words or image files."""

from __future__ import annotations

import sys
from pathlib import Path

import coldframe


def main(location: str, *arguments: str) -> None:
    """Prints the best three hits of each query."""
    queries = [Path(word) if Path(word).is_file() else word for word in arguments]
    with coldframe.Archive(location) as archive:
        answers = archive.search(queries, limit=3)
    for query, hits in zip(queries, answers, strict=True):
        print(query)
        for hit in hits:
            print(f"  {hit.score:.3f}  {hit.id:>6}  {hit.path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
