"""`coldframe serve` as a process: signals, restarts, and what it says."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.shell import COMMAND, Shell

PATIENCE = 60.0  # seconds
JOBS = "/api/v1/archives/default/jobs"


@pytest.fixture
def copied(filled_shell: Shell, tmp_path: Path) -> Shell:
    shutil.copytree(filled_shell.location, tmp_path / "archive")
    return Shell(str(tmp_path / "archive"), tmp_path)


@contextmanager
def served(shell: Shell, *words: str, **variables: str) -> Iterator[tuple[Any, httpx.Client]]:
    """The process, and a client of it."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *words],
        cwd=shell.folder,
        env=shell.environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with httpx.Client(base_url=address.replace("0.0.0.0", "127.0.0.1"), timeout=10) as client:
            wait_until(lambda: is_healthy(client))
            yield process, client
    finally:
        process.kill()
        process.communicate()


def is_healthy(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_good_order(copied: Shell, number: signal.Signals) -> None:
    with served(copied) as (process, client):
        client.post(JOBS, json={"kind": "restore", "ids": [1], "steps": 1000})
        wait_until(lambda: client.get(f"{JOBS}/1").json()["step"] > 0)
        process.send_signal(number)
        output = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output
        assert "Traceback" not in output[1]
    assert "no errors found" in copied("verify")
    with served(copied) as (_, client):
        wait_until(lambda: client.get(f"{JOBS}/1").json()["state"] == "running")


@pytest.mark.slow
def test_a_job_survives_its_service(copied: Shell) -> None:
    with served(copied) as (process, client):
        client.post(JOBS, json={"kind": "restore", "ids": [1], "steps": 40})
        wait_until(lambda: client.get(f"{JOBS}/1").json()["step"] > 0)
        process.kill()
        process.wait()
    with served(copied) as (_, client):
        wait_until(lambda: client.get(f"{JOBS}/1").json()["state"] == "done")
        assert client.get(f"{JOBS}/1/result").headers["content-type"] == "image/jpeg"


@pytest.mark.slow
def test_elsewhere_it_needs_a_token_that_it_does_not_tell(copied: Shell) -> None:
    with served(copied, "--host", "0.0.0.0") as (process, client):
        assert client.get("/api/v1/archives").status_code == 401
        file = Path(copied.location, "service", "token")
        token = file.read_text().strip()
        right = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/v1/archives", headers=right).status_code == 200
        process.terminate()
        output = "".join(process.communicate(timeout=PATIENCE))
        assert token not in output
        assert str(file) in output
    given = "z" * 20
    with served(copied, COLDFRAME_TOKEN=given) as (_, client):
        assert client.get("/api/v1/archives").status_code == 401
        right = {"Authorization": f"Bearer {given}"}
        assert client.get("/api/v1/archives", headers=right).status_code == 200


def test_what_cannot_be_served_is_told(copied: Shell, tmp_path: Path) -> None:
    assert "no archive" in copied("serve", "a=nothing", code=10)
    assert "NAME=LOCATION" in copied("serve", "nothing", code=2)
    assert "must begin with a slash" in copied("serve", "--root-path", "photos", code=2)
    assert "does not exist" in copied("serve", "--root", "nothing", code=2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "cannot be used" in copied("serve", "--port", port, code=2)
    short = {"COLDFRAME_TOKEN": "short"}
    assert "16 or more" in copied("serve", "--port", "0", code=2, environment=short)


def test_without_the_extra_it_says_what_to_install(copied: Shell) -> None:
    code = "import sys; from importlib.machinery import PathFinder; "
    code += "find = PathFinder.find_spec; PathFinder.find_spec = classmethod(lambda c, n, *a: "
    code += "None if n == 'uvicorn' else find(n, *a)); "
    code += "from cli.main import main; sys.argv = ['coldframe', 'serve']; main()"
    done = run_code(copied, code)
    assert done.returncode == 1
    assert "coldframe[serve]" in done.stderr


@pytest.mark.slow
def test_searches_ask_the_service_and_print_the_same(copied: Shell, image_folder: Path) -> None:
    searches: list[tuple[str | Path, ...]] = [
        ("search", "a red house", "-n", "3"),
        ("search", "a red house", "--json"),
        ("search", "--image", image_folder / "scene 0.jpg"),
    ]
    expected = [copied.run(*words) for words in searches]
    loaded = "import sys; from cli.main import coldframe; "
    loaded += "coldframe(['search', 'a house'], standalone_mode=False); print(*sys.modules)"
    with served(copied) as (process, client):
        wait_until(lambda: client.get("/ready").status_code == 200)
        file = Path(copied.location, "serve.sock")
        assert file.stat().st_mode & 0o777 == 0o600
        for words, known in zip(searches, expected, strict=True):
            done = copied.run(*words)
            assert (done.returncode, done.stdout) == (known.returncode, known.stdout)
        modules = run_code(copied, loaded).stdout.splitlines()[-1].split()
        assert not {"numpy", "torch", "sqlalchemy", "faiss"} & set(modules)
        assert client.get("/local/search", params={"words": "a"}).status_code == 404
        assert "No such file" in copied("search", "--image", "nothing.jpg", code=1)
        process.kill()
        process.wait()
        assert file.is_socket()  # it was left behind
        assert copied.run(*searches[0]).stdout == expected[0].stdout
        assert "numpy" in run_code(copied, loaded).stdout


def run_code(shell: Shell, code: str) -> subprocess.CompletedProcess[str]:
    """A program in an environment like that of the commands."""
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=shell.environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
