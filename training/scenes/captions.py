"""From a plan to words: a caption that is true of the picture, and its tags.

A caption may leave things out but never adds any. Wording varies in length, order and synonyms.
The words are data that the pocket pair was trained on: they keep their British spelling.
"""

from __future__ import annotations

from training.scenes.dice import Dice
from training.scenes.places import PLACES
from training.scenes.plan import Group, Plan
from training.scenes.things import THINGS
from training.scenes.zones import Zone

NUMBERS = ("no", "one", "two", "three", "four", "five")
PART = {"morning": "morning", "day": "day", "sunset": "evening", "night": "night"}
HOUR = {"morning": " in the morning", "day": "", "sunset": " at sunset", "night": " at night"}
CLEAR = {
    "morning": "at sunrise, in the early morning, on a clear morning, at dawn, in the morning",
    "day": "on a sunny day, on a clear day, under a blue sky, in bright sunshine, in daylight",
    "sunset": "at sunset, in the evening, in the evening light, at dusk, "
    "under a glowing evening sky",
    "night": "at night, under the stars, on a starry night, under a night sky",
}
MOONLIT = {
    "full": "under a full moon, by the light of a full moon",
    "crescent": "under a crescent moon, under a thin moon",
}
WEATHERS = {
    "cloudy": "on a cloudy {}, on an overcast {}, under grey clouds",
    "rain": "in the rain, on a rainy {}, on a wet {} in the rain, as rain falls",
    "snow": "in falling snow, on a snowy {}, as snow falls",
    "fog": "on a foggy {}, on a misty {}, in the fog",
    "rainbow": "under a rainbow, with a rainbow in the sky, on a fine {} with a rainbow",
}
WINDOWS = "by a window, in front of a window, next to a window"
OUTSIDE = {"cloudy": "on a cloudy {}", "rain": "on a rainy {}", "snow": "on a snowy {}"}
# nouns that already imply a color
COLOR_IMPLIED = (
    *("bare", "leafless", "snowy", "log", "wooden"),
    *("burning", "campfire", "tree in", "cherry"),
)


def article(words: str) -> str:
    """a or an before the words."""
    return ("an " if words.startswith(("a", "e", "i", "o", "umbrella")) else "a ") + words


def plural(noun: str) -> str:
    """The plural of a noun; in a phrase, the first noun takes the plural."""
    for link in (" of ", " with a ", " with ", " in "):
        if link in noun:
            head, tail = noun.split(link, 1)
            return plural(head) + (f" with {plural(tail)}" if link == " with a " else link + tail)
    irregular = {
        "cactus": "cacti",
        "man": "men",
        "scarf": "scarves",
        "fish": "fish",
        "sheep": "sheep",
        "deer": "deer",
    }
    for singular, plural_form in irregular.items():
        if noun.endswith(singular):
            return noun.removesuffix(singular) + plural_form
    if noun.endswith(("s", "sh", "ch")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def _name(group: Group, dice: Dice, *, colored: bool) -> str:
    """a red car; two small white boats; a field of tulips."""
    noun = dice.pick(THINGS[group.thing].names)
    named_color = colored and noun != group.color and not noun.startswith(COLOR_IMPLIED)
    color = group.color if named_color else ""
    if "{}" in noun:
        noun = noun.replace("{}", group.color)
        color = ""
    bulk = dice.pick({"": ("",), "small": ("small", "little"), "big": ("big", "large")}[group.bulk])
    count = len(group.placements)
    words = [bulk, color, noun if count == 1 else plural(noun)]
    phrase = " ".join(word for word in words if word)
    if group.many:
        return dice.pick(("a field of ", "a field full of ", "a meadow of ")) + phrase
    return article(phrase) if count == 1 else f"{NUMBERS[count]} {phrase}"


def _list_groups(groups: list[Group], dice: Dice) -> str:
    """The groups of one strip, sometimes with their left-to-right order."""
    ordered = sorted(groups, key=lambda group: group.placements[0].across)
    kinds = {group.thing for group in ordered}
    same_kind = len(kinds) < len(ordered)  # then only the colors tell them apart
    names = [
        _name(group, dice, colored=same_kind or dice.chance(_color_share(group)))
        for group in ordered
    ]
    single = all(len(group.placements) == 1 for group in ordered)
    if len(names) == 2 and single and dice.chance(0.4):
        gap = ordered[1].placements[0].across - ordered[0].placements[0].across
        near = ("beside", "next to") if gap < 0.45 else ()
        if dice.chance(0.5):
            return f"{names[0]} {dice.pick(('to the left of', 'left of', *near))} {names[1]}"
        return f"{names[1]} {dice.pick(('to the right of', 'right of', *near))} {names[0]}"
    if dice.chance(0.5):
        names.reverse()
    return " and ".join(names)


def _color_share(group: Group) -> float:
    """How often the color is mentioned: rarely if the thing comes in one color only."""
    return 0.9 if len(THINGS[group.thing].colors) > 1 else 0.2


def _time_phrase(plan: Plan, dice: Dice) -> str:
    """Hour and weather in one phrase; empty if neither is visible."""
    if not plan.time:
        return ""
    if plan.window:
        hour = (
            OUTSIDE.get(plan.weather, "").format(PART[plan.time])
            or HOUR[plan.time].strip()
            or "on a sunny day"
        )
        return f"{dice.pick(WINDOWS.split(', '))} {hour}"
    if plan.weather == "clear":
        if plan.time == "night" and plan.place == "forest":  # no sky is seen through the trees
            return dice.pick(("at night", "in the dark"))
        phrases = MOONLIT[plan.moon] if plan.moon and dice.chance(0.6) else CLEAR[plan.time]
        if plan.aurora and dice.chance(0.6):
            phrases = "under northern lights, with northern lights in the sky"
        return dice.pick(phrases.split(", "))
    phrase = dice.pick(WEATHERS[plan.weather].split(", "))
    hour = HOUR[plan.time] if "{}" not in phrase and dice.chance(0.6) else ""
    return phrase.format(PART[plan.time]) + hour


def _pick_phrase(phrases: str, plan: Plan, dice: Dice) -> str:
    """A phrase that is true now: no green in autumn or at night, no grass under snow."""
    excluded: tuple[str, ...] = ()
    if plan.winter:
        excluded = ("green", "grass", "lawn", "meadow")
    elif plan.season == "autumn" or plan.time == "night":
        excluded = ("green",)
    choices = phrases.split(", ")
    allowed = [phrase for phrase in choices if not any(word in phrase for word in excluded)]
    return dice.pick(allowed or choices)


def _place_phrase(plan: Plan, zone: Zone, dice: Dice) -> str:
    phrases = zone.snowy_where if plan.winter and zone.snowy_where else zone.where
    return _pick_phrase(phrases, plan, dice)


def _scenery_phrase(plan: Plan, dice: Dice) -> str:
    place = PLACES[plan.place]
    return _pick_phrase(
        place.snowy_nouns if plan.winter and place.snowy_nouns else place.nouns, plan, dice
    )


def describe(plan: Plan, dice: Dice) -> str:
    """A caption: the things of one strip, where, when, sometimes what is in other strips."""
    when = _time_phrase(plan, dice)
    strips: dict[Zone, list[Group]] = {}
    for group in plan.groups:
        strips.setdefault(group.zone, []).append(group)
    if not strips:
        return _join(_scenery_phrase(plan, dice), when)
    crowd = [zone for zone, groups in strips.items() if groups[0].many]
    main = crowd[0] if crowd else dice.pick(tuple(strips))
    things = _list_groups(strips.pop(main), dice)
    rest = [
        f", {_list_groups(groups, dice)} {_pick_phrase(zone.where_short, plan, dice)}"
        for zone, groups in strips.items()
        if dice.chance(0.7)
    ]
    if crowd:
        return _join(things, when) + "".join(rest)
    where = _place_phrase(plan, main, dice)
    length = dice.whole(0, 9)
    if length == 0:
        return things
    if length == 1:
        return _join(things, where)
    if length == 2:
        things = _join(things, when)
        where = ""
    elif length == 3 and plan.place not in ("table", "garden"):
        things = _join(_scenery_phrase(plan, dice), when, f"with {things}")
    else:
        things = _join(things, where, when)
    return things + "".join(rest)


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def subject_of(plan: Plan) -> str:
    """What was put last into the picture, or its place where nothing was."""
    if plan.groups:
        return THINGS[plan.groups[-1].thing].kind
    return PLACES[plan.place].tags.split(", ")[0]


def tags_of(plan: Plan) -> tuple[str, ...]:
    """The words that are true of the picture, each once."""
    words = PLACES[plan.place].tags.split(", ")
    words += [word for word in (plan.time, plan.weather) if word]
    if plan.time == "night" and plan.weather == "clear" and plan.place not in ("forest", "table"):
        words.append("stars")
    if plan.moon:
        words += ["moon", f"{plan.moon} moon"]
    if plan.aurora:
        words.append("northern lights")
    if plan.winter:
        words += ["winter", "snow"]
    for group in plan.groups:
        words += [THINGS[group.thing].kind, group.color]
    return tuple(dict.fromkeys(words))
