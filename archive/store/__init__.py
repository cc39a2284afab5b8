"""Rows, the only truth: the tables of one archive. SQLAlchemy's door.

    schema         the tables                      database   engines, transactions, migrations
    models         encoder and decoder             codecs     how codes are read
    images         rows                            sources    paths that hold an image
    volumes        file systems                    ledger     files that were skipped
    restorations   images regenerated from rows    tombstones files not to be archived again
    details        which picture exactly it was    cameras    what images were taken with
    selection      filters → ids                   erase      rows → nothing
    jobs           work of the service             image_order   rows by id or date, in pages
    watchers       who watches which folders       summary    counts of what rows are made of
    row_values   checksum   intact   types   clock

A Store holds one part for each table, all over one Database. Writing is idempotent: a digest occurs
once, a path on a volume occurs once, and writing it again only renews what was seen. A part's
methods that take a Connection run in the caller's transaction; all others open their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from archive.records import Batch, Row
from archive.settings import Settings
from archive.store.cameras import Cameras
from archive.store.codecs import Codecs
from archive.store.database import Database
from archive.store.details import Details
from archive.store.erase import delete_images, overwrite
from archive.store.image_order import ImageOrder
from archive.store.images import Images
from archive.store.jobs import Jobs
from archive.store.ledger import Ledger
from archive.store.models import Models
from archive.store.restorations import Restorations
from archive.store.row_values import DIGEST_BYTES
from archive.store.selection import Selection
from archive.store.sources import Sources
from archive.store.summary import Summaries
from archive.store.tombstones import Tombstones
from archive.store.volumes import Volumes
from archive.store.watchers import Watchers


class Store:
    """The tables of one archive, a part for each."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.models = Models(database)
        self.codecs = Codecs(database)
        self.volumes = Volumes(database)
        self.sources = Sources(database)
        self.ledger = Ledger(database)
        self.cameras = Cameras(database)
        self.images = Images(database, self.sources, self.cameras)
        self.selection = Selection(database, self.cameras, self.volumes)
        self.summaries = Summaries(database, self.cameras, self.volumes)
        self.details = Details(database)
        self.restorations = Restorations(database)
        self.tombstones = Tombstones(database)
        self.jobs = Jobs(database)
        self.image_order = ImageOrder(database, self.images, self.selection)
        self.watchers = Watchers(database)

    @classmethod
    def create(cls, settings: Settings) -> Store:
        """Creates the tables, or brings older ones up to date."""
        database = Database(settings)
        database.migrate()
        return cls(database)

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """Opens existing tables. Raises NoArchive if there are none."""
        database = Database(settings)
        database.check_revision()
        return cls(database)

    @classmethod
    def exists(cls, settings: Settings) -> bool:
        """Whether there are tables of any version."""
        database = Database(settings)
        try:
            return database.exists()
        finally:
            database.close()

    @property
    def location(self) -> str:
        """Where the tables are, as the user wrote it, without a password."""
        return self.database.settings.shown

    @property
    def read_only(self) -> bool:
        """Whether rows can be read but not written."""
        return self.database.read_only

    @property
    def closed(self) -> bool:
        """Whether the connections are closed."""
        return self.database.closed

    def close(self) -> None:
        """Closes all connections; any later call raises UsageError."""
        self.database.close()

    def bytes_on_disk(self) -> int:
        """Bytes of the whole database, including its write-ahead log."""
        return self.database.bytes_on_disk()

    def add_batch(self, codec_id: int, batch: Batch) -> dict[bytes, int]:
        """Writes a batch in one transaction → ids by digest, existing rows included."""
        return self.write_batch(codec_id, batch)[0]

    def write_batch(self, codec_id: int, batch: Batch) -> tuple[dict[bytes, int], set[bytes]]:
        """As `add_batch` → ids by digest, and the digests whose rows are new.

        A digest that another process wrote meanwhile has an id and no new row. One that was
        forgotten has neither.
        """
        sightings = [(image.sha256, image.place) for image in batch.images] + list(batch.sightings)
        with self.database.writing() as connection:
            self.database.take_turns(connection)
            buried = self.tombstones.of_in(connection, [image.sha256 for image in batch.images])
            images = [image for image in batch.images if image.sha256 not in buried]
            added = self.images.insert(connection, codec_id, images)
            ids = self.images.ids_in(connection, [digest for digest, _ in sightings])
            self.sources.remove(connection, batch.removed)
            places = [(ids[digest], place) for digest, place in sightings if digest in ids]
            self.sources.put(connection, places)
            self.ledger.remove(connection, [place for _, place in sightings])
            self.ledger.put(connection, batch.skipped)
            self.images.describe(connection, dict(batch.captures))
        return ids, added

    def decided(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those of these digests that are archived or were forgotten."""
        return {*self.images.ids(digests), *self.tombstones.of(digests)}

    def forget(self, rows: Sequence[Row], *, tombstone: bool) -> None:
        """Erases rows in one transaction, and their bytes from the files.

        `tombstone`: their digests are kept, and never archived again.
        """
        digests = {row.sha256 for row in rows if len(row.sha256) == DIGEST_BYTES}
        with self.database.writing() as connection:
            self.database.take_turns(connection)
            delete_images(connection, [row.id for row in rows])
            if tombstone:
                self.tombstones.add(connection, digests)
        overwrite(self.database)

    def lift(self, digests: Sequence[bytes]) -> None:
        """Erases tombstones: these files may be archived again."""
        with self.database.writing() as connection:
            self.tombstones.remove(connection, digests)
        overwrite(self.database)
