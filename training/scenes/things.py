"""Every kind of thing: how it is drawn, its size, its colors and its names.

`height` is in units of the picture's shorter side, for a near thing; `aspect` is width over height.
Names and colors are words separated by commas; {} in a name marks the color of a part of the thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.scenes import (
    air_and_space,
    animals,
    birds,
    boats,
    buildings,
    flowers,
    fruit,
    outdoor_objects,
    plants,
    sea_animals,
    street_furniture,
    tabletop,
    vehicles,
)
from training.scenes.colors import PAINTS, Color
from training.scenes.dice import Dice
from training.scenes.pen import Pen

Draw = Callable[[Pen, Color, Dice], None]

BRIGHT_COLORS = "red, orange, yellow, green, turquoise, blue, purple, pink, white"
COAT_COLORS = "black, white, grey, brown, orange"
BLOSSOM_COLORS = "red, orange, yellow, pink, purple, white"
LIGHTHOUSE_COLORS = "red, blue, black, green, orange"
PLANET_COLORS = "red, orange, yellow, green, turquoise, blue, purple, pink, brown"
BOWL_COLORS = "white, blue, turquoise, purple, pink"

# What a color's name means on a thing for which the paint box is wrong.
LEAVES: dict[str, Color] = {
    "green": (92, 150, 70),
    "orange": (226, 132, 46),
    "red": (196, 72, 50),
    "yellow": (236, 186, 66),
    "pink": (240, 164, 188),
}
NEEDLES: dict[str, Color] = {"green": (58, 116, 86)}
CACTUS: dict[str, Color] = {"green": (84, 146, 96)}
BARE: dict[str, Color] = {"brown": (112, 84, 70)}
FRUIT: dict[str, Color] = {
    "red": (206, 48, 46),
    "green": (140, 178, 70),
    "yellow": (248, 208, 70),
    "orange": (244, 142, 40),
}


@dataclass(frozen=True)
class Thing:
    """One kind of thing."""

    draw: Draw
    height: float
    aspect: float
    labels: str
    color_names: str = BRIGHT_COLORS
    palette: dict[str, Color] | None = None
    family: str = ""  # what backdrops must leave out while this thing is counted
    shadow: bool = True

    @property
    def names(self) -> list[str]:
        """Its name and synonyms, each for one of it."""
        return self.labels.split(", ")

    @property
    def kind(self) -> str:
        """Its name without any color or part."""
        return self.names[0].replace("{} and white ", "").split(" with ")[0]

    @property
    def colors(self) -> list[str]:
        """The names of the colors it comes in."""
        return self.color_names.split(", ")

    @property
    def across(self) -> float:
        """Its width in units of the shorter side when it stands near."""
        return self.height * self.aspect

    def color(self, name: str) -> Color:
        """What that color's name means on this thing."""
        return (self.palette or PAINTS)[name]


THINGS: dict[str, Thing] = {
    # on and in the water
    "sailing boat": Thing(boats.sailing_boat, 0.36, 0.85, "sailing boat, sailboat", family="boat"),
    "rowing boat": Thing(boats.rowing_boat, 0.105, 2.3, "rowing boat, rowboat"),
    "ship": Thing(boats.ship, 0.2, 2.4, "ship, steamer", "red, blue, green, black, white, orange"),
    "duck": Thing(birds.duck, 0.1, 1.7, "duck", "yellow, white, brown"),
    "whale": Thing(sea_animals.whale, 0.16, 2.4, "whale", "blue, grey"),
    "buoy": Thing(boats.buoy, 0.16, 0.6, "buoy", "red, green, orange, yellow"),
    "fish": Thing(sea_animals.fish, 0.14, 1.7, "fish"),
    "jellyfish": Thing(
        sea_animals.jellyfish, 0.22, 0.8, "jellyfish", "pink, purple, orange, white"
    ),
    "starfish": Thing(sea_animals.starfish, 0.13, 0.9, "starfish", "red, orange, purple, pink"),
    "submarine": Thing(boats.submarine, 0.19, 2.1, "submarine", "yellow, red, orange, white, pink"),
    "turtle": Thing(sea_animals.turtle, 0.17, 1.9, "turtle, sea turtle", "green, brown"),
    # on wheels
    "car": Thing(vehicles.car, 0.14, 2.5, "car", BRIGHT_COLORS + ", black"),
    "bus": Thing(vehicles.bus, 0.18, 2.6, "bus"),
    "truck": Thing(vehicles.truck, 0.18, 2.45, "truck, lorry"),
    "bicycle": Thing(vehicles.bicycle, 0.16, 1.8, "bicycle, bike"),
    "train": Thing(
        vehicles.train, 0.115, 4.6, "train, steam train", "red, green, blue, black, purple"
    ),
    "tractor": Thing(vehicles.tractor, 0.17, 1.5, "tractor", "red, green, blue, orange, yellow"),
    # built
    "house": Thing(buildings.house, 0.32, 1.15, "house", BRIGHT_COLORS + ", brown", family="house"),
    "cabin": Thing(buildings.cabin, 0.25, 1.55, "log cabin, wooden cabin", "brown", family="house"),
    "lighthouse": Thing(
        buildings.rock_lighthouse,
        0.5,
        1.1,
        "{} and white lighthouse",
        LIGHTHOUSE_COLORS,
        shadow=False,
    ),
    "windmill": Thing(
        buildings.windmill, 0.38, 0.82, "windmill", "red, white, blue, brown, green, yellow"
    ),
    "tent": Thing(
        buildings.tent, 0.19, 2.0, "tent", "red, orange, yellow, blue, turquoise, green, purple"
    ),
    "church": Thing(
        buildings.church, 0.36, 0.95, "church, village church", "white, yellow, pink, blue"
    ),
    "castle": Thing(
        buildings.castle, 0.38, 1.05, "castle with {} roofs", "red, blue, purple, turquoise, orange"
    ),
    "bench": Thing(
        street_furniture.bench,
        0.1,
        2.1,
        "bench, park bench",
        "red, green, blue, brown, white, yellow",
    ),
    "street lamp": Thing(
        street_furniture.street_lamp, 0.36, 0.22, "street lamp, lamp post", "black, green, white"
    ),
    # animals
    "cat": Thing(animals.cat, 0.17, 0.9, "cat", COAT_COLORS),
    "table cat": Thing(animals.cat, 0.36, 0.9, "cat", COAT_COLORS),
    "dog": Thing(animals.dog, 0.18, 0.8, "dog", "black, white, grey, brown"),
    "horse": Thing(animals.horse, 0.26, 1.3, "horse", "brown, black, white, grey"),
    "deer": Thing(animals.deer, 0.27, 1.05, "deer, stag", "brown"),
    "sheep": Thing(animals.sheep, 0.15, 1.4, "sheep", "white, black"),
    "rabbit": Thing(animals.rabbit, 0.13, 1.1, "rabbit", "brown, grey, white, black"),
    "bird": Thing(birds.bird, 0.1, 1.5, "bird", "white, black, blue, red, yellow", family="bird"),
    "butterfly": Thing(
        birds.butterfly, 0.14, 1.3, "butterfly", "orange, yellow, blue, white, purple, red, pink"
    ),
    # in the air and beyond
    "balloon": Thing(air_and_space.balloon, 0.28, 0.8, "hot-air balloon, balloon"),
    "plane": Thing(
        air_and_space.plane,
        0.12,
        2.7,
        "plane, aeroplane",
        "red, blue, green, orange, yellow, purple",
    ),
    "kite": Thing(outdoor_objects.kite, 0.26, 0.55, "kite"),
    "rocket": Thing(
        air_and_space.rocket,
        0.34,
        0.7,
        "rocket, spaceship",
        "red, blue, green, orange, yellow, purple, pink",
    ),
    "planet": Thing(air_and_space.planet, 0.3, 1.3, "planet", PLANET_COLORS, family="planet"),
    "comet": Thing(air_and_space.comet, 0.16, 2.4, "comet", "turquoise, yellow, pink, white"),
    "saucer": Thing(
        air_and_space.saucer,
        0.17,
        2.0,
        "flying saucer, UFO",
        "red, green, purple, grey, blue, orange",
    ),
    "satellite": Thing(
        air_and_space.satellite, 0.18, 2.0, "satellite with {} panels", "blue, red, orange, green"
    ),
    # growing
    "tree": Thing(plants.leafy_tree, 0.42, 0.72, "tree", "green", LEAVES, "tree"),
    "autumn tree": Thing(
        plants.leafy_tree, 0.42, 0.72, "tree", "orange, red, yellow", LEAVES, "tree"
    ),
    "blossom tree": Thing(
        plants.leafy_tree, 0.42, 0.72, "tree in blossom, cherry tree", "pink", LEAVES, "tree"
    ),
    "poplar": Thing(plants.tall_tree, 0.5, 0.32, "poplar", "green", LEAVES, "tree"),
    "birch": Thing(plants.birch, 0.46, 0.5, "birch, birch tree", "green, yellow", LEAVES, "tree"),
    "pine tree": Thing(plants.pine, 0.44, 0.5, "pine tree, fir tree", "green", NEEDLES, "tree"),
    "snowy pine": Thing(
        plants.snowy_pine, 0.46, 0.5, "snowy pine tree, snowy fir tree", "green", NEEDLES, "tree"
    ),
    "bare tree": Thing(
        plants.bare_tree, 0.42, 0.75, "bare tree, leafless tree", "brown", BARE, "tree"
    ),
    "palm tree": Thing(
        plants.palm, 0.5, 0.95, "palm tree, palm", "green", palette=LEAVES, family="palm tree"
    ),
    "cactus": Thing(plants.cactus, 0.36, 0.5, "cactus, saguaro cactus", "green", palette=CACTUS),
    "bush": Thing(plants.bush, 0.15, 1.3, "bush", "green", LEAVES, "tree"),
    "mushroom": Thing(
        outdoor_objects.mushroom, 0.12, 1.0, "mushroom, toadstool", "red, brown, orange, purple"
    ),
    "pumpkin": Thing(outdoor_objects.pumpkin, 0.12, 1.2, "pumpkin", "orange"),
    "daisy": Thing(flowers.daisy, 0.8, 0.46, "daisy", "white, pink", family="flower"),
    "sunflower": Thing(
        flowers.sunflower, 0.86, 0.5, "sunflower", "yellow, orange", family="flower"
    ),
    "poppy": Thing(flowers.poppy, 0.8, 0.44, "poppy", "red, orange, pink", family="flower"),
    "rose": Thing(flowers.rose, 0.8, 0.44, "rose", BLOSSOM_COLORS, family="flower"),
    "tulip": Thing(flowers.tulip, 0.82, 0.4, "tulip", BLOSSOM_COLORS, family="flower"),
    # play
    "ball": Thing(outdoor_objects.ball, 0.12, 1.05, "ball, beach ball"),
    "umbrella": Thing(outdoor_objects.umbrella, 0.38, 1.3, "umbrella, parasol"),
    "sandcastle": Thing(
        outdoor_objects.sandcastle,
        0.16,
        1.5,
        "sandcastle with a {} flag",
        "red, blue, green, purple",
    ),
    "snowman": Thing(
        outdoor_objects.snowman,
        0.3,
        1.05,
        "snowman with a {} scarf",
        "red, blue, green, purple, yellow",
    ),
    "campfire": Thing(
        outdoor_objects.campfire, 0.14, 1.1, "campfire, burning fire", "orange", shadow=False
    ),
    # on a table
    "apple": Thing(fruit.apple, 0.15, 1.0, "apple", "red, green, yellow", palette=FRUIT),
    "orange": Thing(fruit.orange, 0.14, 1.0, "orange", "orange", palette=FRUIT),
    "lemon": Thing(fruit.lemon, 0.16, 1.25, "lemon", "yellow", palette=FRUIT),
    "pear": Thing(fruit.pear, 0.17, 0.9, "pear", "green, yellow", palette=FRUIT),
    "banana": Thing(fruit.banana, 0.17, 1.35, "banana", "yellow", palette=FRUIT),
    "cup": Thing(tabletop.cup, 0.16, 1.4, "cup of coffee, coffee cup, cup"),
    "teapot": Thing(tabletop.teapot, 0.22, 1.8, "teapot"),
    "vase": Thing(tabletop.vase, 0.46, 1.05, "vase of flowers, vase with flowers"),
    "candle": Thing(
        tabletop.candle,
        0.3,
        0.65,
        "candle, burning candle",
        "red, white, blue, green, purple, pink",
    ),
    "book": Thing(tabletop.book, 0.075, 2.1, "book"),
    "empty bowl": Thing(tabletop.bowl, 0.15, 2.0, "empty bowl, bowl"),
    "bowl of red apples": Thing(
        fruit.bowl_of_apples, 0.16, 2.05, "bowl of red apples", BOWL_COLORS
    ),
    "bowl of oranges": Thing(fruit.bowl_of_oranges, 0.16, 2.05, "bowl of oranges", BOWL_COLORS),
    "bowl of lemons": Thing(fruit.bowl_of_lemons, 0.16, 2.05, "bowl of lemons", BOWL_COLORS),
    "bowl of pears": Thing(fruit.bowl_of_pears, 0.16, 2.05, "bowl of pears", BOWL_COLORS),
}
