"""Checks every row: its checksum, that its codes decode, that the index agrees. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archive.codecs import Codec
from archive.errors import BadCode
from archive.index.search import Search
from archive.records import Damage, Row
from archive.store import Store
from archive.store.checksum import row_crc32


def verify(store: Store, codecs: Mapping[int, Codec], search: Search) -> Iterator[Row | Damage]:
    """Every row, each followed by what is wrong with it; then what is wrong with the index."""
    for row in store.images.all():
        yield row
        yield from _damages(row, codecs[row.codec_id])
    disagreement = search.disagreement()
    if disagreement:
        yield Damage(None, disagreement)


def _damages(row: Row, codec: Codec) -> Iterator[Damage]:
    if row_crc32(row.clip_code, row.color_code) != row.crc32:
        yield Damage(row.id, "the checksum of its codes does not match")
    try:
        codec.decode([row.clip_code], [row.color_code])
    except BadCode as error:
        yield Damage(row.id, str(error))
