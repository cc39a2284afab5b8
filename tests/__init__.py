"""Tests mirror archive/ and cli/; support/ helps them, golden/ holds files that must not change.

Under pytest-xdist every worker is one thread: two workers of two threads each would fight over two
cores. This is set here because numpy and torch read it when they are loaded, and nothing of the
tests is imported before this package; commands that tests start inherit it.

Bytecode is written even where the user wants none: the tests start hundreds of processes, and each
would compile numpy and torch again (0.8 s of processor instead of 0.2 to decode one image).
"""

from __future__ import annotations

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
