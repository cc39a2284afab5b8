"""From a seed to a plan: which place, hour and weather, and which things go together there.

A plan is drawn from the seed alone, so one seed shows the same scene at every size, and its caption is true because
caption and picture are both made from the plan.
"""

from __future__ import annotations

from dataclasses import replace

from training.scenes.dice import Dice
from training.scenes.layout import ROW, Wish, stand
from training.scenes.places import PLACES, Place, Zone
from training.scenes.plan import Plan
from training.scenes.things import THINGS

SCENIC = frozenset(PLACES) - {"reef", "garden", "flowers", "table", "space"}  # fit to be seen empty
FRUIT = ("apple", "pear", "orange", "lemon")
HUDDLES = frozenset(("bird", "fish", "sheep", "duck", "butterfly", "balloon", "mushroom", "planet", "cactus", "tulip",
    *FRUIT))  # fmt: skip
# Huddles are seen in fours and fives; other things come in threes at most.
ALONE = frozenset(("train", "lighthouse", "castle", "church", "whale"))
UNEASY = frozenset(
    ("black", "brown", "grey", "purple")
)  # colors that cannot be told from one another at night
DRY = frozenset(
    ("kite", "butterfly", "campfire", "sandcastle", "balloon")
)  # not out in rain, snow or fog
DAYLIGHT = frozenset(("kite", "butterfly", "bird"))
SEASONS = {"autumn tree": "autumn", "blossom tree": "spring", "pumpkin": "autumn", "bare tree": "winter",
    "snowy pine": "winter", "tree": "summer, spring", "poplar": "summer, spring", "birch": "summer, spring",
    "pine tree": "summer, spring, autumn", "umbrella": "summer, spring, autumn",
    "butterfly": "summer, spring"}  # fmt: skip


def make_plan(seed: int) -> Plan:
    """Places take turns with the seed; the hour takes turns from one round of places to the next."""
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
    return replace(
        plan, groups=stand(dice.child("stand"), _wishes(dice.child("wishes"), plan, place))
    )


def _fits(name: str, plan: Plan) -> bool:
    """Whether the thing belongs in this hour, weather and season."""
    if plan.season not in SEASONS.get(name, plan.season):
        return False
    if plan.weather in ("rain", "snow", "fog") and name in DRY:
        return False
    return not (plan.time == "night" and name in DAYLIGHT)


def _color(dice: Dice, name: str, plan: Plan, place: Place) -> str:
    """A color of the thing that can be told in this light and from this ground."""
    thing = THINGS[name]
    drowned = set(place.clash.split(", ")) if thing.own is None else set()
    if plan.winter:
        drowned.add("white")
    if plan.time == "night" and plan.place != "table":
        drowned |= UNEASY
    return dice.pick([color for color in thing.colors if color not in drowned] or thing.colors)


def _wishes(dice: Dice, plan: Plan, place: Place) -> list[Wish]:
    """Up to four groups: a main one, often one beside it, sometimes one in another strip."""
    zones = [zone for zone in place.zones if any(_fits(name, plan) for name in zone.kinds)]
    if plan.place in SCENIC and dice.chance(0.06):
        return []
    if plan.place in ("garden", "flowers"):
        main = zones[0]
        wishes = [_wish(dice, plan, place, zones[0], single=plan.place == "garden")]
        if plan.place == "flowers" and dice.chance(0.6):
            wishes = [replace(wishes[0], count=0)]
    else:
        main = dice.pick([zones[0], zones[0], *zones])
        wishes = [_wish(dice, plan, place, main, single=False)]
        if wishes[0].count == 1 and dice.chance(0.3):
            return [replace(wishes[0], factor=dice.between(1.25, 1.6), near=dice.between(0.7, 1.0))]
        wishes = _paired(dice, plan, place, wishes[0])
    others = [zone for zone in zones if zone is not main]
    if others and dice.chance(0.5):
        wishes.append(_wish(dice, plan, place, dice.pick(others), single=False))
    return wishes


def _wish(dice: Dice, plan: Plan, place: Place, zone: Zone, *, single: bool) -> Wish:
    """Some kind of thing that fits the strip, one of it or a few."""
    name = dice.pick([name for name in zone.kinds if _fits(name, plan)])
    room = int(ROW / (THINGS[name].across * zone.scale[0]))
    most = 1 if name in ALONE else max(1, min(5 if name in HUDDLES else 3, room))
    count = 1 if single or dice.chance(0.5) else dice.whole(1, most)
    return Wish(name, _color(dice, name, plan, place), zone, count, dice.between(0, 1))


def _paired(dice: Dice, plan: Plan, place: Place, first: Wish) -> list[Wish]:
    """The wish alone, a small one and a big one, the same in another color, or with another kind of thing."""
    thing = THINGS[first.thing]
    if first.count > 3 or first.thing == "train" or dice.chance(0.45):
        return [first]
    if first.count == 1 and thing.across < 0.45 and dice.chance(0.2):
        return [replace(first, factor=0.6, bulk="small"), replace(first, factor=1.25, bulk="big")]
    if thing.across < 0.4 and dice.chance(0.4):
        other = replace(
            first, color=_color(dice, first.thing, plan, place), count=1, near=dice.between(0, 1)
        )
        return [first, other] if other.color != first.color else [first]
    second = _wish(dice, plan, place, first.zone, single=dice.chance(0.7))
    alike = second.thing == first.thing or (
        thing.family != "" and thing.family == THINGS[second.thing].family
    )
    return [first] if alike or second.thing == "train" else [first, second]
