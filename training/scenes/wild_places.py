"""Places in nature, and space: what is painted, where things stand, the words for it."""

from __future__ import annotations

from training.scenes import coast, indoors, wild, woods
from training.scenes.zones import OPEN, Place, Zone, sky_zone

SEA = Place(
    "sea, water, horizon",
    coast.sea,
    0.55,
    "a calm sea, the open sea, the ocean",
    (
        Zone(
            "water",
            (0.62, 0.9),
            (0.4, 1.1),
            "sailing boat, sailing boat, rowing boat, ship, whale, buoy, lighthouse",
            where="on a calm sea, on the open sea, at sea, on the ocean",
            where_short="on the water",
        ),
        sky_zone("over the sea, above the ocean, over calm water"),
    ),
    weathers=OPEN,
    clash="turquoise",
)
BEACH = Place(
    "beach, sand, sea",
    coast.beach,
    0.46,
    "a sandy beach, a beach by the sea, the seaside",
    (
        Zone(
            "ground",
            (0.82, 0.95),
            (0.8, 1.15),
            "umbrella, umbrella, ball, dog, sandcastle, starfish, palm tree, rowing boat, bicycle",
            where="on a sandy beach, on the beach, on the sand by the sea, at the seaside",
            where_short="on the sand",
        ),
        Zone(
            "water",
            (0.5, 0.6),
            (0.4, 0.6),
            "sailing boat, ship",
            where="on the sea off a beach, on the water by a sandy beach",
            where_short="on the water, out at sea",
        ),
        sky_zone(
            "over the beach, above the seaside, in the sky over a sandy beach",
            things="kite, kite, bird, balloon, plane",
        ),
    ),
    weathers=OPEN,
    clash="brown",
    front=coast.beach_front,
)
REEF = Place(
    "underwater, sea, coral reef",
    coast.reef,
    1.0,
    "a coral reef, the bottom of the sea, an underwater world",
    (
        Zone(
            "deep",
            (0.22, 0.78),
            (0.7, 1.3),
            "fish, fish, fish, turtle, jellyfish, submarine",
            where="under water, in a coral reef, over a coral reef, "
            "in the deep sea, at the bottom of the sea",
            where_short="above the corals",
        ),
        Zone(
            "deep",
            (0.93, 0.97),
            (0.9, 1.2),
            "starfish",
            where="on the sea floor, at the bottom of the sea",
            where_short="on the sea floor",
        ),
    ),
    weathers="",
    times=("",),
    clash="turquoise, blue",
)
MOUNTAINS = Place(
    "mountains, peaks",
    wild.mountains,
    0.62,
    "high mountains, a mountain valley, snow-capped mountains",
    (
        Zone(
            "ground",
            (0.79, 0.93),
            (0.6, 1.1),
            "tent, tent, campfire, horse, deer, cabin, house, sheep, train, castle, "
            "pine tree, church, bench",
            where="in the mountains, in a mountain valley, in front of high mountains, "
            "below snow-capped peaks",
            where_short="in the meadow, in the valley",
            snowy_where="in the snowy mountains, in front of white mountains",
        ),
        sky_zone(
            "over the mountains, above snow-capped peaks, over a mountain valley",
            snowy_where="over snowy mountains",
        ),
    ),
    snowy_nouns="snowy mountains, white mountains in winter",
    clash="green",
)
DESERT = Place(
    "desert, sand, dunes",
    wild.desert,
    0.6,
    "a desert, desert dunes, a sandy desert",
    (
        Zone(
            "ground",
            (0.84, 0.94),
            (0.7, 1.15),
            "cactus, cactus, cactus, tent, horse, campfire, truck, train, palm tree, car, saucer",
            where="in the desert, among desert dunes, on the desert sand, in a sandy desert",
            where_short="on the sand, among the dunes",
        ),
        sky_zone("over the desert, above the dunes"),
    ),
    weathers="clear, clear, clear, cloudy",
    clash="yellow, orange, brown, white",
)
FOREST = Place(
    "forest, trees, woods",
    woods.forest,
    0.66,
    "a forest, deep woods, a forest clearing",
    (
        Zone(
            "ground",
            (0.83, 0.94),
            (0.8, 1.15),
            "deer, deer, rabbit, mushroom, mushroom, tent, campfire, cabin, "
            "bicycle, bench, horse, dog",
            where="in a forest, in the woods, in a forest clearing, among the trees",
            where_short="among the trees",
            snowy_where="in a snowy forest, in the winter woods",
        ),
        Zone(
            "sky",
            (0.3, 0.5),
            (0.6, 0.9),
            "bird, butterfly",
            where="in a forest, among the trees",
            where_short="between the trees",
            snowy_where="in a snowy forest",
        ),
    ),
    snowy_nouns="a snowy forest, the woods in winter",
    weathers="clear, clear, cloudy, rain, fog, fog, snow",
    clash="green",
)
LAKE = Place(
    "lake, water, reflection",
    woods.lake,
    0.62,
    "a still lake, a mountain lake, a quiet lake",
    (
        Zone(
            "water",
            (0.7, 0.84),
            (0.6, 1.0),
            "rowing boat, rowing boat, sailing boat, duck, duck",
            where="on a lake, on a still lake, on a quiet lake",
            where_short="on the water",
        ),
        Zone(
            "ground",
            (0.955, 0.98),
            (0.9, 1.1),
            "tent, campfire, deer, bench, dog, horse, bicycle",
            where="by a lake, on the shore of a lake, beside a quiet lake",
            where_short="on the bank, on the shore",
            snowy_where="on the snowy shore of a lake, by a lake in winter",
        ),
        sky_zone("over a lake, above a still lake"),
    ),
    snowy_nouns="a lake in winter, a lake with snowy shores",
    clash="green",
    front=woods.lake_front,
)
SNOWFIELD = Place(
    "snow, winter, snowfield",
    wild.snowfield,
    0.62,
    "a snowy landscape, a snowfield, a white winter landscape",
    (
        Zone(
            "ground",
            (0.8, 0.93),
            (0.7, 1.15),
            "snowman, snowman, snowman, cabin, house, snowy pine, bare tree, "
            "deer, rabbit, dog, train, church, horse",
            where="in the snow, in a snowy landscape, on a snowfield, in deep snow",
            where_short="in the snow",
        ),
        sky_zone("over a snowy landscape, above the snow"),
    ),
    weathers="clear, clear, clear, cloudy, snow, fog",
    clash="white",
)
SPACE = Place(
    "space, stars, night",
    indoors.space,
    1.0,
    "outer space, a starry sky, the depths of space",
    (
        Zone(
            "deep",
            (0.3, 0.86),
            (0.6, 1.3),
            "planet, planet, planet, rocket, rocket, comet, saucer, satellite",
            where="in outer space, in space, among the stars, "
            "in front of a colourful nebula, drifting through space",
            where_short="among the stars",
        ),
    ),
    weathers="",
    times=("",),
    clash="black, grey",
)
