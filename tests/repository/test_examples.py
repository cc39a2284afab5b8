"""The examples run, are short, and are on the page."""

from __future__ import annotations

import csv
import io
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import numpy as np
import pytest
from PIL import Image

import coldframe
from tests.support.pages import ROOT, blocks

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SAMPLES = ROOT / "archive" / "demo" / "samples"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[coldframe.Archive]:
    """Six drawings, archived with the pocket pair."""
    folder = tmp_path_factory.mktemp("examples")
    with coldframe.Archive.create(folder / "archive", model="pocket") as opened:
        list(opened.ingest(SAMPLES / f"{number:02}.webp" for number in range(1, 7)))
        yield opened


def run(name: str, *arguments: str | Path) -> dict[str, Any]:
    """An example's names; with arguments it runs as a script."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [name, *map(str, arguments)])
        file = ROOT / "examples" / f"{name}.py"
        return runpy.run_path(str(file), run_name="__main__" if arguments else name)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_short_and_on_the_page(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 40
    assert f'--8<-- "examples/{file.name}"' in (ROOT / "docs" / "examples.md").read_text("utf-8")
    assert f"def test_{file.stem}" in Path(__file__).read_text("utf-8")


def test_search(archive: coldframe.Archive, capsys: pytest.CaptureFixture[str]) -> None:
    run("search", archive.settings.location, "a turtle under water", SAMPLES / "02.webp")
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("  ")] == [
        "a turtle under water",
        str(SAMPLES / "02.webp"),
    ]
    assert lines[1].endswith("03.webp")
    assert lines[5].endswith("02.webp")


def test_web_search(archive: coldframe.Archive, tmp_path: Path) -> None:
    app = run("web_search")["search_page"](archive, tmp_path)
    page = get(app, "/", "q=a+turtle+%3Cunder%3E+water").decode()
    assert "03.webp" in page
    assert "<under>" not in page
    image_id = next(row.id for row in archive if row.path.endswith("03.webp"))
    assert f"href='/{image_id}'" in page
    restored = Image.open(io.BytesIO(get(app, f"/{image_id}")))
    assert restored.format == "JPEG"
    assert "Reconstruction" in str(dict(restored.getexif()))


def get(app: Callable[..., Any], path: str, query: str = "") -> bytes:
    """What a WSGI application answers."""
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"PATH_INFO": path, "QUERY_STRING": query}
    answers: list[str] = []
    body = b"".join(app(environ, lambda status, headers: answers.append(status)))
    assert answers == ["200 OK"]
    return body


def test_export_table(archive: coldframe.Archive, capsys: pytest.CaptureFixture[str]) -> None:
    run("export_table", archive.settings.location)
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [int(line["id"]) for line in table] == [row.id for row in archive]
    assert [line["bits"] for line in table] == [str(row.bits) for row in archive]


def test_write_codec() -> None:
    codec: coldframe.Codec = run("write_codec")["codec"]
    vectors = np.random.default_rng(0).standard_normal((9, codec.dimension), np.float32)
    maps = np.zeros((9, codec.map_side, codec.map_side, 3), np.uint8)
    clip_codes, color_codes = codec.encode(vectors, maps)
    assert {8 * len(a + b) for a, b in zip(clip_codes, color_codes, strict=True)} == {
        codec.bits_per_image
    }
    vectors_hat, _ = codec.decode(clip_codes, color_codes)
    assert np.abs(vectors_hat - vectors).max() < np.abs(vectors).max() / 250


def test_the_documented_command_runs(
    archive: coldframe.Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/adding-a-command.md shows the module of a command."""
    [module, *_] = blocks(ROOT / "docs" / "adding-a-command.md")
    namespace: dict[str, Any] = {}
    exec(module.text, namespace)
    arguments = ["--archive", archive.settings.location, "--json"]
    namespace["command"](arguments, standalone_mode=False)
    assert capsys.readouterr().out == ""  # drawings were not taken on any day


def test_compare_codecs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    clusters = rng.standard_normal((20, 32))
    noise = rng.standard_normal((1000, 32))
    np.save(tmp_path / "vectors.npy", 2 * clusters[rng.integers(0, 20, 1000)] + noise)
    run("compare_codecs", tmp_path / "vectors.npy")
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["codec", "bits", "cosine"]
    assert [line.split()[0] for line in lines] == ["clip", "clip+ls", "smic", "klt", "klt"]
    assert all(float(line.split()[2]) > 0.7 for line in lines)
