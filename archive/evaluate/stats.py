"""What an archive costs and saves."""

from __future__ import annotations

from archive.index.search import Search
from archive.records import Stats
from archive.store import Store


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
