"""Every kind of place: what is painted, where things may stand in it, and the words for it.

A zone is a strip of the picture. `down` are the shares of the height where a thing's foot may stand, far and near;
`scale` is how large a thing is there, far and near. `at` says where the things of the zone are; `by` says it again,
shorter, after a comma. Words and phrases are lists parted by commas; what stands twice is twice as likely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.scenes import coast, country, indoors, town, wild, woods
from training.scenes.stage import Stage

TIMES = ("morning", "day", "sunset", "night")
OPEN = "clear, clear, clear, cloudy, rain, fog, rainbow"
NORTHERN = OPEN + ", clear, snow"
BIRDS = "balloon, bird, plane, balloon, bird"
TREES = "tree, autumn tree, blossom tree, poplar, birch, pine tree"
BEASTS = "horse, horse, sheep, sheep, dog, cat, rabbit"
FRUITS = "apple, apple, orange, lemon, pear, banana, bowl of red apples, bowl of oranges, bowl of lemons, bowl of pears"


@dataclass(frozen=True)
class Zone:
    """A strip of a place and what may be in it."""

    role: str  # ground, home (ground, in the middle), water, sky, table, or deep: under water or in space, no ground
    down: tuple[float, float]
    scale: tuple[float, float]
    things: str
    at: str
    by: str
    snowy_at: str = ""

    @property
    def kinds(self) -> list[str]:
        """The kinds of thing that may be in it."""
        return self.things.split(", ")


@dataclass(frozen=True)
class Place:
    """One kind of place."""

    tags: str
    backdrop: Callable[[Stage], None]
    horizon: float
    nouns: str
    zones: tuple[Zone, ...]
    snowy_nouns: str = ""
    weathers: str = NORTHERN
    times: tuple[str, ...] = TIMES
    clash: str = ""  # colors that would drown in the ground
    front: Callable[[Stage], None] | None = (
        None  # painted after what is on the water, before what is on the ground
    )


def _sky(at: str, *, things: str = BIRDS, snowy_at: str = "", low: float = 0.42) -> Zone:
    return Zone(
        "sky", (0.12, low), (0.7, 1.1), things, at, "in the sky, overhead, flying above", snowy_at
    )


PLACES: dict[str, Place] = {
    "sea": Place(
        "sea, water, horizon", coast.sea, 0.55, "a calm sea, the open sea, the ocean", (
            Zone("water", (0.62, 0.9), (0.4, 1.1),
                 "sailing boat, sailing boat, rowing boat, ship, whale, buoy, lighthouse",
                 at="on a calm sea, on the open sea, at sea, on the ocean", by="on the water"),
            _sky("over the sea, above the ocean, over calm water"),
        ), weathers=OPEN, clash="turquoise",
    ),
    "beach": Place(
        "beach, sand, sea", coast.beach, 0.46, "a sandy beach, a beach by the sea, the seaside", (
            Zone("ground", (0.82, 0.95), (0.8, 1.15),
                 "umbrella, umbrella, ball, dog, sandcastle, starfish, palm tree, rowing boat, bicycle",
                 at="on a sandy beach, on the beach, on the sand by the sea, at the seaside", by="on the sand"),
            Zone("water", (0.5, 0.6), (0.4, 0.6), "sailing boat, ship",
                 at="on the sea off a beach, on the water by a sandy beach", by="on the water, out at sea"),
            _sky("over the beach, above the seaside, in the sky over a sandy beach",
                 things="kite, kite, bird, balloon, plane"),
        ), weathers=OPEN, clash="brown", front=coast.beach_front,
    ),
    "reef": Place(
        "underwater, sea, coral reef", coast.reef, 1.0, "a coral reef, the bottom of the sea, an underwater world", (
            Zone("deep", (0.22, 0.78), (0.7, 1.3), "fish, fish, fish, turtle, jellyfish, submarine",
                 at="under water, in a coral reef, over a coral reef, in the deep sea, at the bottom of the sea",
                 by="above the corals"),
            Zone("deep", (0.93, 0.97), (0.9, 1.2), "starfish",
                 at="on the sea floor, at the bottom of the sea", by="on the sea floor"),
        ), weathers="", times=("",), clash="turquoise, blue",
    ),
    "hills": Place(
        "hills, meadow, grass", country.hills, 0.6, "green hills, rolling hills, a wide meadow", (
            Zone("ground", (0.77, 0.93), (0.6, 1.1), "house, house, windmill, windmill, church, castle, tractor, tent, "
                 "bench, train, " + BEASTS + ", " + TREES,
                 at="in a meadow, on a hill, in the hills, among rolling hills",
                 by="in the meadow, on the grass, in the hills",
                 snowy_at="on a snowy hill, in the snow, among white hills"),
            _sky("over green hills, above a meadow, over rolling hills", things=BIRDS + ", kite",
                 snowy_at="over snowy hills, above white hills"),
        ), snowy_nouns="snowy hills, white hills in winter", clash="green",
    ),
    "road": Place(
        "road, countryside", country.road, 0.6, "a country road, a road through the countryside, a rural road", (
            Zone("ground", (0.845, 0.92), (0.95, 1.25), "car, car, car, bus, truck, bicycle, bicycle, tractor",
                 at="on a country road, on a road through the hills, on a rural road", by="on the road",
                 snowy_at="on a snowy country road, on a road through the snow"),
            Zone("ground", (0.785, 0.8), (0.55, 0.7), "house, windmill, church, tree, autumn tree, poplar, sheep",
                 at="by a country road, beside a road", by="by the road, beside the road",
                 snowy_at="by a snowy road"),
            _sky("over a country road, above the countryside"),
        ), snowy_nouns="a snowy country road, a road through a white landscape", clash="green, grey",
    ),
    "garden": Place(
        "garden, house, fence", country.garden, 0.6, "a garden, a cottage garden, a front garden", (
            Zone("home", (0.765, 0.765), (1.45, 1.6), "house",
                 at="with a garden, behind a white picket fence, in a garden", by="behind"),
            Zone("ground", (0.88, 0.95), (0.95, 1.2),
                 "cat, cat, dog, dog, bicycle, ball, bench, rabbit, pumpkin, umbrella",
                 at="in a garden, in front of a house, in a front garden",
                 by="in the garden, on the lawn, in front of the house",
                 snowy_at="in a snowy garden, in front of a house"),
            _sky("over a garden, above a house with a garden", things="bird, kite, butterfly, butterfly"),
        ), snowy_nouns="a snowy garden, a garden in winter", clash="green", front=country.garden_front,
    ),
    "flowers": Place(
        "flowers, field, meadow", country.flower_field, 0.48, "a field of flowers, a flower meadow", (
            Zone("ground", (1.06, 1.1), (0.8, 0.95), "daisy, sunflower, poppy, tulip, rose",
                 at="in a meadow, up close in a field, growing in a green field", by="in front"),
            _sky("over a field of flowers", things="butterfly, butterfly, butterfly, balloon, bird", low=0.26),
        ), weathers=OPEN, clash="green",
    ),
    "mountains": Place(
        "mountains, peaks", wild.mountains, 0.62, "high mountains, a mountain valley, snow-capped mountains", (
            Zone("ground", (0.79, 0.93), (0.6, 1.1),
                 "tent, tent, campfire, horse, deer, cabin, house, sheep, train, castle, pine tree, church, bench",
                 at="in the mountains, in a mountain valley, in front of high mountains, below snow-capped peaks",
                 by="in the meadow, in the valley", snowy_at="in the snowy mountains, in front of white mountains"),
            _sky("over the mountains, above snow-capped peaks, over a mountain valley",
                 snowy_at="over snowy mountains"),
        ), snowy_nouns="snowy mountains, white mountains in winter", clash="green",
    ),
    "desert": Place(
        "desert, sand, dunes", wild.desert, 0.6, "a desert, desert dunes, a sandy desert", (
            Zone("ground", (0.84, 0.94), (0.7, 1.15),
                 "cactus, cactus, cactus, tent, horse, campfire, truck, train, palm tree, car, saucer",
                 at="in the desert, among desert dunes, on the desert sand, in a sandy desert",
                 by="on the sand, among the dunes"),
            _sky("over the desert, above the dunes"),
        ), weathers="clear, clear, clear, cloudy", clash="yellow, orange, brown, white",
    ),
    "forest": Place(
        "forest, trees, woods", woods.forest, 0.66, "a forest, deep woods, a forest clearing", (
            Zone("ground", (0.83, 0.94), (0.8, 1.15),
                 "deer, deer, rabbit, mushroom, mushroom, tent, campfire, cabin, bicycle, bench, horse, dog",
                 at="in a forest, in the woods, in a forest clearing, among the trees", by="among the trees",
                 snowy_at="in a snowy forest, in the winter woods"),
            Zone("sky", (0.3, 0.5), (0.6, 0.9), "bird, butterfly", at="in a forest, among the trees",
                 by="between the trees", snowy_at="in a snowy forest"),
        ), snowy_nouns="a snowy forest, the woods in winter", weathers="clear, clear, cloudy, rain, fog, fog, snow",
        clash="green",
    ),
    "lake": Place(
        "lake, water, reflection", woods.lake, 0.62, "a still lake, a mountain lake, a quiet lake", (
            Zone("water", (0.7, 0.84), (0.6, 1.0), "rowing boat, rowing boat, sailing boat, duck, duck",
                 at="on a lake, on a still lake, on a quiet lake", by="on the water"),
            Zone("ground", (0.955, 0.98), (0.9, 1.1), "tent, campfire, deer, bench, dog, horse, bicycle",
                 at="by a lake, on the shore of a lake, beside a quiet lake", by="on the bank, on the shore",
                 snowy_at="on the snowy shore of a lake, by a lake in winter"),
            _sky("over a lake, above a still lake"),
        ), snowy_nouns="a lake in winter, a lake with snowy shores", clash="green", front=woods.lake_front,
    ),
    "snowfield": Place(
        "snow, winter, snowfield", wild.snowfield, 0.62,
        "a snowy landscape, a snowfield, a white winter landscape", (
            Zone("ground", (0.8, 0.93), (0.7, 1.15), "snowman, snowman, snowman, cabin, house, snowy pine, bare tree, "
                 "deer, rabbit, dog, train, church, horse",
                 at="in the snow, in a snowy landscape, on a snowfield, in deep snow", by="in the snow"),
            _sky("over a snowy landscape, above the snow"),
        ), weathers="clear, clear, clear, cloudy, snow, fog", clash="white",
    ),
    "street": Place(
        "city, street, buildings", town.street, 0.66, "a city street, a street in the city, a city skyline", (
            Zone("ground", (0.905, 0.965), (0.95, 1.2), "car, car, bus, truck, bicycle",
                 at="on a city street, in the city, on a street in town, in front of a skyline", by="on the street"),
            Zone("ground", (0.8, 0.815), (0.75, 0.85), "street lamp, bench, dog, cat, tree, umbrella",
                 at="on a pavement in the city, in the city, on a city street", by="on the pavement"),
            _sky("over the city, above a city skyline, over tall buildings", low=0.3),
        ), clash="grey",
    ),
    "riverside": Place(
        "city, river, skyline, reflection", town.riverside, 0.6,
        "a city by a river, a city skyline across the water, a riverside city", (
            Zone("water", (0.74, 0.92), (0.6, 1.05), "sailing boat, ship, rowing boat, duck",
                 at="on a river in the city, in front of a city skyline, on the river",
                 by="on the water, on the river"),
            _sky("over the city, above a city skyline, over a riverside city", low=0.28),
        ),
    ),
    "table": Place(
        "table, still life, indoors", indoors.table, 1.0, "a still life on a table, a wooden table, a kitchen table", (
            Zone("table", (0.76, 0.9), (0.95, 1.2),
                 "cup, cup, teapot, vase, vase, candle, book, table cat, empty bowl, " + FRUITS,
                 at="on a wooden table, on a table, on a kitchen table, in a still life", by="on the table"),
        ), weathers="clear, clear, cloudy, rain, snow",
    ),
    "space": Place(
        "space, stars, night", indoors.space, 1.0, "outer space, a starry sky, the depths of space", (
            Zone("deep", (0.3, 0.86), (0.6, 1.3), "planet, planet, planet, rocket, rocket, comet, saucer, satellite",
                 at="in outer space, in space, among the stars, in front of a colourful nebula, drifting through space",
                 by="among the stars"),
        ), weathers="", times=("",), clash="black, grey",
    ),
}  # fmt: skip
