"""What an archive costs and saves."""

from __future__ import annotations

from dataclasses import dataclass

from archive.index.search import Search
from archive.store import Store


@dataclass(frozen=True)
class Stats:
    """What an archive costs and saves. Bits count the codes alone, bytes the files on disk."""

    images: int
    model: str
    codec: str
    clip_bits_per_image: float
    color_bits_per_image: float
    choice_bits_per_image: float  # of the seed index
    details: int  # rows that have one
    detail_bytes: int  # of all details
    detail_bits_per_image: float
    bpp: float  # all these bits, per pixel of the originals
    row_bytes_per_image: float  # the whole database
    index_bytes_per_image: float
    original_bytes: int
    archive_bytes: int  # database and index
    ratio: float  # original_bytes / archive_bytes


def archive_stats(store: Store, search: Search, model: str, codec: str) -> Stats:
    """Sums over all rows, and bytes on disk → means per image."""
    totals = store.images.totals()
    details = store.details.totals()
    database_bytes = store.bytes_on_disk()
    index_bytes = search.bytes_on_disk()
    images = max(1, totals.images)
    code_bytes = totals.clip_bytes + totals.color_bytes + details.code_bytes
    code_bits = 8 * code_bytes + totals.seed_bits
    archive_bytes = database_bytes + index_bytes
    return Stats(
        images=totals.images,
        model=model,
        codec=codec,
        clip_bits_per_image=round(8 * totals.clip_bytes / images, 2),
        color_bits_per_image=round(8 * totals.color_bytes / images, 2),
        choice_bits_per_image=round(totals.seed_bits / images, 2),
        details=details.details,
        detail_bytes=details.code_bytes,
        detail_bits_per_image=round(8 * details.code_bytes / images, 2),
        bpp=round(code_bits / max(1, totals.pixels), 8),
        row_bytes_per_image=round(database_bytes / images, 1),
        index_bytes_per_image=round(index_bytes / images, 1),
        original_bytes=totals.original_bytes,
        archive_bytes=archive_bytes,
        ratio=round(totals.original_bytes / archive_bytes, 2),
    )
