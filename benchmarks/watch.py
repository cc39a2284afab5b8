"""`coldframe watch` under kill -9, beside files that appear, grow, move and vanish; then its rows
beside those of one clean ingest of what is left.

Each file is one of a few pictures with a number in a text chunk, so no two have the same bytes:

    most         appear, at once or under a temporary name
    one in four  grows in pieces, with pauses of half a second
    one in five  moves to another folder later; a whole folder moves now and then
    one in six   vanishes later

Linux only: what a killed process leaves is looked for in /proc.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from PIL import Image

from archive.archive import Archive
from archive.records import Row
from training.scenes import draw_scene

PICTURES = 8  # different ones
SIDE = 96  # pixels
PIECES = 4  # of a file that grows
PIECE_SECONDS = 0.5  # between two pieces
FOLDERS = 12
WAIT_SECONDS = 2.0  # --wait
PATIENCE_SECONDS = 600.0  # for the last rows
HEADER_BYTES = 33  # signature and IHDR of a PNG file
PROGRAM = (sys.executable, "-m", "cli")


@dataclass
class Churn:
    """Files that come and go in a folder."""

    folder: Path
    rng: random.Random
    vanished: set[bytes] = field(default_factory=set)  # digests
    moved: int = 0
    _files: list[Path] = field(default_factory=list)  # those that may move or vanish
    _later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pictures = [_png(number) for number in range(PICTURES)]

    def step(self, number: int) -> None:
        """File `number` appears, and something happens to others."""
        parent = self.folder / f"folder {self.rng.randrange(FOLDERS)}"
        parent.mkdir(parents=True, exist_ok=True)
        path = parent / f"{number:05}.png"
        content = _numbered(self._pictures[number % PICTURES], number)
        if self.rng.random() < 1 / 4:
            self._grow(path, content)
        elif self.rng.random() < 1 / 2:
            partial = path.with_suffix(".png.part")
            partial.write_bytes(content)
            partial.rename(path)
            self._files.append(path)
        else:
            path.write_bytes(content)
            self._files.append(path)
        if self.rng.random() < 1 / 5:
            self._move()
        if self.rng.random() < 1 / 6:
            self._vanish()
        if number % 500 == 499:
            self._move_folder(parent)
        self.catch_up()

    def catch_up(self) -> bool:
        """Does what is due; returns whether something is left to be done later."""
        now = time.monotonic()
        due = [action for when, action in self._later if when <= now]
        self._later = [(when, action) for when, action in self._later if when > now]
        for action in due:
            action()
        return bool(self._later)

    def _grow(self, path: Path, content: bytes) -> None:
        size = -(-len(content) // PIECES)
        file = path.open("wb", buffering=0)

        def write(piece: int) -> None:
            file.write(content[piece * size : (piece + 1) * size])
            if piece < PIECES - 1:
                self._later.append((time.monotonic() + PIECE_SECONDS, lambda: write(piece + 1)))
            else:
                file.close()

        write(0)

    def _pick(self) -> Path | None:
        """A file that is no longer eligible afterwards; None if there is none."""
        if not self._files:
            return None
        return self._files.pop(self.rng.randrange(len(self._files)))

    def _move(self) -> None:
        path = self._pick()
        if path is not None:
            target = self.folder / f"folder {self.rng.randrange(FOLDERS)}" / f"moved {path.name}"
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            self._files.append(target)
            self.moved += 1

    def _vanish(self) -> None:
        path = self._pick()
        if path is not None:
            self.vanished.add(sha256(path.read_bytes()).digest())
            path.unlink()

    def _move_folder(self, folder: Path) -> None:
        target = folder.with_name(f"moved {len(os.listdir(self.folder))}")
        folder.rename(target)
        self._files = [
            target / path.name if path.parent == folder else path for path in self._files
        ]


class Watcher:
    """`coldframe watch`, started again whenever it is killed."""

    def __init__(self, archive: Path, album: Path, log: Path, model: str) -> None:
        words = ("watch", album, "--archive", archive, "--wait", WAIT_SECONDS, "--json")
        self._command = [*PROGRAM, *map(str, words)]
        if model != "pocket":
            self._command += ["--model", model]
        self._log = log
        self.children: set[int] = set()  # of those that were killed
        self.start()

    def start(self) -> None:
        """A new process; what it prints is appended to the log."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def kill(self) -> None:
        """As a power cut would end it."""
        self.children.update(_children(self.process.pid))
        assert self.process.poll() is None, self._log.read_text()[-2000:]
        self.process.kill()
        self.process.wait()

    def passes(self) -> int:
        """How many ingests of all folders it has completed."""
        lines = self._log.read_text().splitlines()
        return sum('"pass"' in line and json.loads(line)["full"] for line in lines)


def measure(files: int, kills: int, seconds: float, work: Path, model: str) -> dict[str, object]:
    """Files that appear within so many seconds → how its rows differ from a clean ingest's."""
    rng = random.Random(0)
    for name in ("watched", "clean"):
        _run("init", "--model", model, "--archive", str(work / name))
    album = work / "album"
    album.mkdir()
    churn = Churn(album, rng)
    started = time.monotonic()
    watcher = Watcher(work / "watched", album, work / "log", model)
    moments = sorted(rng.uniform(0, seconds) for _ in range(kills))
    for number in range(files):
        churn.step(number)
        while time.monotonic() - started < seconds * number / files:
            churn.catch_up()
            time.sleep(0.01)
        if moments and time.monotonic() - started >= moments[0]:
            moments.pop(0)
            watcher.kill()
            watcher.start()
    while churn.catch_up():
        time.sleep(0.01)
    for _ in moments:
        watcher.kill()
        watcher.start()
    _finish(watcher, work / "watched", album)
    _run("ingest", str(album), "--archive", str(work / "clean"))
    alive = [pid for pid in watcher.children if Path(f"/proc/{pid}").exists()]
    figures: dict[str, object] = {
        "files": files,
        "kills": kills,
        "moved": churn.moved,
        "left_processes": len(alive),
    }
    figures |= {"vanished": len(churn.vanished), "seconds": round(time.monotonic() - started)}
    return figures | _differences(work / "watched", work / "clean", churn.vanished)


def _run(*words: str) -> None:
    subprocess.run([*PROGRAM, *words], check=True, capture_output=True)


def _finish(watcher: Watcher, location: Path, album: Path) -> None:
    """Waits until everything is archived and scanned once more, then ends the watcher."""
    digests = {sha256(path.read_bytes()).digest() for path in album.rglob("*.png")}
    deadline = time.monotonic() + PATIENCE_SECONDS
    with Archive(location) as archive:
        while digests - {row.sha256 for row in archive}:
            assert time.monotonic() < deadline, "not all files were archived"
            time.sleep(1)
    passes = watcher.passes()
    while watcher.passes() == passes:
        assert time.monotonic() < deadline, "no scan was completed"
        watcher.process.send_signal(signal.SIGHUP)
        time.sleep(2)
    watcher.process.terminate()
    code = watcher.process.wait(60)
    assert code == 128 + signal.SIGTERM, code


def _differences(watched: Path, clean: Path, vanished: set[bytes]) -> dict[str, int]:
    with Archive(watched) as first, Archive(clean) as second:
        rows = {row.sha256: _facts(row) for row in first}
        expected = {row.sha256: _facts(row) for row in second}
        ledger = {record.path for record in first.skipped()}
        return {
            "rows": len(expected),
            "rows_missing": len(expected.keys() - rows.keys()),
            "rows_different": sum(
                rows[digest] != facts for digest, facts in expected.items() if digest in rows
            ),
            "rows_of_vanished_files": len(rows.keys() & vanished),
            "rows_of_nothing": len(rows.keys() - expected.keys() - vanished),
            "ledger_lines_different": len(ledger ^ {record.path for record in second.skipped()}),
        }


def _facts(row: Row) -> tuple[object, ...]:
    """What must be the same, but for the id and the time of archiving."""
    codes = (row.clip_code, row.color_code)
    return (*codes, row.width, row.height, row.format, row.file_bytes, row.flags, row.paths)


def _png(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(draw_scene(number, size=(SIDE, SIDE)).pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _numbered(png: bytes, number: int) -> bytes:
    """The same picture with a text chunk after its header."""
    chunk = b"tEXtnumber\0%d" % number
    length = (len(chunk) - 4).to_bytes(4)
    text = length + chunk + zlib.crc32(chunk).to_bytes(4)
    return png[:HEADER_BYTES] + text + png[HEADER_BYTES:]


def _children(pid: int) -> Iterator[int]:
    """All descendants."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [
            int(child) for task in tasks for child in (task / "children").read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield child
        yield from _children(child)
