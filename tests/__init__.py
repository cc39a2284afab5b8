"""Tests mirror archive/ and cli/; support/ helps them, golden/ holds files that must not change.

Under pytest-xdist every worker is one thread: two workers of two threads each would fight over two
cores. This is set here because numpy and torch read it when they are loaded, and nothing of the
tests is imported before this package; commands that tests start inherit it.
"""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
