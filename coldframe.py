"""coldframe's public API: `import coldframe`, or `python -m coldframe` for the command line.

>>> import coldframe
>>> with coldframe.Archive("./coldframe") as archive:
...     for outcome in archive.ingest("photos"):
...         print(outcome)
...     hits = archive.search("a dog on the beach")
...     restored = list(archive.restore([hit.id for hit in hits[:3]], "restored"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import archive as _archive
from archive import __all__ as __all__

if TYPE_CHECKING:
    from archive import *
    from archive import __version__ as __version__


def __getattr__(name: str) -> Any:
    """Public names are those of `archive`, imported on first use."""
    return getattr(_archive, name)


if __name__ == "__main__":
    from cli.main import main

    main()
