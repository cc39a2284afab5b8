"""Nouns for things that can be seen, and what they mean, from WordNet 3.0.

In the files of Debian's package wordnet-base; their format is wndb(5WN)'s.
"""

from __future__ import annotations

import re
from pathlib import Path

WORDNET = Path("/usr/share/wordnet")
# lexicographer files: animal, artifact, body, food, object, person, phenomenon, plant, substance
VISIBLE = {"05", "06", "08", "13", "17", "18", "19", "20", "27"}


def load_nouns(folder: Path = WORDNET) -> tuple[dict[str, str], list[str]]:
    """→ the gloss of every noun's most common visible sense, and the nouns in common use, without
    proper names.

    Raises:
        FileNotFoundError: Naming the Debian package that has them.
    """
    if not (folder / "data.noun").exists():
        raise FileNotFoundError(f"{folder / 'data.noun'}: install Debian's wordnet-base")
    synsets = _visible_synsets(folder)
    glosses, common = {}, []
    for line in (folder / "index.noun").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):  # the license
            continue
        fields = line.split()
        senses = int(fields[2])
        offsets, tagged = fields[-senses:], int(fields[-senses - 1])
        visible = [offset for offset in offsets if fields[0] in synsets.get(offset, {})]
        if visible:
            noun = fields[0].replace("_", " ")
            glosses[noun] = synsets[visible[0]][fields[0]]
            # seen in texts, and visible in its most common sense
            if tagged and visible[0] == offsets[0] and re.fullmatch("[a-z]{3,}( [a-z]+)?", noun):
                common.append(noun)
    return glosses, common


def _visible_synsets(folder: Path) -> dict[str, dict[str, str]]:
    """Offset → its words, each with the gloss, without the examples."""
    synsets = {}
    for line in (folder / "data.noun").read_text(encoding="utf-8").splitlines():
        if line.startswith(" ") or line[9:11] not in VISIBLE:
            continue
        fields, gloss = line.split("| ", 1)
        offset, _, _, count, *words = fields.split(" ")
        words = words[: 2 * int(count, 16) : 2]
        synsets[offset] = dict.fromkeys(words, gloss.split(";")[0].strip())
    return synsets
