"""class ArchiveReader: opens an archive, finds its rows, restores and measures them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self, overload

from archive.arrays import Pixels, Vectors
from archive.codecs import Codec
from archive.decode_row import decode_row
from archive.evaluate.audit import Audit, Audited, sample_ids
from archive.evaluate.baselines import SHEET_NAME, Comparison
from archive.evaluate.iqa import ImageQuality
from archive.evaluate.methods import color_maps, formats, restored_rows
from archive.evaluate.stats import Stats, archive_stats
from archive.evaluate.table1 import ClipMetric, table1
from archive.filters import Filters
from archive.filters.samples import SampleSize, parse_sample_size
from archive.index.hits import Hit, check_hit_order, in_order
from archive.index.matching import MatchingSearch
from archive.index.queries import Query, is_single
from archive.index.search import Search
from archive.models.decoder import Decoder, ProgressCallback
from archive.models.device import DeviceConfig
from archive.models.encoder import Encoder
from archive.models.loader import ModelLoader
from archive.models.sampling import Sampling
from archive.near_duplicates import NearDuplicate, near_duplicates
from archive.preserve.verify import StaleDetail, verify
from archive.recode.codec_set import CodecSet
from archive.records import Damage, Detail, Row, SkippedRecord
from archive.restore.details import DetailReader
from archive.restore.reconstruct import Reconstructor
from archive.restore.run import Labels, Restore, Restored
from archive.selection import VolumeStatus, list_volumes, select_ids, select_rows
from archive.settings import Settings
from archive.store import Store
from archive.store.watchers import WatcherRecord


class ArchiveReader:
    """One archive, to find things in and to restore from. A context manager.

    Iterates over its rows by id; `archive[id]` is one row, `len(archive)` their number. No row
    changes; restorations and audits are recorded where the archive can be written.
    """

    def __init__(
        self,
        location: str | Path | Settings = Settings(),
        *,
        model: str | None = None,
        any_weights: bool = False,
        device: DeviceConfig | None = None,
    ) -> None:
        """Opens an existing archive: a folder, a database URL, or Settings. Raises NoArchive.

        `model`: where its pair is now; `any_weights` allows others; `device`: the decoder's.
        """
        self.settings = Settings.of(location)
        self._store = Store.open(self.settings)
        self._codecs = CodecSet(self._store)
        self.model = self._codecs.model
        self._models = ModelLoader(
            self.model,
            name=model,
            any_weights=any_weights,
            device=device,
            on_decoder=lambda sha256: self._store.models.set_decoder(self.model.id, sha256),
        )
        parts = (self._store, self._codecs.records, self._codecs)
        self._search = Search(*parts, self.settings.index_directory)
        self._matching = MatchingSearch(self._store, self._codecs, self._models, self._search)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the database; the archive refuses whatever is asked afterwards."""
        self._store.close()

    def __repr__(self) -> str:
        if self._store.closed:
            return f"<Archive {self.settings.shown!r} (closed)>"
        parts = f"{len(self):,} images, model {self.model.name}, codec {self.codec.name}"
        return f"<Archive {self.settings.shown!r}: {parts}>"

    @property
    def read_only(self) -> bool:
        """Whether rows can be read but not written: restorations are not recorded then."""
        return self._store.read_only

    @property
    def codec(self) -> Codec:
        """The codec that new images are encoded with."""
        return self._codecs.current

    @property
    def encoder(self) -> Encoder:
        """Images and words → vectors. Raises ModelMissing, ModelMismatch."""
        return self._models.encoder

    @property
    def decoder(self) -> Decoder:
        """Vectors and color maps → images. Raises ModelMissing, ModelMismatch, UsageError."""
        return self._models.decoder

    @property
    def sampling(self) -> Sampling:
        """The default sampling of the archive's pair."""
        return self._models.pair.sampling

    def reconstructor(self, sampling: Sampling | None = None) -> Reconstructor:
        """Rows → pixels. Raises as `decoder` does."""
        chosen = sampling or self.sampling
        size = chosen.image_size
        is_native = not size or size**2 == self.decoder.native_pixels
        max_bytes = chosen.detail_bytes if is_native else 0  # details are of the native frame
        detail = DetailReader(self._store, self.decoder.weights_sha256, max_bytes)
        return Reconstructor(self._codecs, self.decoder, lambda: self.encoder, chosen, detail)

    def __len__(self) -> int:
        return sum(self._store.images.count(codec_id) for codec_id in self._codecs)

    def __iter__(self) -> Iterator[Row]:
        return self._store.images.all()

    def __getitem__(self, image_id: int) -> Row:
        """One row. Raises NotFound, DatabaseDamaged."""
        return self._store.images.get([image_id])[0]

    def rows(self, ids: Iterable[int], *, damaged: bool = False) -> list[Row]:
        """The rows of these ids, in their order; `damaged` ones, too, instead of an error.

        Raises NotFound, DatabaseDamaged.
        """
        images = self._store.images
        return images.read(list(ids)) if damaged else images.get(list(ids))

    @property
    def store(self) -> Store:
        """The tables, a part for each."""
        return self._store

    def refresh(self) -> None:
        """Sees the codecs that other processes have added: new rows may have them."""
        if self._store.codecs.newest() != self._codecs.current_id:
            self._codecs.reload()

    def codec_of(self, row: Row) -> Codec:
        """The codec that reads a row's codes."""
        return self._codecs[row.codec_id]

    def decode(self, row: Row) -> tuple[Vectors, Pixels]:
        """A row → vector_hat (D,) float32, colors_hat (n, n, 3) uint8, n ≥ 0. Raises BadCode."""
        return decode_row(row, self._codecs)

    def details(self, ids: Iterable[int]) -> dict[int, Detail]:
        """The details of these images, of those that have one. Warns of damaged ones."""
        return self._store.details.of(list(ids))

    def details_left_out(self, ids: Iterable[int]) -> list[int]:
        """Those of these images whose detail another decoder wrote: they are restored without."""
        return self._store.details.of_other_decoders(list(ids), self.decoder.weights_sha256)

    def skipped(self) -> list[SkippedRecord]:
        """The ledger of files that were not archived, by path."""
        return self._store.ledger.all()

    def worst(self, count: int) -> list[tuple[Row, dict[str, float]]]:
        """The `count` lowest-scoring audited rows and their scores, lowest first."""
        worst = self._store.restorations.worst_audits(count)
        return [(self[audit.image_id], dict(audit.scores or {})) for audit in worst]

    def stats(self) -> Stats:
        """What the archive costs and saves."""
        return archive_stats(self._store, self._search, self.model.name, self.codec.name)

    def watchers(self) -> list[WatcherRecord]:
        """Who watches folders for the archive, the oldest first."""
        return self._store.watchers.all()

    def verify(self) -> Iterator[Row | Damage | StaleDetail]:
        """Every row, each followed by what is wrong with it; then the rest. Writes nothing."""
        return verify(self._store, self._codecs, self._search)

    @overload
    def search(  # type: ignore[overload-overlap]
        self, queries: Query, *, limit: int = 10, filters: Filters = ..., sort: str = "score"
    ) -> list[Hit]: ...
    @overload
    def search(
        self, queries: Iterable[Query], *, limit: int = 10, filters: Filters = ..., sort: str = ...
    ) -> list[list[Hit]]: ...
    def search(
        self, queries: Any, *, limit: int = 10, filters: Filters = Filters(), sort: str = "score"
    ) -> list[Hit] | list[list[Hit]]:
        """One query → its hits, best first; several → a list of hits for each.

        A query is words (str), an image (Path, Pillow image, (H, W, 3) uint8 array, encoded bytes),
        a (D,) vector, or some of these and rows (Combination). Hits are the best of the rows
        that meet the filters, and tell how well they match; `sort`: by score, date (the oldest
        first) or -date. Raises Unreadable, UsageError, NotFound, ModelMissing.
        """
        check_hit_order(sort)
        ids = None if filters.is_empty else select_ids(self._store, filters)
        single = is_single(queries)
        answers = self._matching.hits([queries] if single else queries, limit, only=ids)
        hits = [in_order(best, sort) for best in answers]
        return hits[0] if single else hits

    def select(
        self, filters: Filters = Filters(), *, sort: str = "id", missing: bool = False
    ) -> Iterator[Row]:
        """Rows that meet the filters; none: every row. Runs as it is iterated.

        `sort`: by id, date (the oldest first) or -date, rows without a date last; `missing`: the
        file is gone from every place, all of whose drives are connected. Raises UsageError,
        NotFound.
        """
        return select_rows(self._store, filters, sort=sort, missing=missing)

    def near_duplicates(self) -> Iterator[list[NearDuplicate]]:
        """Groups of rows that look alike, for people to look at. Runs as it is iterated."""
        return near_duplicates(self._store, self._codecs, self._search)

    def volumes(self) -> list[VolumeStatus]:
        """The drives that images came from, by label."""
        return list_volumes(self._store)

    def restore(
        self,
        ids: int | Iterable[int],
        out: str | Path | None = None,
        *,
        sampling: Sampling | None = None,
        file_format: str = "jpg",
        seed: int | None = None,
        on_step: ProgressCallback | None = None,
    ) -> Iterator[Restored]:
        """Rows → image files in `out`, or images in memory if it is None. Runs as it is iterated.

        `file_format`: jpg, png or webp; `seed` replaces the rows' own. Raises NotFound first.
        """
        rows = self._store.images.read([ids] if isinstance(ids, int) else list(ids))
        labels = Labels.of(self._models.pair)
        run = Restore(self._store, self._codecs, self.reconstructor(sampling), self.decoder, labels)
        folder = None if out is None else Path(out)
        yield from run.run(rows, folder, suffix=f".{file_format}", seed=seed, on_step=on_step)

    def sample(self, size: str | SampleSize) -> list[int]:
        """`"5%"` or `"200"` → ids, the same ones every time. Raises UsageError."""
        return sample_ids(self._store, parse_sample_size(size) if isinstance(size, str) else size)

    def audit(
        self,
        rows: str | SampleSize | Iterable[int] = "1%",
        *,
        sampling: Sampling | None = None,
        iqa: bool = False,
        time_limit: float = float("inf"),
    ) -> Iterator[Audited | Damage]:
        """A sample, or ids → how well each row comes back; no file is kept. Runs as it is iterated.

        `iqa` adds MUSIQ, DBCNN and DISTS; `time_limit` in seconds. Raises UsageError, ModelMissing.
        """
        ids = self.sample(rows) if isinstance(rows, (str, SampleSize)) else list(rows)
        reconstructor = self.reconstructor(sampling)
        audit = Audit(self._store, self._codecs, self._models, reconstructor, iqa=iqa)
        yield from audit.run(ids, time_limit=time_limit)

    def compare(self, out: str | Path) -> Comparison:
        """Restorations of all rows beside JPEG, WebP and AVIF; the originals must be readable."""
        rows = list(self)
        methods = [restored_rows()]
        if all(self.codec_of(row).map_side for row in rows):
            methods.append(color_maps(self._codecs))
        methods += formats()
        return Comparison(rows, methods, self.reconstructor(), self.encoder, Path(out) / SHEET_NAME)

    def table1(
        self,
        out: str | Path,
        *,
        metric: ClipMetric | None = None,
        iqa: ImageQuality | None = None,
    ) -> Comparison:
        """As `compare`, with the methods of CoCliCo's table I; see archive.evaluate.table1.

        `metric` measures the CLIP distance, the pair's own encoder if it is None. Raises UsageError
        if it is the pair's own.
        """
        reconstructor = self.reconstructor()
        parts = (list(self), self._codecs, self._models, reconstructor, Path(out))
        return table1(*parts, metric=metric, iqa=iqa)
