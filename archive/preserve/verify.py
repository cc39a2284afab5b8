"""Checks the database, every row (its checksum and codes) and the index. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archive.codecs import Codec
from archive.errors import BadCode, DatabaseDamaged
from archive.index.search import Search
from archive.records import Damage, Row
from archive.store import Store
from archive.store.checksum import row_crc32


def verify(store: Store, codecs: Mapping[int, Codec], search: Search) -> Iterator[Row | Damage]:
    """What is wrong with the database; every row, each followed by what is wrong with it; then what
    is wrong with the index.
    """
    try:
        for problem in store.database.integrity():
            yield Damage(None, f"database: {problem}")
        for row in store.images.all():
            yield row
            yield from _damages(row, codecs)
        if disagreement := search.disagreement():
            yield Damage(None, disagreement)
    except DatabaseDamaged as error:
        yield Damage(None, str(error))


def _damages(row: Row, codecs: Mapping[int, Codec]) -> Iterator[Damage]:
    codec = codecs.get(row.codec_id)
    if codec is None:
        yield Damage(row.id, f"there is no codec {row.codec_id}")
        return
    if row_crc32(row.clip_code, row.color_code) != row.crc32:
        yield Damage(row.id, "the checksum of its codes does not match")
    try:
        codec.decode([row.clip_code], [row.color_code])
    except BadCode as error:
        yield Damage(row.id, str(error))
