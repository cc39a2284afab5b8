"""Circles on the globe, the mean Earth: a sphere of radius R = 6371.0088 km.

Coordinates are stored as integers, 1e-5 degrees (1.1 m). The distance of two points is

    2 R · asin √(sin²(Δlat / 2) + cos lat₁ · cos lat₂ · sin²(Δlon / 2))

A circle of angle r = km / R around (lat, lon) lies within lat ± r, and within lon ± asin(sin r /
cos lat) unless it reaches a pole: then it may have any longitude. Around the 180° meridian, its
longitudes are two ranges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from archive.errors import UsageError
from archive.records import DEGREE

EARTH_RADIUS = 6371.0088  # km
POLE = 90 * DEGREE
DATE_LINE = 180 * DEGREE
MARGIN = 2  # stored units by which ranges are wider than the circle, for rounding
ALL_LONGITUDES = ((-DATE_LINE, DATE_LINE),)


@dataclass(frozen=True)
class Circle:
    """A place in degrees, and kilometers around it."""

    latitude: float
    longitude: float
    km: float

    @classmethod
    def of(cls, near: tuple[float, float, float]) -> Circle:
        """(latitude, longitude, km) → Circle. Raises UsageError."""
        try:
            latitude, longitude, km = map(float, near)
        except (TypeError, ValueError) as error:
            raise _unclear(near) from error
        if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= km < math.inf):
            raise _unclear(near)
        return cls(latitude, longitude, km)

    def latitudes(self) -> tuple[int, int]:
        """The range that the circle lies within, in stored units."""
        return _range(self.latitude, math.degrees(self._angle))

    def longitudes(self) -> tuple[tuple[int, int], ...]:
        """The one or two ranges that the circle lies within, in stored units."""
        low, high = self.latitudes()
        if low <= -POLE or high >= POLE:
            return ALL_LONGITUDES
        ratio = math.sin(self._angle) / math.cos(math.radians(self.latitude))
        first, last = _range(self.longitude, math.degrees(math.asin(min(ratio, 1.0))))
        if last - first >= 2 * DATE_LINE:
            return ALL_LONGITUDES
        if first <= -DATE_LINE:
            return ((-DATE_LINE, last), (first + 2 * DATE_LINE, DATE_LINE))
        if last >= DATE_LINE:
            return ((first, DATE_LINE), (-DATE_LINE, last - 2 * DATE_LINE))
        return ((first, last),)

    def holds(self, latitude_e5: int, longitude_e5: int) -> bool:
        """Whether a stored point is at most `km` away."""
        latitude = math.radians(self.latitude)
        other = math.radians(latitude_e5 / DEGREE)
        across = math.sin((other - latitude) / 2) ** 2
        turn = math.radians(longitude_e5 / DEGREE - self.longitude)
        along = math.cos(latitude) * math.cos(other) * math.sin(turn / 2) ** 2
        angle = 2 * math.asin(math.sqrt(min(across + along, 1.0)))
        return angle * EARTH_RADIUS <= self.km

    @property
    def _angle(self) -> float:
        """Radians; half the globe at most."""
        return min(self.km / EARTH_RADIUS, math.pi)


def parse_near(text: str) -> Circle:
    """`48.86,2.35,10` → Circle. Raises UsageError."""
    parts = text.split(",")
    if len(parts) != 3:
        raise _unclear(text)
    return Circle.of((parts[0], parts[1], parts[2]))  # type: ignore[arg-type]


def _range(center: float, degrees: float) -> tuple[int, int]:
    low = math.floor((center - degrees) * DEGREE) - MARGIN
    return low, math.ceil((center + degrees) * DEGREE) + MARGIN


def _unclear(near: object) -> UsageError:
    return UsageError(
        f"expected a place as LATITUDE,LONGITUDE,KM like 48.86,2.35,10, not {near!r}: "
        "degrees north and east, at most 90 and 180"
    )
