"""The module `coldframe`: what users import, with the types they see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import archive
import coldframe

SCRIPTS = {
    "search": """
import coldframe
from pathlib import Path

def best(folder: str) -> list[str]:
    with coldframe.Archive(folder) as archive:
        hits: list[coldframe.Hit] = archive.search("a dog", limit=3)
        by_image: list[coldframe.Hit] = archive.search(Path("dog.jpg"))
        several: list[list[coldframe.Hit]] = archive.search(["a dog", "a cat"])
        return [hit.path for hit in hits + by_image + several[0]]
""",
    "ingest": """
from coldframe import Archive, Archived, CodecConfig, ColdframeError, Skipped

def fill(folder: str) -> dict[str, int]:
    ids: dict[str, int] = {}
    try:
        with Archive.create(folder, model="pocket", codec=CodecConfig("klt", bits=120)) as archive:
            for outcome in archive.ingest("photos"):
                match outcome:
                    case Archived(path=path, image_id=image_id):
                        ids[path] = image_id
                    case Skipped(path=path, reason=reason):
                        print(path, reason)
    except ColdframeError as error:
        raise SystemExit(error.exit_code) from error
    return ids
""",
    "restore": """
import coldframe

def widths(archive: coldframe.Archive) -> list[int]:
    for row in archive:
        print(row.id, row.path, row.bits)
    sampling = coldframe.Sampling(steps=10)
    images = [restored.image for restored in archive.restore([1, 2], sampling=sampling)]
    stats: coldframe.Stats = archive.stats()
    return [image.width for image in images] + [stats.images, len(archive)]
""",
}
MYPY = """
[mypy]
strict = true
follow_imports = silent
[mypy-torch.*]
follow_imports = skip  # half of what a script imports, and in no type of the public API
"""
WRONG = """
import coldframe

def wrong(archive: coldframe.Archive) -> int:
    return archive.search("a dog")
"""


def test_public_names_are_listed_sorted_and_importable() -> None:
    assert coldframe.__all__ == sorted(coldframe.__all__)
    assert set(coldframe.__all__) == {*archive._MODULES, "__version__"}
    assert 25 <= len(coldframe.__all__) <= 45
    for name in coldframe.__all__:
        assert getattr(coldframe, name) == getattr(archive, name)


def test_every_public_name_has_a_docstring() -> None:
    for name in set(coldframe.__all__) - {"__version__", "Outcome", "Query"}:  # type aliases
        assert getattr(coldframe, name).__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Archives"):
        _ = coldframe.Archives


def test_coldframe_is_importable_from_any_folder(tmp_path: Path) -> None:
    code = "import coldframe; print(coldframe.__version__, coldframe.Archive.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [coldframe.__version__, "Archive"]


def test_importing_coldframe_loads_no_heavy_library(tmp_path: Path) -> None:
    code = "import coldframe, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & {"numpy", "torch", "sqlalchemy", "PIL", "faiss"}


def test_python_m_coldframe_is_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "coldframe", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert coldframe.__version__ in done.stdout


@pytest.mark.slow
def test_mypy_strict_sees_real_types_in_a_users_script(tmp_path: Path) -> None:
    for name, script in SCRIPTS.items():
        (tmp_path / f"{name}.py").write_text(script)
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "mypy.ini").write_text(MYPY)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *sorted(tmp_path.glob("*.py"))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1, done.stdout
    assert "wrong.py" in errors[0]
    assert 'got "list[Hit]"' in errors[0]
