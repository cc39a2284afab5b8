"""From a seed to a plan: which place, hour and weather, and which things go together there.

The plan depends on the seed alone, so a seed shows the same scene at every size; its caption is
true because caption and picture are both made from the plan.
"""

from __future__ import annotations

from dataclasses import replace

from training.scenes.dice import Dice
from training.scenes.layout import ROW, GroupSpec, place_groups
from training.scenes.places import PLACES
from training.scenes.plan import Plan
from training.scenes.things import THINGS
from training.scenes.zones import Place, Zone

MAY_BE_EMPTY = frozenset(PLACES) - {"reef", "garden", "flowers", "table", "space"}
FRUIT = ("apple", "pear", "orange", "lemon")
# appear in groups of up to five; all other things in groups of up to three
FLOCKS = frozenset(
    (
        *("bird", "fish", "sheep", "duck", "butterfly", "balloon"),
        *("mushroom", "planet", "cactus", "tulip"),
        *FRUIT,
    ),
)
NEVER_REPEATED = frozenset(("train", "lighthouse", "castle", "church", "whale"))
ALIKE_AT_NIGHT = frozenset(("black", "brown", "grey", "purple"))  # indistinguishable in the dark
# never in rain, snow or fog
DRY_WEATHER_ONLY = frozenset(("kite", "butterfly", "campfire", "sandcastle", "balloon"))
DAYTIME_ONLY = frozenset(("kite", "butterfly", "bird"))
SEASONS = {
    "autumn tree": "autumn",
    "blossom tree": "spring",
    "pumpkin": "autumn",
    "bare tree": "winter",
    "snowy pine": "winter",
    "tree": "summer, spring",
    "poplar": "summer, spring",
    "birch": "summer, spring",
    "pine tree": "summer, spring, autumn",
    "umbrella": "summer, spring, autumn",
    "butterfly": "summer, spring",
}


def make_plan(seed: int) -> Plan:
    """Consecutive seeds cycle through the places; each cycle advances the hour."""
    dice = Dice(f"scene {seed}")
    names = tuple(PLACES)
    turn = seed // len(names)
    name = names[seed % len(names)]
    place = PLACES[name]
    time = place.times[(turn + seed % len(names)) % len(place.times)]
    weather = dice.pick(
        [w for w in place.weathers.split(", ") if not (w == "rainbow" and time == "night")]
    )
    season = dice.pick(("summer", "summer", "summer", "spring", "spring", "autumn", "autumn"))
    if weather == "snow" or name == "snowfield":
        season = "winter"
    moon = dice.pick(("full", "full", "crescent", ""))
    if time != "night" or weather != "clear" or name in ("forest", "table"):
        moon = ""
    window = name == "table" and dice.chance(0.6)
    if name == "table" and not window:
        time = ""
        weather = ""
        season = "summer"
    aurora = name == "snowfield" and time == "night" and weather == "clear" and dice.chance(0.7)
    plan = Plan(name, time, weather, season, moon, window, aurora)
    specs = _group_specs(dice.child("wishes"), plan, place)
    return replace(plan, groups=place_groups(dice.child("stand"), specs))


def _fits(name: str, plan: Plan) -> bool:
    """Whether the thing belongs in this hour, weather and season."""
    if plan.season not in SEASONS.get(name, plan.season):
        return False
    if plan.weather in ("rain", "snow", "fog") and name in DRY_WEATHER_ONLY:
        return False
    return not (plan.time == "night" and name in DAYTIME_ONLY)


def _color(dice: Dice, name: str, plan: Plan, place: Place) -> str:
    """A color of the thing that stands out in this light and against this ground."""
    thing = THINGS[name]
    indistinct = set(place.clash.split(", ")) if thing.palette is None else set()
    if plan.winter:
        indistinct.add("white")
    if plan.time == "night" and plan.place != "table":
        indistinct |= ALIKE_AT_NIGHT
    return dice.pick([color for color in thing.colors if color not in indistinct] or thing.colors)


def _group_specs(dice: Dice, plan: Plan, place: Place) -> list[GroupSpec]:
    """Up to four groups: a main one, often a second next to it, sometimes one in another strip."""
    zones = [zone for zone in place.zones if any(_fits(name, plan) for name in zone.kinds)]
    if plan.place in MAY_BE_EMPTY and dice.chance(0.06):
        return []
    if plan.place in ("garden", "flowers"):
        main = zones[0]
        specs = [_group_spec(dice, plan, place, zones[0], single=plan.place == "garden")]
        if plan.place == "flowers" and dice.chance(0.6):
            specs = [replace(specs[0], count=0)]
    else:
        main = dice.pick([zones[0], zones[0], *zones])
        specs = [_group_spec(dice, plan, place, main, single=False)]
        if specs[0].count == 1 and dice.chance(0.3):
            return [replace(specs[0], factor=dice.between(1.25, 1.6), near=dice.between(0.7, 1.0))]
        specs = _paired(dice, plan, place, specs[0])
    others = [zone for zone in zones if zone is not main]
    if others and dice.chance(0.5):
        specs.append(_group_spec(dice, plan, place, dice.pick(others), single=False))
    return specs


def _group_spec(dice: Dice, plan: Plan, place: Place, zone: Zone, *, single: bool) -> GroupSpec:
    """A kind of thing that fits the strip, and how many of it."""
    name = dice.pick([name for name in zone.kinds if _fits(name, plan)])
    room = int(ROW / (THINGS[name].across * zone.scale[0]))
    most = 1 if name in NEVER_REPEATED else max(1, min(5 if name in FLOCKS else 3, room))
    count = 1 if single or dice.chance(0.5) else dice.whole(1, most)
    return GroupSpec(name, _color(dice, name, plan, place), zone, count, dice.between(0, 1))


def _paired(dice: Dice, plan: Plan, place: Place, first: GroupSpec) -> list[GroupSpec]:
    """The group alone, as small and big, with one of another color, or with another kind."""
    thing = THINGS[first.thing]
    if first.count > 3 or first.thing == "train" or dice.chance(0.45):
        return [first]
    if first.count == 1 and thing.across < 0.45 and dice.chance(0.2):
        return [replace(first, factor=0.6, bulk="small"), replace(first, factor=1.25, bulk="big")]
    if thing.across < 0.4 and dice.chance(0.4):
        recolored = replace(
            first, color=_color(dice, first.thing, plan, place), count=1, near=dice.between(0, 1)
        )
        return [first, recolored] if recolored.color != first.color else [first]
    second = _group_spec(dice, plan, place, first.zone, single=dice.chance(0.7))
    same_kind = second.thing == first.thing or (
        thing.family != "" and thing.family == THINGS[second.thing].family
    )
    return [first] if same_kind or second.thing == "train" else [first, second]
