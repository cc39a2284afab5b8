"""Sums over all rows: what `stats` tells and plots."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import extract, func, select

from archive.records import seed_bits
from archive.store import schema
from archive.store.database import Database


@dataclass(frozen=True)
class Totals:
    """Sums over all rows."""

    images: int
    original_bytes: int
    pixels: int
    clip_bytes: int
    color_bytes: int
    seed_bits: int


def sum_up(database: Database) -> Totals:
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
    with database.reading() as connection:
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


def count_formats_and_years(database: Database) -> tuple[dict[str, int], dict[int, int]]:
    """Images by format, and by the year they were taken, of those whose date is known."""
    image = schema.Image
    year = extract("year", image.taken_at)
    by_format = select(image.format, func.count()).group_by(image.format)
    by_year = select(year, func.count()).where(image.taken_at.is_not(None)).group_by(year)
    with database.reading() as connection:
        formats = {name: int(count) for name, count in connection.execute(by_format)}
        years = {int(number): int(count) for number, count in connection.execute(by_year)}
    return formats, years
