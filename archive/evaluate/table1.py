"""The rows and columns of table I of CoCliCo (PCS 2024), on images of the user's own.

    input       the file as it is: bits of the file, over the pixels of the original
    jpeg …      JPEG, WebP, AVIF at their lowest quality, VVC at its coarsest quantization
    coclico     plain CoCliCo: a row of the codec `coclico` made from the original, decoded by the
                same pair as in the paper, that is with the sampling PAPER_SAMPLING
    coldframe   the row as the archive has it, restored with its pair's default sampling

Scores are those of archive.evaluate.baselines, with two measures without a reference, DBCNN and
MUSIQ. The CLIP distance, 1 − cos, is a question to an encoder. The pair's own has made the rows and
may have guided the drawing, so it flatters; another one measures if it is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from archive.codecs import Codec, resolve_codec
from archive.errors import UsageError
from archive.evaluate.baselines import Comparison, Scores
from archive.evaluate.iqa import ImageQuality
from archive.evaluate.methods import Method, Rendition, Subject, formats, restored_rows
from archive.imaging.vvc import recompress_vvc, vvc_ffmpeg
from archive.models.encoder import Encoder, OpenClipEncoder
from archive.models.loader import ModelLoader
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.originals import ReferenceSource
from archive.records import Row
from archive.restore.reconstruct import Reconstructor

SHEET_NAME = "table1.png"
OWN_CLIP = "own CLIP"  # the encoder of the pair that is measured
PAPER_CODEC = "coclico"
PAPER_SAMPLING = Sampling(  # section IV; what came after the paper is off
    steps=20,
    guidance=12.0,
    strength=0.88,
    clip_guidance=0.0,
    noise_level=0,
    project_colors=False,
)
CODEC_ID = 0  # of the rows made here, which no database holds


@dataclass(frozen=True)
class ClipMetric:
    """An encoder that measures CLIP distances, and what it is called."""

    label: str
    encoder: Encoder

    @property
    def heading(self) -> str:
        """Of its column: short, and honest about the pair's own."""
        return OWN_CLIP if self.label == OWN_CLIP else "CLIP"

    def caption(self, scores: Scores) -> str:
        """For the contact sheet."""
        return f"{self.heading} {scores.clip_distance:.2f}"


def open_clip_metric(name: str) -> ClipMetric:
    """A model pair's name, folder, or open_clip's MODEL/TAG → its encoder.

    Raises UsageError for a name that is none of them, ModelMissing.
    """
    pair = find_pair(name)
    return ClipMetric(pair.public_name, OpenClipEncoder(pair))


def table1(
    rows: Sequence[Row],
    codecs: Mapping[int, Codec],
    models: ModelLoader,
    reconstructor: Reconstructor,
    out: Path,
    *,
    metric: ClipMetric | None = None,
    iqa: ImageQuality | None = None,
) -> Comparison:
    """Rows whose originals can be read → the comparison; `out`: folder of the contact sheet.

    `metric`: the pair's own encoder if it is None. Raises UsageError for one that has the weights
    of the pair's own, and if there are no rows.
    """
    measure = _checked(metric, models.encoder) if metric else ClipMetric(OWN_CLIP, models.encoder)
    return Comparison(
        rows,
        table_methods(codecs, models),
        reconstructor,
        measure.encoder,
        out / SHEET_NAME,
        clip_caption=measure.caption,
        iqa=iqa,
    )


def table_methods(codecs: Mapping[int, Codec], models: ModelLoader) -> list[Method]:
    """The rows of the table, as far as this machine has their encoders."""
    references = ReferenceSource(codecs, lambda: models.encoder, image_size=models.image_size)
    return [
        input_files(),
        *formats(),
        *vvc(),
        plain_coclico(models, references),
        restored_rows(),
    ]


def input_files() -> Method:
    """The files as they are."""

    def render(subjects: Sequence[Subject]) -> list[Rendition]:
        return [_input_file(subject) for subject in subjects]

    return Method("input", "input", render, is_original=True)


def vvc() -> list[Method]:
    """VVC, if there is an ffmpeg that writes it."""

    def render(subjects: Sequence[Subject]) -> list[Rendition]:
        compressed = [recompress_vvc(subject.original) for subject in subjects]
        return [Rendition(8 * count, pixels) for count, pixels in compressed]

    return [Method("vvc", "VVC", render)] if vvc_ffmpeg() else []


def plain_coclico(models: ModelLoader, references: ReferenceSource) -> Method:
    """What the paper's codec and decoding make of the originals, with the same pair and seeds."""
    codec = resolve_codec(PAPER_CODEC, models.dimension)
    reconstructor = Reconstructor(
        {CODEC_ID: codec}, models.decoder, lambda: models.encoder, PAPER_SAMPLING
    )

    def render(subjects: Sequence[Subject]) -> list[Rendition]:
        rows = paper_rows([subject.row for subject in subjects], codec, references)
        seeds = [reconstructor.seed(row) for row in rows]
        reconstructions = reconstructor.reconstruct(rows, seeds)
        return [
            Rendition(row.bits, reconstruction.pixels)
            for row, reconstruction in zip(rows, reconstructions, strict=True)
        ]

    return Method("coclico", "plain CoCliCo", render)


def paper_rows(rows: Sequence[Row], codec: Codec, references: ReferenceSource) -> list[Row]:
    """The same rows, coded by another codec from their originals; without a selected seed."""
    known = references(rows, codec.map_side)
    vectors = np.stack([reference.vector for reference in known])
    maps = np.stack([reference.color_map for reference in known])
    clip_codes, color_codes = codec.encode(vectors, maps)
    return [
        replace(row, codec_id=CODEC_ID, clip_code=clip_code, color_code=color_code, seed_index=None)
        for row, clip_code, color_code in zip(rows, clip_codes, color_codes, strict=True)
    ]


def _checked(metric: ClipMetric, pair_encoder: Encoder) -> ClipMetric:
    """Raises UsageError for an encoder with the weights of the pair's own."""
    if metric.encoder.weights_sha256 == pair_encoder.weights_sha256:
        raise UsageError(
            f"{metric.label} is the encoder that made the rows, so it is no independent judge; "
            "name another one with --judge, or leave out --judge"
        )
    return metric


def _input_file(subject: Subject) -> Rendition:
    row = subject.row
    return Rendition(8 * row.file_bytes, subject.original, area=row.width * row.height)
