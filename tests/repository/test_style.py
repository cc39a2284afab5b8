"""How the code reads, in figures, and the words that it does not use."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support.sources import (
    functions,
    identifiers,
    name_of,
    packed_assignments,
    public_names,
    sources,
)

OURS = sources("archive", "cli", "training", "benchmarks")
TESTS = sources("tests")
MOST_LINES = 300  # of a file
MOST_FUNCTION_LINES = 45
MOST_COLUMNS = 100
LONG_LINES = 0.01  # of all lines
PACKED_PER_LINE = 0.003  # a, b = x, y
RENAMED = frozenset(  # renamed.txt: words → what they are called now
    word
    for line in Path(__file__).with_name("renamed.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split("→")[0].split()
)
SCENES_DRAW_WITH = frozenset({"grain"})  # in a drawing it is what it says
BRITISH = re.compile(r"colour|quantis|centre|grey|neighbour|normalis|initialis|optimis", re.I)


def test_no_file_is_long() -> None:
    lines = {name_of(path): len(path.read_text().splitlines()) for path in [*OURS, *TESTS]}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_no_function_is_long() -> None:
    lines = {f"{name_of(path)}: {name}": count for path in OURS for name, count in functions(path)}
    assert {name: count for name, count in lines.items() if count > MOST_FUNCTION_LINES} == {}


def test_lines_are_short_and_assign_one_thing() -> None:
    lines = [line for path in OURS for line in path.read_text().splitlines()]
    assert sum(len(line) > MOST_COLUMNS for line in lines) <= LONG_LINES * len(lines)
    assert sum(map(packed_assignments, OURS)) <= PACKED_PER_LINE * len(lines)


def test_every_module_says_what_it_is() -> None:
    texts = {name_of(path): path.read_text() for path in [*OURS, *sources("migrations")]}
    trees = {name: ast.parse(text) for name, text in texts.items() if text.strip()}
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_every_public_name_has_a_docstring() -> None:
    documented = {
        f"{name_of(path)}: {name}": has_docstring
        for path in sources("archive", "cli")
        for name, has_docstring in public_names(path)
    }
    assert [name for name, has_docstring in documented.items() if not has_docstring] == []


def test_names_are_words_of_the_field_in_american_english() -> None:
    strange = {}
    for path in OURS:
        allowed = SCENES_DRAW_WITH if "scenes" in path.parts else frozenset()
        names = identifiers(path)
        british = {name for name in names if BRITISH.search(name)}
        strange[name_of(path)] = british | names & (RENAMED - allowed)
    assert {path: names for path, names in strange.items() if names} == {}
