"""Prints the commands of the README's "Two commands" section, one a line: CI runs what newcomers
are told to run.
"""

from __future__ import annotations

import re
from pathlib import Path

readme = (Path(__file__).parents[1] / "README.md").read_text()
section = re.search(r"^## Two commands$(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
assert section, "the README has no section 'Two commands'"
for block in re.findall(r"^```sh\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL):
    print(block.strip())
