"""The codecs of an archive: codec rows, opened. New images are encoded with the newest; old rows
keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archive.codecs import Codec, is_same_codec, open_codec
from archive.errors import DatabaseDamaged, NoArchive
from archive.records import CodecRecord
from archive.store import Store
from archive.store.clock import utc_now


class CodecSet(Mapping[int, Codec]):
    """Codec id → codec."""

    def __init__(self, store: Store) -> None:
        """Opens the codec rows of a store.

        Raises NoArchive if there are none, UnknownCodec, DatabaseDamaged.
        """
        self._store = store
        self.records: dict[int, CodecRecord] = {}
        self._codecs: dict[int, Codec] = {}
        for record in store.codecs.all():
            self._open(record)
        if not self._codecs:
            raise NoArchive(
                f"the archive at {store.location} is unfinished; run `coldframe init` again"
            )
        self.model = store.models.get(self.model_id)
        if {codec.dimension for codec in self._codecs.values()} != {self.model.dimension}:
            raise DatabaseDamaged(
                f"codecs and model of the archive at {store.location} disagree about the number of "
                "dimensions; restore the database from a copy"
            )

    def __getitem__(self, codec_id: int) -> Codec:
        return self._codecs[codec_id]

    def __iter__(self) -> Iterator[int]:
        return iter(list(self._codecs))

    def __len__(self) -> int:
        return len(self._codecs)

    @property
    def model_id(self) -> int:
        """Id of the model whose vectors the codecs encode."""
        return self.records[self.current_id].model_id

    @property
    def current_id(self) -> int:
        """Id of the codec that new images are encoded with."""
        return max(self._codecs)

    @property
    def current(self) -> Codec:
        """The codec that new images are encoded with."""
        return self._codecs[self.current_id]

    def find(
        self, codec: Codec, *, same_state: bool = False, after: int = 0, is_final: bool = False
    ) -> int | None:
        """The first id above `after` of an equal codec; `same_state`: of this fitted state;
        `is_final`: of none that is pending."""
        for codec_id, record in self.records.items():
            if codec_id <= after or (is_final and self._codecs[codec_id].is_pending):
                continue
            if is_same_codec(record, codec, same_state=same_state):
                return codec_id
        return None

    def reload(self) -> None:
        """Opens what other processes have added."""
        for record in self._store.codecs.all():
            if record.id not in self.records:
                self._open(record)

    def add(self, codec: Codec, *, after: int | None = None, same_state: bool = False) -> int:
        """Stores a codec, which new images are encoded with from now on → its id.

        `after`: unless another process has added an equal one with an id above it.
        """
        record = CodecRecord(self.model_id, codec.name, codec.parameters(), utc_now(), codec.state)

        def is_equal(known: CodecRecord) -> bool:
            above = after is not None and known.id > after
            return above and is_same_codec(known, codec, same_state=same_state)

        record = self._store.codecs.add(record, unless=is_equal)
        self._open(record)
        return record.id

    def make_current(self, codec_id: int) -> None:
        """New images are encoded with this codec from now on. It is stored once more if another one
        has come since.
        """
        codec = self._codecs[codec_id]
        if not is_same_codec(self.records[self.current_id], codec, same_state=True):
            self.add(codec)

    def add_fitted(self, codec: Codec, pending: Codec, *, after: int) -> int:
        """Stores a codec that was fitted for a pending one, unless another process was faster."""
        record = CodecRecord(self.model_id, codec.name, codec.parameters(), utc_now(), codec.state)
        record = self._store.codecs.add(
            record, unless=lambda known: known.id > after and is_same_codec(known, pending)
        )
        self._open(record)
        return record.id

    def _open(self, record: CodecRecord) -> None:
        self.records[record.id] = record
        self._codecs[record.id] = open_codec(record.name, record.parameters, record.state)
