"""An archive's encoder and decoder, loaded on first use and checked against the weights that made
its rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from archive.arrays import Vectors
from archive.errors import ModelMismatch
from archive.models.decoder import Decoder
from archive.models.decoders.open import open_decoder
from archive.models.device import DeviceConfig
from archive.models.encoder import Encoder, OpenClipEncoder
from archive.models.pairs import Pair, find_pair, recorded_pair
from archive.models.text_encoder import TextEncoder, open_text_encoder
from archive.records import ModelRecord

T = TypeVar("T")


class once(cached_property[T]):  # noqa: N801  as property is
    """A cached property that threads which want it at the same time compute once."""

    def __init__(self, func: Callable[[Any], T]) -> None:
        super().__init__(func)
        self._computing = threading.RLock()

    if not TYPE_CHECKING:  # the types are those of cached_property

        def __get__(self, instance: object, owner: type | None = None) -> object:
            with self._computing:
                return super().__get__(instance, owner)


class ModelLoader:
    """The pair of an archive. Any thread may ask for a model."""

    def __init__(
        self,
        record: ModelRecord,
        *,
        name: str | None,
        any_weights: bool,
        device: DeviceConfig | None,
        on_decoder: Callable[[str], None],
    ) -> None:
        """`name`: where the pair is now, if it was moved; `any_weights`: other weights than the
        archive's are allowed.

        `on_decoder(weights_sha256)` is called when a decoder has been accepted.
        """
        self._record = record
        self._name = name
        self._any_weights = any_weights
        self._device = device
        self._on_decoder = on_decoder

    @cached_property
    def pair(self) -> Pair:
        """Raises UsageError for a name that is no pair, DatabaseDamaged for a recorded one."""
        if self._name is None:
            return recorded_pair(self._record.name, decoder=self._record.decoder)
        return find_pair(self._name, decoder=self._record.decoder or None)

    @once
    def encoder(self) -> Encoder:
        """Raises ModelMissing, ModelMismatch if the weights are not those that made the rows."""
        encoder = OpenClipEncoder(self.pair)
        self._check_dimension(encoder.dimension)
        self._check("encoder", encoder.weights_sha256, self._record.weights_sha256)
        return encoder

    @once
    def _text_encoder(self) -> TextEncoder | None:
        return open_text_encoder(self.pair, accepts=self._accepts_encoder)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts → (N, D) float32, not normalized; without open_clip where that is possible.

        Raises as `encoder` does.
        """
        if "encoder" not in self.__dict__ and self._text_encoder is not None:
            vectors = self._text_encoder.encode_texts(texts)
            self._check_dimension(vectors.shape[1])
            return vectors
        return self.encoder.encode_texts(texts)

    @property
    def known_encoder(self) -> str | None:
        """Digest of the weights that `encoder` will have, if that is known before it is loaded."""
        return None if self._any_weights else self._record.weights_sha256

    @property
    def known_decoder(self) -> str | None:
        """Digest of the weights that `decoder` will have, if that is known before it is loaded."""
        return None if self._any_weights else self._record.decoder_sha256

    @once
    def decoder(self) -> Decoder:
        """Raises ModelMissing, UsageError, and ModelMismatch if earlier restorations used other
        weights.
        """
        decoder = open_decoder(self.pair, dimension=self._record.dimension, device=self._device)
        if self._record.decoder_sha256 is not None:
            self._check("decoder", decoder.weights_sha256, self._record.decoder_sha256)
        self._on_decoder(decoder.weights_sha256)
        return decoder

    @property
    def dimension(self) -> int:
        """D, of the archive's vectors; needs no weights."""
        return self._record.dimension

    @property
    def image_size(self) -> int:
        """Pixels the encoder wants on an image's short side; needs no weights."""
        size = self._record.preprocessing["size"]
        return size if isinstance(size, int) else max(size)

    def _accepts_encoder(self, weights_sha256: str) -> bool:
        return self._any_weights or weights_sha256 == self._record.weights_sha256

    def _check_dimension(self, dimension: int) -> None:
        """Not even with any weights can vectors of another dimension be compared."""
        if dimension != self._record.dimension:
            raise ModelMismatch(
                f"the encoder makes vectors of {dimension} numbers, this archive's have "
                f"{self._record.dimension}; name the right pair with --model"
            )

    def _check(self, part: str, loaded: str, expected: str) -> None:
        if loaded != expected and not self._any_weights:
            raise ModelMismatch(
                f"the {part}'s weights ({loaded[:12]}…) are not the ones this archive was made "
                f"with ({expected[:12]}…); name the right pair with --model, "
                "or insist with --any-weights"
            )
