"""Creating an archive. An existing one is only migrated, and compared with what was asked for; no
weights are loaded.
"""

from __future__ import annotations

from archive.codecs import CodecConfig, is_same_codec, resolve_codec
from archive.errors import UsageError
from archive.models.encoder import Encoder, OpenClipEncoder
from archive.models.pairs import Pair, find_pair
from archive.records import CodecRecord, ModelRecord
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now

DEFAULT_MODEL = "vit-l-14"
DEFAULT_CODEC = "klt"


def create_archive(
    settings: Settings,
    model: str | Pair | None,
    *,
    decoder: str | None = None,
    codec: str | CodecConfig | None = None,
) -> Encoder | None:
    """Creates the tables with one model and one codec → the encoder that was loaded for it.

    None if there is an archive already: its tables are brought up to date. Raises ModelMissing, and
    UsageError where the archive has other settings than were asked for.
    """
    if Store.exists(settings):
        store = Store.create(settings)
        try:
            if records := store.codecs.all():
                _check_same(settings, store, records, model=model, decoder=decoder, codec=codec)
                return None
        finally:
            store.close()
    pair = model if isinstance(model, Pair) else find_pair(model or DEFAULT_MODEL, decoder=decoder)
    encoder = OpenClipEncoder(pair)
    first = resolve_codec(codec or DEFAULT_CODEC, encoder.dimension, shipped=pair.codecs)
    store = Store.create(settings)
    try:
        record = store.models.add(_model_record(pair, encoder))
        store.codecs.add(
            CodecRecord(record.id, first.name, first.parameters(), utc_now(), first.state),
            unless=lambda known: known.model_id == record.id,  # another init was faster
        )
    finally:
        store.close()
    return encoder


def _check_same(
    settings: Settings,
    store: Store,
    records: list[CodecRecord],
    *,
    model: str | Pair | None,
    decoder: str | None,
    codec: str | CodecConfig | None,
) -> None:
    """Raises UsageError where what was asked for is not what the archive has."""
    if model is None and decoder is None and codec is None:
        return  # only to be brought up to date: its pair may be elsewhere by now
    existing = store.models.get(records[-1].model_id)
    requested = (
        model if isinstance(model, Pair) else find_pair(model or existing.name, decoder=decoder)
    )
    same_decoder = decoder is None or requested.decoder == (existing.decoder,)
    same = requested.name == existing.name and same_decoder
    if same and codec is not None:
        requested_codec = resolve_codec(codec, existing.dimension, shipped=requested.codecs)
        in_file = CodecConfig.of(codec).file is not None
        same = any(is_same_codec(record, requested_codec, same_state=in_file) for record in records)
    if not same:
        raise UsageError(
            f"{settings.shown} already holds an archive with different settings "
            f"(model {existing.name}, codec {records[-1].name}); choose another --archive"
        )


def _model_record(pair: Pair, encoder: Encoder) -> ModelRecord:
    own_decoder = find_pair(pair.name).decoder
    return ModelRecord(
        name=pair.name,
        encoder=pair.encoder,
        pretrained=pair.pretrained,
        decoder="" if pair.decoder == own_decoder or not pair.decoder else pair.decoder[0],
        dimension=encoder.dimension,
        weights_sha256=encoder.weights_sha256,
        preprocessing=encoder.preprocessing,
    )
