"""Whatever a file does to its decoder costs a process and one file, never the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.errors import Unreadable
from archive.imaging.decode import load_picture
from archive.imaging.files import digest_of
from archive.imaging.workers import Workers
from archive.records import FileStamp
from tests.support.images import red_and_blue

CASES = Path(__file__).parents[3] / "shared" / "cases" / "pictures"
UNGUARDED = """
from pathlib import Path
from archive.imaging.workers import Workers
with Workers() as workers:
    print(workers.decode(Path(r"{path}"), at_least=32).pixels.shape)
"""


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers() as pool:
        yield pool


@pytest.fixture
def image(tmp_path: Path) -> Path:
    red_and_blue().save(tmp_path / "image.png")
    return tmp_path / "image.png"


def process_of(workers: Workers) -> int:
    [worker] = workers._idle
    return worker._process.pid


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".heic", ".jxl", ".tif"])
def test_a_picture_is_what_this_process_would_have_decoded(
    workers: Workers, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"image{suffix}"
    red_and_blue().resize((640, 480)).save(path)
    decoded = workers.decode(path, at_least=64)
    expected = load_picture(path, at_least=64)
    assert np.array_equal(decoded.pixels, expected.pixels)
    assert decoded.format == expected.format
    assert (decoded.width, decoded.height) == (640, 480)
    from_bytes = workers.decode(path.read_bytes(), at_least=64)
    assert np.array_equal(from_bytes.pixels, expected.pixels)


def test_refusals_come_back_with_their_reason(workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(Unreadable, match="not-an-image"):
        workers.decode(tmp_path / "text.jpg", at_least=32)
    with pytest.raises(Unreadable, match="unreadable: No such file"):
        workers.decode(tmp_path / "none.jpg", at_least=32)


def test_a_changed_file_is_noticed(workers: Workers, image: Path) -> None:
    _, stamp = digest_of(image)
    workers.decode(image, at_least=32, unchanged=stamp)
    with pytest.raises(Unreadable, match="changed"):
        workers.decode(image, at_least=32, unchanged=FileStamp(stamp.size, stamp.mtime_ns - 1))


def test_one_process_decodes_image_after_image(workers: Workers, image: Path) -> None:
    workers.decode(image, at_least=32)
    first = process_of(workers)
    workers.decode(image, at_least=32)
    assert process_of(workers) == first


def test_a_process_that_dies_costs_one_file(workers: Workers, image: Path) -> None:
    workers.decode(image, at_least=32)
    os.kill(process_of(workers), signal.SIGSEGV)
    with pytest.raises(Unreadable, match="decoder-died"):
        workers.decode(image, at_least=32)
    assert workers.decode(image, at_least=32).pixels.shape == (64, 96, 3)


def test_what_takes_too_long_is_ended(image: Path) -> None:
    with Workers(seconds=1) as workers:
        workers.decode(image, at_least=32)
        os.kill(process_of(workers), signal.SIGSTOP)
        with pytest.raises(Unreadable, match="too-slow: decoding it takes longer than 1 s"):
            workers.decode(image, at_least=32)
        assert workers.decode(image, at_least=32).width == 96


def test_memory_is_limited(workers: Workers, tmp_path: Path) -> None:
    Image.new("RGBA", (14_000, 14_000), "red").save(tmp_path / "large.png", compress_level=1)
    picture = workers.decode(tmp_path / "large.png", at_least=64)
    assert (picture.width, picture.height) == (14_000, 14_000)
    status = Path(f"/proc/{process_of(workers)}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    assert peak < 1_300_000_000


def test_closing_ends_processes_in_the_middle_of_an_image(image: Path) -> None:
    workers = Workers()
    workers.decode(image, at_least=32)
    process = process_of(workers)
    os.kill(process, signal.SIGSTOP)
    errors: list[Unreadable] = []

    def decode() -> None:
        try:
            workers.decode(image, at_least=32)
        except Unreadable as error:
            errors.append(error)

    thread = threading.Thread(target=decode)
    thread.start()
    while not workers._busy:
        time.sleep(0.01)
    workers.close()
    thread.join(10)
    assert [error.reason for error in errors] == ["decoder-died"]
    assert not Path(f"/proc/{process}").exists()
    with pytest.raises(Unreadable, match="the run has ended"):
        workers.decode(image, at_least=32)


def test_scripts_need_no_main_guard(tmp_path: Path, image: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED.format(path=image))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for command in ([sys.executable, str(script)], [sys.executable, "-"]):
        run = subprocess.run(
            command,
            input=script.read_text(),
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert (run.stdout, run.stderr) == ("(64, 96, 3)\n", "")


@pytest.mark.skipif(not CASES.is_dir(), reason="needs ../shared/cases")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("100000x1.png", (100_000, 1)),
        ("a1-300dpi-1bit-plan.tif", (9933, 7016)),
        ("png-14142x14142-1bit.png", (14142, 14142)),
        ("eps-named.jpg", "unsupported: PostScript"),
        ("eps-loop-forever.jpg", "unsupported: PostScript"),
        ("jxl-20000.jxl", "too-large: 20000 x 20000"),
    ],
)
def test_files_that_took_gigabytes_or_minutes(
    workers: Workers, name: str, expected: str | tuple[int, int]
) -> None:
    started = time.monotonic()
    if isinstance(expected, str):
        with pytest.raises(Unreadable, match=expected):
            workers.decode(CASES / name, at_least=128)
    else:
        picture = workers.decode(CASES / name, at_least=128)
        assert (picture.width, picture.height) == expected
        assert picture.pixels.size < 10_000_000
    assert time.monotonic() - started < 30
