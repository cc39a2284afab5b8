"""Images: the rows themselves, one for each archived file content."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from archive.errors import DatabaseDamaged, NotFound
from archive.records import Capture, NewCodes, NewImage, Row
from archive.store import schema
from archive.store.cameras import Cameras
from archive.store.checksum import row_crc32
from archive.store.database import BEFORE_ANY_ID, PAGE, Database, chunks, id_chunks, upsert
from archive.store.details import delete_outdated
from archive.store.intact import intact
from archive.store.row_values import read_row, row_values
from archive.store.sources import Sources
from archive.store.totals import Totals, count_formats_and_years, sum_up

CAPTURE = ("camera_id", "latitude_e5", "longitude_e5")  # columns


class Images:
    """The table of rows."""

    def __init__(self, database: Database, sources: Sources, cameras: Cameras) -> None:
        self._database = database
        self._sources = sources
        self._cameras = cameras

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
        """The intact ones of these rows that still exist, in their order. Warns of damaged ones.

        Read a page at a time.
        """
        for start in range(0, len(ids), PAGE):
            page = ids[start : start + PAGE]
            rows = self.find(page)
            yield from intact(rows[image_id] for image_id in page if image_id in rows)

    def of_codec(self, codec_id: int, *, limit: int | None = None) -> list[Row]:
        """A codec's intact rows, by id, of the first `limit`. Warns of damaged ones."""
        return list(intact(self._select(schema.Image.codec_id == codec_id, limit=limit)))

    def _select(self, condition: ColumnElement[bool], *, limit: int | None = None) -> list[Row]:
        with self._database.reading() as connection:
            return self._select_in(connection, condition, limit=limit)

    def _select_in(
        self, connection: Connection, condition: ColumnElement[bool], *, limit: int | None = None
    ) -> list[Row]:
        query = select(schema.Image.__table__).where(condition).order_by(schema.Image.id)
        records = connection.execute(query.limit(limit)).all()
        paths = self._sources.paths(connection, [record.id for record in records])
        names = self._cameras.names(connection, {record.camera_id for record in records})
        return [read_row(record, paths.get(record.id, ()), names) for record in records]

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

    def without_capture(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those of these digests that have a row without camera and place."""
        image = schema.Image
        unknown = image.camera_id.is_(None) & image.latitude_e5.is_(None)
        with self._database.reading() as connection:
            parts = (
                select(image.sha256).where(image.sha256.in_(part) & unknown)
                for part in chunks(digests)
            )
            return {digest for part in parts for digest in connection.scalars(part)}

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

    def clip_codes_of(self, ids: Sequence[int]) -> dict[int, dict[int, bytes]]:
        """Codec → id → clip_code, of those of these rows that exist: to compare them all."""
        image = schema.Image
        codes: dict[int, dict[int, bytes]] = {}
        with self._database.reading() as connection:
            for part in id_chunks(ids):
                query = select(image.id, image.codec_id, image.clip_code)
                for row in connection.execute(query.where(image.id.in_(part))):
                    codes.setdefault(row.codec_id, {})[row.id] = row.clip_code
        return codes

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
        return sum_up(self._database)

    def formats_and_years(self) -> tuple[dict[str, int], dict[int, int]]:
        """Images by format, and by the year they were taken, of those whose date is known."""
        return count_formats_and_years(self._database)

    # Writing.

    def insert(
        self, connection: Connection, codec_id: int, images: Sequence[NewImage]
    ) -> set[bytes]:
        """Adds rows → their digests; a file that is archived already is left as it is."""
        cameras = self._cameras.put(connection, [image.capture.camera for image in images])
        values = [row_values(codec_id, image, cameras) for image in images]
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

    def describe(self, connection: Connection, captures: Mapping[bytes, Capture]) -> None:
        """SHA-256 → camera and place, for rows that have neither."""
        cameras = self._cameras.put(connection, [capture.camera for capture in captures.values()])
        for part in chunks(list(captures)):
            rows = self._select_in(connection, schema.Image.sha256.in_(part))
            changed = [
                (row, _described(row, captures[row.sha256], cameras))
                for row in rows
                if row.camera_id is None and row.latitude_e5 is None
            ]
            self._update(connection, changed, CAPTURE)

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


def _described(row: Row, capture: Capture, cameras: Mapping[str, int]) -> Row:
    return replace(
        row,
        camera_id=None if capture.camera is None else cameras[capture.camera],
        latitude_e5=capture.latitude_e5,
        longitude_e5=capture.longitude_e5,
    )
