"""Groups of rows that look alike: copies in another size or quality, pictures of one burst.

Two rows are near-duplicates if

    cos(vector_hat, vector_hat')                ≥ LEAST_COSINE
    color_score(colors_hat, colors_hat')        ≤ MOST_COLOR_SCORE, where both have a color map

The map is a second opinion: pictures of one subject have similar vectors, but their colors lie
elsewhere. The index finds each row's NEIGHBORS nearest, so N · NEIGHBORS pairs are compared. Groups
are what such pairs connect. Some forty bytes an image prove nothing: this is for people to look at.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from archive.arrays import Pixels, Vectors
from archive.codecs import Codec
from archive.decode_row import decode_row
from archive.errors import BadCode
from archive.imaging.resize import resize
from archive.index.search import Search
from archive.metrics import color_score
from archive.records import Row
from archive.store import Store

LEAST_COSINE = 0.9
MOST_COLOR_SCORE = 0.005
NEIGHBORS = 16  # nearest rows of each that are compared with it
PAGE = 256  # rows that are decoded and searched at once


@dataclass(frozen=True)
class NearDuplicate:
    """A row of a group, and how near it is to the most similar other row of it."""

    row: Row
    cosine: float
    color_score: float | None  # None if one of them has no color map


@dataclass(frozen=True)
class _Pair:
    ids: tuple[int, int]
    cosine: float
    color_score: float | None


def near_duplicates(
    store: Store, codecs: Mapping[int, Codec], search: Search
) -> Iterator[list[NearDuplicate]]:
    """Groups of at least two rows, by the first row's id; rows by id."""
    search.refresh()
    maps: dict[int, Pixels] = {}
    cosines: dict[tuple[int, int], float] = {}
    rows = store.images.all()
    while page := list(itertools.islice(rows, PAGE)):
        vectors_hat = _decode_page(page, codecs, maps)
        hits = search.hits(np.stack(list(vectors_hat.values())), NEIGHBORS) if vectors_hat else []
        for row_id, nearby in zip(vectors_hat, hits, strict=True):
            for hit in nearby:
                if hit.id != row_id and hit.score >= LEAST_COSINE:
                    cosines[min(row_id, hit.id), max(row_id, hit.id)] = hit.score
    pairs = [
        _Pair(ids, cosine, _color_score(maps, ids))
        for ids, cosine in cosines.items()
        if ids[0] in maps and ids[1] in maps
    ]
    similar = [pair for pair in pairs if (pair.color_score or 0) <= MOST_COLOR_SCORE]
    nearest = _nearest(similar)
    for group in _connected(similar):
        yield [
            NearDuplicate(row, nearest[row.id].cosine, nearest[row.id].color_score)
            for row in store.images.get(group)
        ]


def _decode_page(
    rows: Sequence[Row], codecs: Mapping[int, Codec], maps: dict[int, Pixels]
) -> dict[int, Vectors]:
    """Id → (D,) vector_hat, of the rows that can be decoded; adds their color maps to `maps`."""
    vectors_hat: dict[int, Vectors] = {}
    for codec_id in sorted({row.codec_id for row in rows} & set(codecs)):
        of_codec = [row for row in rows if row.codec_id == codec_id]
        clip_codes = [row.clip_code for row in of_codec]
        color_codes = [row.color_code for row in of_codec]
        try:
            decoded = zip(*codecs[codec_id].decode(clip_codes, color_codes), strict=True)
            parts = dict(zip([row.id for row in of_codec], decoded, strict=True))
        except BadCode:  # `verify` reports it; the others are compared nevertheless
            parts = {}
            for row in of_codec:
                with suppress(BadCode):
                    parts[row.id] = decode_row(row, codecs)
        for row_id, (vector_hat, colors_hat) in parts.items():
            vectors_hat[row_id] = vector_hat
            maps[row_id] = colors_hat
    return vectors_hat


def _color_score(maps: Mapping[int, Pixels], ids: tuple[int, int]) -> float | None:
    """Of two color maps, at the smaller one's size; None where there are none."""
    first, second = (maps[row_id] for row_id in ids)
    side = min(len(first), len(second))
    if not side:
        return None
    first, second = (
        colors if len(colors) == side else resize(colors, side, side) for colors in (first, second)
    )
    return color_score(first, second)


def _connected(pairs: Sequence[_Pair]) -> list[list[int]]:
    """Pairs → ascending ids of each group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not pairs:
        return []
    ids, places = np.unique(np.array([pair.ids for pair in pairs]), return_inverse=True)
    first, second = places.reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (first, second)), shape=(len(ids), len(ids)))
    count, labels = connected_components(graph, directed=False)
    groups: list[list[int]] = [[] for _ in range(count)]
    for row_id, label in zip(ids.tolist(), labels.tolist(), strict=True):
        groups[label].append(row_id)
    return sorted(groups)


def _nearest(pairs: Sequence[_Pair]) -> dict[int, _Pair]:
    """Id → the pair with the most similar other row."""
    nearest: dict[int, _Pair] = {}
    for pair in sorted(pairs, key=lambda pair: pair.cosine):
        nearest |= dict.fromkeys(pair.ids, pair)
    return nearest
