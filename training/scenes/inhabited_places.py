"""Places where people live: what is painted, where things stand, the words for it."""

from __future__ import annotations

from training.scenes import country, garden, indoors, town
from training.scenes.zones import BEASTS, BIRDS, FRUITS, OPEN, TREES, Place, Zone, sky_zone

HILLS = Place(
    "hills, meadow, grass",
    country.hills,
    0.6,
    "green hills, rolling hills, a wide meadow",
    (
        Zone(
            "ground",
            (0.77, 0.93),
            (0.6, 1.1),
            "house, house, windmill, windmill, church, castle, tractor, tent, "
            "bench, train, " + BEASTS + ", " + TREES,
            where="in a meadow, on a hill, in the hills, among rolling hills",
            where_short="in the meadow, on the grass, in the hills",
            snowy_where="on a snowy hill, in the snow, among white hills",
        ),
        sky_zone(
            "over green hills, above a meadow, over rolling hills",
            things=BIRDS + ", kite",
            snowy_where="over snowy hills, above white hills",
        ),
    ),
    snowy_nouns="snowy hills, white hills in winter",
    clash="green",
)
ROAD = Place(
    "road, countryside",
    country.road,
    0.6,
    "a country road, a road through the countryside, a rural road",
    (
        Zone(
            "ground",
            (0.845, 0.92),
            (0.95, 1.25),
            "car, car, car, bus, truck, bicycle, bicycle, tractor",
            where="on a country road, on a road through the hills, on a rural road",
            where_short="on the road",
            snowy_where="on a snowy country road, on a road through the snow",
        ),
        Zone(
            "ground",
            (0.785, 0.8),
            (0.55, 0.7),
            "house, windmill, church, tree, autumn tree, poplar, sheep",
            where="by a country road, beside a road",
            where_short="by the road, beside the road",
            snowy_where="by a snowy road",
        ),
        sky_zone("over a country road, above the countryside"),
    ),
    snowy_nouns="a snowy country road, a road through a white landscape",
    clash="green, grey",
)
GARDEN = Place(
    "garden, house, fence",
    garden.garden,
    0.6,
    "a garden, a cottage garden, a front garden",
    (
        Zone(
            "home",
            (0.765, 0.765),
            (1.45, 1.6),
            "house",
            where="with a garden, behind a white picket fence, in a garden",
            where_short="behind",
        ),
        Zone(
            "ground",
            (0.88, 0.95),
            (0.95, 1.2),
            "cat, cat, dog, dog, bicycle, ball, bench, rabbit, pumpkin, umbrella",
            where="in a garden, in front of a house, in a front garden",
            where_short="in the garden, on the lawn, in front of the house",
            snowy_where="in a snowy garden, in front of a house",
        ),
        sky_zone(
            "over a garden, above a house with a garden",
            things="bird, kite, butterfly, butterfly",
        ),
    ),
    snowy_nouns="a snowy garden, a garden in winter",
    clash="green",
    front=garden.garden_front,
)
FLOWERS = Place(
    "flowers, field, meadow",
    garden.flower_field,
    0.48,
    "a field of flowers, a flower meadow",
    (
        Zone(
            "ground",
            (1.06, 1.1),
            (0.8, 0.95),
            "daisy, sunflower, poppy, tulip, rose",
            where="in a meadow, up close in a field, growing in a green field",
            where_short="in front",
        ),
        sky_zone(
            "over a field of flowers",
            things="butterfly, butterfly, butterfly, balloon, bird",
            low=0.26,
        ),
    ),
    weathers=OPEN,
    clash="green",
)
STREET = Place(
    "city, street, buildings",
    town.street,
    0.66,
    "a city street, a street in the city, a city skyline",
    (
        Zone(
            "ground",
            (0.905, 0.965),
            (0.95, 1.2),
            "car, car, bus, truck, bicycle",
            where="on a city street, in the city, on a street in town, in front of a skyline",
            where_short="on the street",
        ),
        Zone(
            "ground",
            (0.8, 0.815),
            (0.75, 0.85),
            "street lamp, bench, dog, cat, tree, umbrella",
            where="on a pavement in the city, in the city, on a city street",
            where_short="on the pavement",
        ),
        sky_zone("over the city, above a city skyline, over tall buildings", low=0.3),
    ),
    clash="grey",
)
RIVERSIDE = Place(
    "city, river, skyline, reflection",
    town.riverside,
    0.6,
    "a city by a river, a city skyline across the water, a riverside city",
    (
        Zone(
            "water",
            (0.74, 0.92),
            (0.6, 1.05),
            "sailing boat, ship, rowing boat, duck",
            where="on a river in the city, in front of a city skyline, on the river",
            where_short="on the water, on the river",
        ),
        sky_zone("over the city, above a city skyline, over a riverside city", low=0.28),
    ),
)
TABLE = Place(
    "table, still life, indoors",
    indoors.table,
    1.0,
    "a still life on a table, a wooden table, a kitchen table",
    (
        Zone(
            "table",
            (0.76, 0.9),
            (0.95, 1.2),
            "cup, cup, teapot, vase, vase, candle, book, table cat, empty bowl, " + FRUITS,
            where="on a wooden table, on a table, on a kitchen table, in a still life",
            where_short="on the table",
        ),
    ),
    weathers="clear, clear, cloudy, rain, snow",
)
