"""A circle holds what is near, also across the 180° meridian and over the poles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.filters.circles import EARTH_RADIUS, Circle, parse_near
from archive.records import DEGREE

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def stored(latitude: float, longitude: float) -> tuple[int, int]:
    return round(latitude * DEGREE), round(longitude * DEGREE)


def in_box(circle: Circle, latitude_e5: int, longitude_e5: int) -> bool:
    low, high = circle.latitudes()
    ranges = circle.longitudes()
    return low <= latitude_e5 <= high and any(a <= longitude_e5 <= b for a, b in ranges)


@pytest.mark.parametrize(
    ("near", "place", "km"),
    [
        ((48.8583, 2.2945), (48.8606, 2.3376), 3.16),  # Eiffel Tower, Louvre
        ((40.6413, -73.7781), (51.4700, -0.4543), 5540),  # JFK, Heathrow
        ((-16.9, 179.95), (-16.9, -179.95), 10.64),  # Taveuni, across the meridian
        ((89.9, 0), (89.9, 180), 22.24),  # over the pole
        ((-90, 12), (-89.99, -100), 1.11),
        ((0, 180), (0, -180), 0),
    ],
)
def test_distances_are_those_of_the_globe(
    near: tuple[float, float], place: tuple[float, float], km: float
) -> None:
    point = stored(*place)
    wide = Circle.of((*near, km * 1.005 + 0.001))
    assert wide.holds(*point)
    assert in_box(wide, *point)
    assert km == 0 or not Circle.of((*near, km * 0.995)).holds(*point)


@given(latitudes, longitudes, st.floats(0, 25_000), latitudes, longitudes)
def test_what_a_circle_holds_is_in_its_box(
    latitude: float, longitude: float, km: float, other: float, another: float
) -> None:
    circle = Circle(latitude, longitude, km)
    point = stored(other, another)
    assert in_box(circle, *point) or not circle.holds(*point)


@given(latitudes, longitudes, st.floats(0, 2 * math.pi), st.floats(0, 20_000))
def test_a_point_at_the_edge_is_in_the_box(
    latitude: float, longitude: float, bearing: float, km: float
) -> None:
    """The point at a distance and bearing, by vectors instead of angles."""
    phi, lam, arc = map(np.radians, (latitude, longitude, np.degrees(km / EARTH_RADIUS)))
    up = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    north = np.array([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)])
    east = np.array([-np.sin(lam), np.cos(lam), 0.0])
    x, y, z = up * np.cos(arc) + (north * np.cos(bearing) + east * np.sin(bearing)) * np.sin(arc)
    point = stored(math.degrees(math.asin(np.clip(z, -1, 1))), math.degrees(math.atan2(y, x)))
    circle = Circle(latitude, longitude, km + 0.01)
    assert in_box(circle, *point)
    assert circle.holds(*point)


@pytest.mark.parametrize("km", [0.5, 10, 500, 5000])
def test_a_box_is_not_much_larger_than_its_circle(km: float) -> None:
    low, high = Circle(48.86, 2.35, km).latitudes()
    assert (high - low) / DEGREE == pytest.approx(2 * math.degrees(km / EARTH_RADIUS), abs=1e-4)
    [(west, east)] = Circle(0, 2.35, km).longitudes()
    assert (east - west) / DEGREE == pytest.approx(2 * math.degrees(km / EARTH_RADIUS), abs=1e-4)


def test_a_place_is_parsed() -> None:
    assert parse_near(" -33.86, 151.2 ,5") == Circle(-33.86, 151.2, 5)


@pytest.mark.parametrize(
    "text",
    ["", "1,2", "1,2,3,4", "north,2,3", "91,0,1", "0,181,1", "0,0,-1", "nan,0,1", "0,0,inf"],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="LATITUDE,LONGITUDE,KM"):
        parse_near(text)
