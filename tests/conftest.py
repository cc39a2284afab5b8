"""Real things to test with: PostgreSQL started for the run, model pairs in their true layouts, pictures drawn here."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.models.pairs import find_pair
from archive.settings import Settings
from tests.support.pairs import save_tiny_pair
from training.scenes import draw_scene

POSTGRES_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port; skipped where Debian's package is not installed."""
    if not POSTGRES_BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    binaries = POSTGRES_BINARIES[-1]
    home = tmp_path_factory.mktemp("postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        for folder in (
            home.parent,
            home.parent.parent,
            home.parent.parent.parent,
        ):  # one more under xdist
            folder.chmod(0o755)
        shutil.chown(home, "postgres", "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    cluster = home / "cluster"
    initialise = [binaries / "initdb", "-D", cluster, "-A", "trust", "-U", "postgres"]
    subprocess.run(initialise, check=True, capture_output=True, **as_user)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    control = [binaries / "pg_ctl", "-D", cluster, "-w", "-l", home / "log"]
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, **as_user)
    yield f"postgresql://postgres@127.0.0.1:{port}"
    subprocess.run(
        [*control, "-m", "immediate", "stop"], check=False, capture_output=True, **as_user
    )


@pytest.fixture
def postgres_settings(
    postgres_url: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """A fresh database."""
    from sqlalchemy import create_engine, text

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    name = f"t{abs(hash((request.node.nodeid, tmp_path)))}"
    engine = create_engine(
        postgres_url.replace("postgresql", "postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return Settings(f"{postgres_url}/{name}")


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A place for an archive, on each database."""
    if request.param == "postgresql":
        chosen: Settings = request.getfixturevalue("postgres_settings")
        return chosen
    return Settings(str(tmp_path / "archive"))


@pytest.fixture(scope="session")
def tiny_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pair with tiny random weights in the very layouts of open_clip and Stable unCLIP."""
    folder = tmp_path_factory.mktemp("tiny-pair")
    save_tiny_pair(folder)
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A decoder of each family."""
    from tests.support.families import FAMILIES, save_family

    place = tmp_path_factory.mktemp("families")
    for name in FAMILIES:
        save_family(name, place / name)
    return {name: place / name for name in FAMILIES}


@pytest.fixture
def pocket_archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive of the pocket pair on SQLite."""
    with Archive.create(Settings(str(tmp_path / "archive")), find_pair("pocket")) as archive:
        yield archive


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve drawn pictures, JPEG and PNG, one level deep."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "inner").mkdir()
    for seed in range(12):
        picture = Image.fromarray(draw_scene(seed, size=(240, 160)).pixels)
        picture.save(
            folder / ("inner" if seed % 2 else ".") / f"scene {seed}.{'png' if seed % 3 else 'jpg'}"
        )
    return folder


@pytest.fixture
def album(drawn: Path, tmp_path: Path) -> Path:
    """A copy of the drawn folder that a test may change."""
    copy = tmp_path / "album"
    shutil.copytree(drawn, copy)
    return copy


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data, where it lies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here")
    return SHARED


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(0)
