"""Real things to test with: a PostgreSQL server, model pairs in true layouts, rendered images."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.models.pairs import find_pair
from archive.settings import Settings
from tests.support import postgres
from training.scenes import draw_scene

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the checkout
MOST_WORKERS = 4  # each holds torch and its session's fixtures: about a gigabyte


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A worker for every core where the whole suite is run, none where tests are named."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    return min(os.cpu_count() or 1, MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage is measured without slow tests: they reach little that others do not, and tracing
    takes half their time again.
    """
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server for this run, or this worker of it."""
    if not postgres.BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres.serve(postgres.BINARIES[-1], tmp_path_factory.mktemp("postgres")) as server:
        yield server.url


@pytest.fixture
def postgres_settings(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A fresh database."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Settings(postgres.create_database(postgres_url))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """What depends on it is tested on each database."""
    name: str = request.param
    return name


@pytest.fixture
def settings(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A place for an archive, on each database."""
    if dialect == "postgresql":
        chosen: Settings = request.getfixturevalue("postgres_settings")
        return chosen
    return Settings(str(tmp_path / "archive"))


@pytest.fixture(scope="module")
def original(
    dialect: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A place, on each database, for an archive that a module's tests copy."""
    folder = tmp_path_factory.mktemp("original")
    if dialect == "sqlite":
        yield Settings(str(folder / "archive"))
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield Settings(postgres.create_database(request.getfixturevalue("postgres_url")))


@pytest.fixture
def copy(original: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A copy of what has been made there, without its index, for one test."""
    if original.directory is not None:
        without_index = shutil.ignore_patterns("index")
        return Settings(
            str(shutil.copytree(original.directory, tmp_path / "archive", ignore=without_index))
        )
    request.getfixturevalue("monkeypatch").setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server, _, name = original.location.rpartition("/")
    return Settings(postgres.create_database(server, template=name))


@pytest.fixture(scope="session")
def tiny_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pair with tiny random weights, in the layouts of open_clip and Stable unCLIP."""
    from tests.support.pairs import save_tiny_pair

    folder = tmp_path_factory.mktemp("tiny-pair")
    save_tiny_pair(folder)
    return folder


@pytest.fixture(scope="session")
def decoder_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A decoder with tiny random weights of each family, by the family's name."""
    from tests.support.families import FAMILIES, save_family

    parent = tmp_path_factory.mktemp("families")
    for name in FAMILIES:
        save_family(name, parent / name)
    return {name: parent / name for name in FAMILIES}


@pytest.fixture(scope="session")
def empty_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the pocket pair without rows, for tests to copy: faster than to create."""
    folder = tmp_path_factory.mktemp("empty") / "archive"
    Archive.create(Settings(str(folder)), find_pair("pocket")).close()
    return folder


@pytest.fixture
def pocket_archive(empty_archive: Path, tmp_path: Path) -> Iterator[Archive]:
    """An empty archive of the pocket pair on SQLite."""
    folder = shutil.copytree(empty_archive, tmp_path / "archive")
    with Archive(Settings(str(folder))) as archive:
        yield archive


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rendered scenes, JPEG and PNG, half of them in a subfolder; tests only read it."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "inner").mkdir()
    for seed in range(12):
        parent = folder / "inner" if seed % 2 else folder
        extension = "png" if seed % 3 else "jpg"
        image = Image.fromarray(draw_scene(seed, size=(240, 160)).pixels)
        image.save(parent / f"scene {seed}.{extension}")
    return folder


@pytest.fixture
def album(image_folder: Path, tmp_path: Path) -> Path:
    """A copy of the image folder that a test may change."""
    return Path(shutil.copytree(image_folder, tmp_path / "album"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared data beside the checkout; skips where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is missing")
    return SHARED_DATA


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
