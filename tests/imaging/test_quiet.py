"""Pillow and its codecs print nothing while we call them, and everything as before afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from PIL import Image

from archive.imaging.quiet import quiet
from tests.support.images import write_noisy_files

PRINTS_AFTERWARDS = """
import sys
from pathlib import Path
from PIL import Image
from archive.imaging.decode import load_picture

for path in map(Path, sys.argv[1:]):
    try:
        load_picture(path, at_least=16)
    except Exception as error:
        print(path.name, error.reason)
print("then", file=sys.stderr)
Image.open(sys.argv[1]).load()
"""


def warn(module: str) -> None:
    warnings.warn_explicit("chatter", UserWarning, "file.py", 1, module=module)


@pytest.fixture
def noisy_files(tmp_path: Path) -> list[Path]:
    """Files that make Pillow warn, and libtiff print."""
    return write_noisy_files(tmp_path)


def test_nothing_reaches_stderr_until_the_program_calls_pillow_itself(
    noisy_files: list[Path],
) -> None:
    command = [sys.executable, "-W", "always", "-c", PRINTS_AFTERWARDS, *map(str, noisy_files)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    ours, pillows = done.stderr.split("then\n")
    assert ours == ""
    assert "Corrupt EXIF data" in pillows
    assert "lzw.tif unreadable" in done.stdout


def test_libtiff_prints_again_afterwards(
    noisy_files: list[Path], capfd: pytest.CaptureFixture[str]
) -> None:
    [damaged] = [path for path in noisy_files if path.name == "lzw.tif"]
    with quiet(), pytest.raises(OSError, match="decoder error"), Image.open(damaged) as image:
        image.load()
    assert capfd.readouterr().err == ""
    with pytest.raises(OSError, match="decoder error"), Image.open(damaged) as image:
        image.load()
    assert "LZWDecode: Not enough data" in capfd.readouterr().err


@pytest.mark.parametrize("module", ["PIL", "PIL.TiffImagePlugin", "pillow_heif.heif", "pillow_jxl"])
def test_only_pillows_modules_are_silenced(module: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quiet():
            warn(module)
            warn("application")
            warn("PILfer")
        assert len(caught) == 2
        warn(module)
        assert len(caught) == 3


def test_the_filters_are_as_before_after_blocks_that_overlap_in_threads() -> None:
    before = list(warnings.filters)
    inside = threading.Barrier(2)
    first_is_out = threading.Event()

    def first() -> None:
        with quiet():
            inside.wait()
        first_is_out.set()

    def second() -> None:
        with quiet():
            inside.wait()
            first_is_out.wait()
            filters.append(list(warnings.filters))

    filters: list[object] = []
    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(filters[0]) == len(before) + 1  # type: ignore[arg-type]
    assert warnings.filters == before


def test_filters_that_the_program_replaces_meanwhile_keep_no_trace_of_ours() -> None:
    before = list(warnings.filters)
    block = quiet()
    replaced = warnings.catch_warnings()
    block.__enter__()
    replaced.__enter__()
    block.__exit__(None, None, None)
    replaced.__exit__(None, None, None)
    assert warnings.filters == before


def test_an_error_inside_ends_the_silence() -> None:
    before = list(warnings.filters)
    with pytest.raises(ValueError, match="inside"), quiet():
        raise ValueError("inside")
    assert warnings.filters == before
