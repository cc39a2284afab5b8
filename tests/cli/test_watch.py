"""`coldframe watch`: a process that is killed, hung up on and terminated, and what it tells."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.watch import measure
from tests.support.shell import COMMAND, Shell

PATIENCE = 120.0  # seconds
Wait = Callable[[dict[str, Any]], Any]


class Service:
    """A running `coldframe watch --json`, and the lines it has written so far."""

    def __init__(self, shell: Shell, log: Path, *words: str | Path) -> None:
        self._log = log
        command = [*COMMAND, "watch", *map(str, words), "--wait", "1", "--json"]
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command, cwd=shell.folder, env=shell.environment, stdout=file, stderr=file
            )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All JSON lines."""
        text = self._log.read_text()
        whole = text[: text.rfind("\n") + 1].splitlines()
        return [json.loads(line) for line in whole if line.startswith("{")]

    def until(self, meets: Wait, *, count: int = 1) -> None:
        """Returns once so many lines meet the condition."""
        self._wait_for(lambda: sum(map(meets, self.lines)) >= count)

    def _wait_for(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, self._log.read_text()
            assert self.process.poll() is None, self._log.read_text()
            time.sleep(0.1)

    def until_archived(self, count: int) -> None:
        """Returns once it has ended passes over so many new files: a first pass may come before
        they are a second old, and take none.
        """
        self._wait_for(lambda: sum(map(count_of_pass, self.lines)) >= count)

    def archived(self) -> set[str]:
        """Names of files that got a row."""
        return {
            Path(line["path"]).name for line in self.lines if line["message_type"] == "archived"
        }

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends it a signal → its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def start(pocket_shell: Shell, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services on an archive of the pocket pair; kills those that still run at the end."""
    services: list[Service] = []

    def start(*words: str | Path) -> Service:
        services.append(Service(pocket_shell, tmp_path / f"log {len(services)}", *words))
        return services[-1]

    yield start
    for service in services:
        service.process.kill()
        service.process.wait()


def is_full_pass(line: dict[str, Any]) -> bool:
    return bool(line["message_type"] == "pass" and line["full"])


def count_of_pass(line: dict[str, Any]) -> int:
    """How many files a line tells that a pass has archived."""
    return int(line.get("archived", 0)) if line["message_type"] == "pass" else 0


def is_archived(line: dict[str, Any]) -> bool:
    return bool(line["message_type"] == "archived")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_archives_what_appears_and_ends_within_seconds(
    start: Callable[..., Service], pocket_shell: Shell, album: Path, number: signal.Signals
) -> None:
    service = start(album)
    service.until(is_archived, count=12)
    content = (album / "scene 0.jpg").read_bytes()
    (album / "new.jpg").write_bytes(content + b"more")
    service.until(is_archived, count=13)
    assert "new.jpg" in service.archived()
    [stats] = pocket_shell.json("stats")
    [watcher] = stats["watchers"]
    assert (watcher["pid"], watcher["answering"]) == (service.process.pid, True)
    assert watcher["folders"] == [{"path": str(album)}]
    assert f"process {service.process.pid}, since" in pocket_shell("stats")
    started = time.monotonic()
    assert service.end(number) == 128 + number
    assert time.monotonic() - started < 15
    [stats] = pocket_shell.json("stats")
    assert stats["watchers"] == []


@pytest.mark.slow
def test_a_killed_service_leaves_a_sign_and_the_next_finds_what_it_missed(
    start: Callable[..., Service], pocket_shell: Shell, album: Path
) -> None:
    service = start(album)
    service.until_archived(12)
    service.process.kill()
    service.process.wait()
    [stats] = pocket_shell.json("stats")
    assert [watcher["pid"] for watcher in stats["watchers"]] == [service.process.pid]
    (album / "inner").rename(album / "outer")
    (album / "new.jpg").write_bytes((album / "scene 0.jpg").read_bytes() + b"more")
    following = start(album)
    following.until(lambda line: line["message_type"] == "moved", count=6)
    following.until(is_archived)
    assert following.archived() == {"new.jpg"}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_hangup_scans_all_folders_again(start: Callable[..., Service], album: Path) -> None:
    service = start(album, "--rescan-minutes", "1000")
    service.until(is_full_pass)
    os.kill(service.process.pid, signal.SIGHUP)
    service.until(is_full_pass, count=2)


@pytest.mark.slow
def test_two_services_share_an_archive_and_its_folders(
    start: Callable[..., Service], pocket_shell: Shell, album: Path
) -> None:
    services = [start(album), start(album, album / "inner")]
    for service in services:
        service.until(is_full_pass)
    [stats] = pocket_shell.json("stats")
    assert len(stats["watchers"]) == 2
    for number in range(20):
        content = (album / "scene 0.jpg").read_bytes()
        (album / "inner" / f"new {number}.jpg").write_bytes(content + bytes([number]))
    end = time.monotonic() + PATIENCE
    while len(services[0].archived() | services[1].archived()) < 32:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert not services[0].archived() & services[1].archived()
    assert [service.end() for service in services] == [128 + signal.SIGTERM] * 2
    [stats] = pocket_shell.json("stats")
    assert (stats["images"], stats["watchers"]) == (32, [])
    assert "no errors found" in pocket_shell("verify")


@pytest.mark.slow
def test_an_index_that_is_removed_is_built_again(
    start: Callable[..., Service], pocket_shell: Shell, album: Path
) -> None:
    service = start(album)
    service.until_archived(12)
    for file in (Path(pocket_shell.location) / "index").iterdir():
        file.unlink()
    (album / "new.jpg").write_bytes((album / "scene 0.jpg").read_bytes() + b"more")
    service.until_archived(13)
    assert service.end() == 128 + signal.SIGTERM
    assert "no errors found" in pocket_shell("verify")


@pytest.mark.slow
def test_details_and_audits_follow_while_there_is_nothing_to_ingest(
    start: Callable[..., Service], pocket_shell: Shell, album: Path
) -> None:
    for path in [*(album / "inner").iterdir(), *sorted(album.glob("scene*"))[2:]]:
        path.unlink()
    service = start(album, "--detail", "4", "--audit", "1")
    service.until(lambda line: line["message_type"] == "detail", count=2)
    service.until(lambda line: line["message_type"] == "audited")
    service.end()
    [stats] = pocket_shell.json("stats")
    assert stats["details"] == 2


@pytest.mark.slow
def test_killed_while_files_come_and_go_it_ends_with_the_rows_of_one_ingest(tmp_path: Path) -> None:
    """The same with 5,000 files and 20 kills: python -m benchmarks watch."""
    figures = measure(100, 3, 30, tmp_path, "pocket")
    assert figures["kills"] == 3
    differences = ("rows_missing", "rows_different", "rows_of_nothing", "ledger_lines_different")
    assert {name: figures[name] for name in differences} == dict.fromkeys(differences, 0)
    assert figures["left_processes"] == 0


def test_a_file_is_no_folder_to_watch(pocket_shell: Shell, album: Path) -> None:
    output = pocket_shell("watch", album / "scene 0.jpg", code=2)
    assert "is a file; name the folder to watch" in output


def test_an_archive_is_needed(shell: Shell, album: Path) -> None:
    assert "create one with `coldframe init`" in shell("watch", album, code=10)
