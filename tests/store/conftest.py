"""A store on each database, with a codec and a volume."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archive.settings import Settings
from archive.store import Store
from tests.support.rows import new_codec


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store with codec 1."""
    opened = Store.create(settings)
    assert new_codec(opened) == 1
    yield opened
    opened.close()


@pytest.fixture
def volume(store: Store) -> int:
    """A volume mounted at /r."""
    return store.volumes.see(marker="m", label="disk", root="/r")
