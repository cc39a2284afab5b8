"""class Archive: opens the parts, and keeps them consistent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec, CodecConfig, is_same_codec, resolve_codec
from archive.errors import BadCode, ModelMismatch, UsageError
from archive.imaging.decode import load_picture
from archive.index.search import Hit, Search
from archive.ingest.outcomes import Archived, Outcome
from archive.ingest.pipeline import Ingest
from archive.models.decoder import Decoder, ProgressCallback
from archive.models.decoders.open import open_decoder
from archive.models.device import DeviceConfig
from archive.models.encoder import Encoder, OpenClipEncoder
from archive.models.pairs import Pair, find_pair
from archive.models.sampling import Sampling
from archive.recode.conversions import Conversions
from archive.recode.run import ReferenceSource
from archive.records import CodecRecord, Damage, ModelRecord, Row, SkippedRecord, Stats
from archive.restore.reconstruct import Reconstructor
from archive.restore.run import Names, Restore, Restored
from archive.restore.seed_choice import SeedChoice, SeedChosen
from archive.settings import Settings
from archive.store import Store
from archive.store.checksum import row_crc32
from archive.store.clock import utc_now

Vectors = npt.NDArray[np.float32]


class Archive(Conversions):
    """One archive, its model and its index. A context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        model: str | None = None,
        any_weights: bool = False,
        machine: DeviceConfig | None = None,
    ) -> None:
        """Opens an archive. `model` says where its pair lies now; `any_weights` allows other weights than its own.

        `machine`: where the decoder runs. Raises NoArchive.
        """
        self.settings = settings
        self._any_weights = any_weights
        self._machine = machine
        self.store = Store.open(settings)
        self.records: dict[int, CodecRecord] = {}
        self.codecs: dict[int, Codec] = {}
        for record in self.store.codecs.all():
            self._open(record)
        if not self.records:
            raise UsageError(
                f"the archive at {settings.location} was never finished; run `coldframe init` again"
            )
        self.model = self.store.models.get(self.records[self.codec_id].model_id)
        self._pair_name = model or self.model.name
        self._search = Search(self.store, self.records, self.codecs, settings.index_directory)
        self.ingest_seconds = 0.0  # what the last ingest spent on new files

    @classmethod
    def create(
        cls,
        settings: Settings,
        pair: Pair,
        *,
        codec: str | CodecConfig = "coclico",
    ) -> Archive:
        """Makes an archive, loading the encoder once to know its weights; an archive of the same make is opened.

        Raises ModelMissing, UsageError if an archive of another make is there.
        """
        encoder = OpenClipEncoder(pair)
        config = CodecConfig.of(codec)
        made = resolve_codec(config, encoder.dimension, shipped=pair.codecs)
        store = Store.create(settings)
        try:
            there = store.codecs.all()
            if not there:
                model = store.models.add(_record(pair, encoder))
                store.codecs.add(
                    CodecRecord(model.id, made.name, made.parameters(), utc_now(), made.state)
                )
            elif not any(
                is_same_codec(record, made, same_state=config.file is not None) for record in there
            ) or (store.models.get(there[-1].model_id).weights_sha256 != encoder.weights_sha256):
                raise UsageError(
                    f"there is an archive of another make at {settings.location} already "
                    f"({store.models.get(there[-1].model_id).name}, {there[-1].name}); name another place with --archive"
                )
        finally:
            store.close()
        archive = cls(settings)
        archive.__dict__["encoder"] = encoder
        return archive

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()

    @cached_property
    def pair(self) -> Pair:
        return find_pair(self._pair_name, decoder=self.model.decoder or None)

    @cached_property
    def encoder(self) -> Encoder:
        """Raises ModelMissing, and ModelMismatch if the weights are not those that made the rows."""
        encoder = OpenClipEncoder(self.pair)
        self._check_weights("encoder", encoder.weights_sha256, self.model.weights_sha256)
        return encoder

    @cached_property
    def decoder(self) -> Decoder:
        """Raises ModelMissing, UsageError, and ModelMismatch if earlier restorations were drawn with other weights."""
        decoder = open_decoder(self.pair, dimension=self.model.dimension, device=self._machine)
        if self.model.decoder_sha256 is not None:
            self._check_weights("decoder", decoder.weights_sha256, self.model.decoder_sha256)
        self.store.models.set_decoder(self.model.id, decoder.weights_sha256)
        return decoder

    def ingest(self, paths: Sequence[str], *, keep_truncated: bool = False) -> Iterator[Outcome]:
        """Every file below the paths → what became of it, once committed; then the index is brought up to date."""
        run = Ingest(
            self.store,
            self.codec_id,
            self.codec,
            lambda: self.encoder,
            side=self._side,
            keep_truncated=keep_truncated,
        )
        archived = 0
        lacking = self._lacking()
        for outcome in run.run(paths):
            archived += isinstance(outcome, Archived)
            self.ingest_seconds = run.seconds
            yield outcome
            if lacking and archived == lacking and self._settled():
                lacking = 0
                run.use(self.codec_id, self.codec)
        if self._settled() or archived:
            self._search.refresh()

    def choose(self, candidates: int) -> Iterator[SeedChosen]:
        """Rows without a choice → which of so many candidates, a power of two, each gives back from now on."""
        reconstructor = self.reconstructor(replace(self.pair.sampling, candidates=candidates))
        rows = (
            row
            for image_id in self.store.images.without_seed()
            for row in self.store.images.get([image_id])
        )
        yield from SeedChoice(
            self.store,
            ReferenceSource(self.codecs, lambda: self.encoder, side=self._side),
            reconstructor,
        ).run(rows)

    def search(self, texts: Sequence[str], *, count: int = 10) -> list[list[Hit]]:
        """What words mean → hits for each text, best first."""
        return self._hits(self.encoder.encode_texts(texts), count)

    def search_by_picture(self, path: Path, *, count: int = 10) -> list[Hit]:
        """A picture file → what looks like it, best first. Raises Unreadable."""
        picture = load_picture(path, at_least=self.encoder.image_size)
        return self._hits(
            self.encoder.encode_images([self.encoder.preprocess(picture.pixels)]), count
        )[0]

    def restore(
        self,
        ids: Sequence[int],
        out: Path,
        *,
        sampling: Sampling | None = None,
        suffix: str = ".jpg",
        seed: int | None = None,
        on_step: ProgressCallback | None = None,
    ) -> Iterator[Restored]:
        """Rows → pictures in `out`. Raises NotFound before anything is drawn."""
        rows = self.store.images.get(ids)
        names = Names(
            self.model.name,
            self.pair.decoder[0] if self.pair.decoder else "",
            f"coldframe {version('coldframe')}",
        )
        run = Restore(self.store, self.codecs, self.reconstructor(sampling), self.decoder, names)
        yield from run.run(rows, out, suffix=suffix, seed=seed, on_step=on_step)

    def reconstructor(self, sampling: Sampling | None = None) -> Reconstructor:
        """Rows → pixels. Raises as `decoder` does."""
        return Reconstructor(
            self.codecs, self.decoder, lambda: self.encoder, sampling or self.pair.sampling
        )

    def rows(self) -> Iterator[Row]:
        """Every row, by id."""
        return self.store.images.all()

    def skipped(self) -> list[SkippedRecord]:
        """The ledger of what was not archived."""
        return self.store.ledger.all()

    def stats(self) -> Stats:
        totals = self.store.images.totals()
        images = max(1, totals.images)
        database = self.store.bytes_on_disk()
        index = self._search.bytes_on_disk()
        clip_bits, color_bits = (
            8 * total / images for total in (totals.clip_bytes, totals.color_bytes)
        )
        return Stats(
            images=totals.images,
            model=self.model.name,
            codec=self.codec.name,
            clip_bits_per_image=round(clip_bits, 2),
            color_bits_per_image=round(color_bits, 2),
            choice_bits_per_image=round(totals.seed_bits / images, 2),
            bpp=round(
                (8 * (totals.clip_bytes + totals.color_bytes) + totals.seed_bits)
                / max(1, totals.pixels),
                8,
            ),
            row_bytes_per_image=round(database / images, 1),
            index_bytes_per_image=round(index / images, 1),
            original_bytes=totals.original_bytes,
            archive_bytes=database + index,
            ratio=round(totals.original_bytes / (database + index), 2),
        )

    def verify(self) -> Iterator[Row | Damage]:
        """Every row, with a Damage after it where it does not decode; then the index. Changes nothing."""
        for row in self.store.images.all():
            yield row
            yield from self._damages(row)
        disagreement = self._search.disagreement()
        if disagreement:
            yield Damage(None, disagreement)

    def _damages(self, row: Row) -> Iterator[Damage]:
        codec = self.codecs[row.codec_id]
        if row_crc32(row.clip_code, row.color_code) != row.crc32:
            yield Damage(row.id, "its codes have another checksum than when they were written")
        try:
            codec.decode([row.clip_code], [row.color_code])
        except BadCode as error:
            yield Damage(row.id, str(error))

    def _hits(self, vectors: Vectors, count: int) -> list[list[Hit]]:
        self._search.refresh()
        return self._search.hits(vectors, count)

    def _check_weights(self, part: str, loaded: str, wanted: str) -> None:
        if loaded != wanted and not self._any_weights:
            raise ModelMismatch(
                f"the {part} loaded (weights {loaded[:12]}…) is not the one this archive was made with "
                f"({wanted[:12]}…); name the right one with --model, or insist with --any-weights"
            )


def _record(pair: Pair, encoder: Encoder) -> ModelRecord:
    given = find_pair(pair.name).decoder
    return ModelRecord(
        name=pair.name,
        encoder=pair.encoder,
        pretrained=pair.pretrained,
        decoder="" if pair.decoder == given or not pair.decoder else pair.decoder[0],
        dimension=encoder.dimension,
        weights_sha256=encoder.weights_sha256,
        preprocessing=encoder.preprocessing,
    )
