"""A store on each database, and an ingest into it that needs no model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.ingest.pipeline import Ingest
from archive.settings import Settings
from archive.store import Store
from tests.support.ingest import create_store, ingest_into, save_colors


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """An empty store, on SQLite and on PostgreSQL."""
    store = create_store(settings)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite, for what does not depend on the database."""
    store = create_store(Settings(str(tmp_path / "archive")))
    yield store
    store.close()


@pytest.fixture
def ingest(store: Store) -> Ingest:
    """An ingest on each database."""
    return ingest_into(store)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six images, 000.png to 005.png, that a test may change."""
    save_colors(tmp_path / "photos", 6)
    return tmp_path / "photos"
