"""Images: the rows themselves, one for each archived file content."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from archive.errors import DatabaseDamaged, NotFound
from archive.records import Flag, NewCodes, NewImage, Row, seed_bits
from archive.store import schema
from archive.store.checksum import row_crc32, with_crc32
from archive.store.clock import utc_now
from archive.store.database import BEFORE_ANY_ID, PAGE, Database, chunks, id_chunks, upsert
from archive.store.details import delete_outdated
from archive.store.intact import intact
from archive.store.sources import Sources

DIGEST_BYTES = 32
LONGEST_SIDE = (1 << 31) - 1  # pixels


@dataclass(frozen=True)
class Totals:
    """Sums over all rows."""

    images: int
    original_bytes: int
    pixels: int
    clip_bytes: int
    color_bytes: int
    seed_bits: int


class Images:
    """The table of rows."""

    def __init__(self, database: Database, sources: Sources) -> None:
        self._database = database
        self._sources = sources

    # Reading rows.

    def get(self, ids: Sequence[int]) -> list[Row]:
        """The rows of these ids, in their order. Raises NotFound, DatabaseDamaged."""
        rows = self.read(ids)
        damaged = next((row for row in rows if not row.intact), None)
        if damaged is not None:
            raise DatabaseDamaged(
                f"the row of image {damaged.id} is damaged; `coldframe verify` lists all damage"
            )
        return rows

    def read(self, ids: Sequence[int]) -> list[Row]:
        """As `get`, damaged rows included. Raises NotFound for the first that is missing."""
        rows = self.find(ids)
        missing = next((image_id for image_id in ids if image_id not in rows), None)
        if missing is not None:
            raise NotFound(f"no image {missing} in this archive; `coldframe ls` lists all images")
        return [rows[image_id] for image_id in ids]

    def find(self, ids: Sequence[int]) -> dict[int, Row]:
        """Id → row, damaged or not, of those of these ids that exist."""
        pages = (self._select(schema.Image.id.in_(part)) for part in id_chunks(ids))
        return {row.id: row for page in pages for row in page}

    def all(self) -> Iterator[Row]:
        """Every intact row, by id, read a page at a time. Warns of damaged ones."""
        return intact(self.examine())

    def examine(self) -> Iterator[Row]:
        """Every row, damaged or not, by id, read a page at a time."""
        after = BEFORE_ANY_ID
        while page := self._select(schema.Image.id > after, limit=PAGE):
            yield from page
            after = page[-1].id

    def stream(self, ids: Sequence[int]) -> Iterator[Row]:
        """The intact ones of these rows that still exist, a page at a time. Warns of damaged ones.

        By id within a page: `ids` rise.
        """
        for start in range(0, len(ids), PAGE):
            yield from intact(self.find(ids[start : start + PAGE]).values())

    def of_codec(self, codec_id: int, *, limit: int | None = None) -> list[Row]:
        """A codec's intact rows, by id, of the first `limit`. Warns of damaged ones."""
        return list(intact(self._select(schema.Image.codec_id == codec_id, limit=limit)))

    def _select(self, condition: ColumnElement[bool], *, limit: int | None = None) -> list[Row]:
        query = select(schema.Image.__table__).where(condition).order_by(schema.Image.id)
        with self._database.reading() as connection:
            records = connection.execute(query.limit(limit)).all()
            paths = self._sources.paths(connection, [record.id for record in records])
        return [_row(record, paths.get(record.id, ())) for record in records]

    # Reading parts of rows.

    def ids(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """SHA-256 → id, of those files that are archived."""
        with self._database.reading() as connection:
            return self.ids_in(connection, digests)

    def ids_in(self, connection: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
        """SHA-256 → id, of those files that are archived."""
        image = schema.Image
        ids: dict[bytes, int] = {}
        for part in chunks(digests):
            query = select(image.sha256, image.id).where(image.sha256.in_(part))
            ids |= {row.sha256: row.id for row in connection.execute(query)}
        return ids

    def sample(self, count: int) -> list[int]:
        """`count` ids in the order of their files' SHA-256: the same rows each time, at random."""
        query = select(schema.Image.id).order_by(schema.Image.sha256).limit(count)
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def without_seed(self, *, ignored_codecs: Collection[int] = ()) -> list[int]:
        """The ids of rows that no seed was selected for, except those of some codecs."""
        image = schema.Image
        unseeded = image.seed_index.is_(None) & image.codec_id.not_in(ignored_codecs)
        query = select(image.id).where(unseeded).order_by(image.id)
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def clip_codes(self, codec_id: int, *, after: int = 0) -> Iterator[list[tuple[int, bytes]]]:
        """(id, clip_code) of a codec's rows above `after`, by id, in pages: for the index."""
        image = schema.Image
        columns = select(image.id, image.clip_code)
        while True:
            remaining = (image.codec_id == codec_id) & (image.id > after)
            query = columns.where(remaining).order_by(image.id).limit(PAGE)
            with self._database.reading() as connection:
                page = [(row.id, row.clip_code) for row in connection.execute(query)]
            if not page:
                return
            yield page
            after = page[-1][0]

    def digest(self, codec_id: int, image_id: int) -> str:
        """The SHA-256 of a row's file, hexadecimal; '' if the codec has no such row."""
        image = schema.Image
        query = select(image.sha256).where(image.id == image_id, image.codec_id == codec_id)
        with self._database.reading() as connection:
            digest = connection.execute(query).scalar()
        return digest.hex() if digest else ""

    def position(self, codec_id: int, last_id: int) -> tuple[int, str]:
        """How many rows a codec has up to `last_id`, and that row's SHA-256 ('' if it is missing).

        What `verify` compares an index built up to this row with: it counts.
        """
        image = schema.Image
        counted = select(func.count()).where(image.codec_id == codec_id, image.id <= last_id)
        with self._database.reading() as connection:
            count = connection.execute(counted).scalar_one()
        return count, self.digest(codec_id, last_id)

    def count(self, codec_id: int) -> int:
        """How many rows a codec has."""
        query = select(func.count()).where(schema.Image.codec_id == codec_id)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()

    def totals(self) -> Totals:
        """Sums over all rows."""
        image = schema.Image
        columns = (
            image.file_bytes,
            image.width * image.height,
            func.length(image.clip_code),
            func.length(image.color_code),
        )
        sums = [func.coalesce(func.sum(column), 0) for column in columns]
        counts = select(image.seed_index, func.count()).group_by(image.seed_index)
        with self._database.reading() as connection:
            totals = connection.execute(select(func.count(image.id), *sums)).one()
            by_seed = connection.execute(counts).all()
        images, original_bytes, pixels, clip_bytes, color_bytes = (int(total) for total in totals)
        return Totals(
            images=images,
            original_bytes=original_bytes,
            pixels=pixels,
            clip_bytes=clip_bytes,
            color_bytes=color_bytes,
            seed_bits=sum(
                seed_bits(seed_index) * count
                for seed_index, count in by_seed
                if isinstance(seed_index, int)
            ),
        )

    # Writing.

    def insert(
        self, connection: Connection, codec_id: int, images: Sequence[NewImage]
    ) -> set[bytes]:
        """Adds rows → their digests; a file that is archived already is left as it is."""
        values = [_values(codec_id, image) for image in images]
        added = schema.Image.sha256
        return set(upsert(connection, schema.Image, values, key=("sha256",), returning=added))

    def recode(self, codec_id: int, new_codes: Sequence[NewCodes]) -> None:
        """Replaces these rows' codes, in one transaction; a row recoded meanwhile is skipped.

        Their seed index goes, and their detail: they belong to the old codes.
        """
        changed = [
            (
                new.row,
                replace(
                    new.row,
                    codec_id=codec_id,
                    clip_code=new.clip_code,
                    color_code=new.color_code,
                    seed_index=None,
                ),
            )
            for new in new_codes
        ]
        with self._database.writing() as connection:
            self._database.take_turns(connection)
            delete_outdated(connection, [new.row for new in new_codes])
            columns = ("codec_id", "clip_code", "color_code", "seed_index")
            self._update(connection, changed, columns)

    def set_seed(self, row: Row, seed_index: int) -> None:
        """The row is regenerated with this seed from now on, unless it was recoded meanwhile."""
        with self._database.writing() as connection:
            changed = [(row, replace(row, seed_index=seed_index))]
            self._update(connection, changed, ("seed_index",))

    def _update(
        self, connection: Connection, rows: Sequence[tuple[Row, Row]], columns: Sequence[str]
    ) -> None:
        """(Row as it was read, as it shall be) → these columns are written, with the checksum.

        A row of another codec by now is left as it is.
        """
        image = schema.Image
        same = (image.id == bindparam("row_id")) & (image.codec_id == bindparam("old_codec_id"))
        names = (*columns, "crc32")
        statement = update(image).where(same)
        statement = statement.values({name: bindparam(f"new_{name}") for name in names})
        bound = [
            {
                "row_id": old.id,
                "old_codec_id": old.codec_id,
                "new_crc32": row_crc32(image, new),
                **{f"new_{name}": getattr(new, name) for name in columns},
            }
            for old, new in rows
            if old.intact  # a new checksum would hide the damage
        ]
        if bound:
            connection.execute(statement, bound)


def _row(record: Any, paths: tuple[str, ...]) -> Row:
    values = dict(record._mapping)
    intact = row_crc32(schema.Image, record) == record.crc32 and _is_possible(record)
    values["flags"] = Flag(record.flags) if intact else Flag.NONE
    return Row(**values, paths=paths, intact=intact)


def _is_possible(record: Any) -> bool:
    """Whether there can be such a row; a checksum proves nothing of who wrote it."""
    seed_index = record.seed_index
    return bool(
        len(record.sha256) == DIGEST_BYTES
        and 0 < record.width <= LONGEST_SIDE
        and 0 < record.height <= LONGEST_SIDE
        and record.file_bytes >= 0
        and record.flags in range(max(Flag) << 1)
        and (seed_index is None or seed_index > 0)
    )


def _values(codec_id: int, image: NewImage) -> dict[str, Any]:
    values = {
        "codec_id": codec_id,
        "sha256": image.sha256,
        "clip_code": image.clip_code,
        "color_code": image.color_code,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "file_bytes": image.place.stamp.size,
        "flags": int(image.flags),
        "taken_at": image.taken_at,
        "archived_at": utc_now(),
        "seed_index": None,
    }
    return with_crc32(schema.Image, values)
