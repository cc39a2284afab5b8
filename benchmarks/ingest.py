"""Images per second, from JPEG files to committed rows, beside rclip on the same files.

Both programs have the same random ViT-B/32 weights (benchmarks.search); coldframe is measured with
the pocket pair too. A run of a few files is subtracted from a run of all: what starting costs is
not counted. Runs alternate, and medians count. Linux only: memory is read in /proc.
"""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.processes import run
from benchmarks.search import save_models
from training.scenes import draw_scene

SIZES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "1-2 MP": ((1280, 960), (1600, 1067), (1200, 1600), (1632, 1224)),
    "12 MP": ((4032, 3024), (3024, 4032)),
}
FEW = 16  # files of the run that is subtracted
LARGE_FILE = 300_000  # bytes; smaller photos are not enlarged
NOISE = 12  # levels, added to drawings so that they take as long to decode as photos
QUALITY = 88
Run = Callable[[Path], tuple[float, float, int]]


def measure(
    count: int, photos: Path, times: int, rclip: Path | None
) -> Iterator[dict[str, object]]:
    """→ a line of figures for each size, program and model, as they come."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # in a process of its own: children start with the peak memory of their parent
        making = multiprocessing.get_context("spawn").Process(
            target=save_models, args=(folder,), kwargs={"with_onnx": rclip is not None}
        )
        making.start()
        making.join()
        programs = {name: _coldframe(folder, name) for name in ("pocket", "pair")}
        if rclip is not None:
            programs["rclip"] = _rclip(folder, rclip)
        for size in SIZES:
            number = count if size == "1-2 MP" else count // 4
            albums = folder / size / "few", folder / size / "all"
            sources = [
                _write_files(album, files, photos, SIZES[size])
                for album, files in zip(albums, (FEW, FEW + number), strict=True)
            ]
            best = _medians(programs, *albums, times=times)
            for name, line in best.items():
                facts = {"size": size, "files": number, "source": sources[0], "program": name}
                yield facts | line


def _medians(
    programs: Mapping[str, Run], few: Path, many: Path, *, times: int
) -> dict[str, dict[str, object]]:
    """→ figures by program, of alternating runs after a first one, which fills caches."""
    runs: dict[str, list[tuple[float, float, int]]] = {name: [] for name in programs}
    for run_program in programs.values():
        run_program(few)
    for _ in range(times):
        for name, run_program in programs.items():
            started = run_program(few)[0]
            seconds, cpu, peak = run_program(many)
            runs[name].append((seconds - started, cpu, peak))
    count = len(list(many.iterdir())) - len(list(few.iterdir()))
    return {
        name: {
            "images_per_second": round(count / float(np.median([line[0] for line in lines])), 1),
            "peak_tree_megabytes": round(float(np.median([line[2] for line in lines])) / 1e6),
        }
        for name, lines in runs.items()
    }


def _coldframe(folder: Path, model: str) -> Run:
    program = [sys.executable, "-m", "cli"]
    empty = folder / f"empty-{model}"
    name = model if model == "pocket" else str(folder / model)
    run([*program, "init", "--model", name, "--archive", str(empty)])

    def ingest(album: Path) -> tuple[float, float, int]:
        archive = folder / "archive"
        shutil.rmtree(archive, ignore_errors=True)
        shutil.copytree(empty, archive)
        return run([*program, "ingest", str(album), "--archive", str(archive)])

    return ingest


def _rclip(folder: Path, python: Path) -> Run:
    data = folder / "rclip"

    def index(album: Path) -> tuple[float, float, int]:
        for file in data.glob("*.sqlite*"):
            file.unlink()
        variables = {"RCLIP_DATADIR": str(data), "PYTHONPATH": ""}
        return run([str(python), "-m", "rclip", "a red house"], variables, cwd=album)

    return index


def _write_files(album: Path, count: int, photos: Path, sizes: tuple[tuple[int, int], ...]) -> str:
    """`count` different JPEG files, of large photos if any, else drawn → which of the two."""
    album.mkdir(parents=True)
    large = [
        path
        for path in sorted(photos.rglob("*.jpg"))
        if path.stat().st_size > LARGE_FILE and "broken" not in path.parts
    ]
    rng = np.random.default_rng(0)
    for number in range(count):
        size = sizes[number % len(sizes)]
        if large:
            photo = Image.open(large[number % len(large)]).convert("RGB").resize(size)
            shift = (number * 29, number * 17)
            image = Image.fromarray(np.roll(np.asarray(photo), shift, axis=(0, 1)))
        else:
            drawing = draw_scene(number, size=size).pixels.astype(np.int16)
            noise = rng.integers(-NOISE, NOISE + 1, drawing.shape, dtype=np.int16)
            image = Image.fromarray(np.clip(drawing + noise, 0, 255).astype(np.uint8))
        image.save(album / f"{number:05}.jpg", quality=QUALITY)
    return "photos" if large else "drawings"
