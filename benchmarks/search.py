"""`coldframe search TEXT` beside rclip: wall and CPU seconds, and peak memory, in one run.

Both have the same random ViT-B/32 weights: coldframe as an open_clip folder, rclip (an interpreter
with `rclip` installed is named by --rclip) as the ONNX file of the text tower, where it looks for
it. Both search the same pictures; the second run and all later ones count.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from archive.imaging.encode import save_image
from benchmarks.processes import run
from training.scenes import draw_scene

IMAGES = 20
MODEL = "ViT-B-32-256"  # rclip's
RCLIP_FOLDER = "ViT-B-32-256-datacomp_s34b_b86k"
QUERY = "a red house on a hill"


def measure(times: int, rclip: Path | None) -> list[dict[str, object]]:
    """→ a line of figures for each program and model."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        album = folder / "album"
        album.mkdir()
        for number in range(IMAGES):
            save_image(album / f"{number}.jpg", draw_scene(number, size=(320, 240)).pixels)
        # in a process of its own: children start with the peak memory of their parent
        making = multiprocessing.get_context("spawn").Process(
            target=save_models, args=(folder,), kwargs={"with_onnx": rclip is not None}
        )
        making.start()
        making.join()
        figures = []
        for model in ("pocket", str(folder / "pair")):
            archive = str(folder / Path(model).name)
            program = [sys.executable, "-m", "cli"]
            for command in (["init", "--model", model], ["ingest", str(album)]):
                run([*program, *command, "--archive", archive])
            search = [*program, "search", QUERY, "--archive", archive]
            figures.append(
                {"program": "coldframe", "model": Path(model).name} | _best(search, times)
            )
        if rclip is not None:
            figures.append({"program": "rclip", "model": "pair"} | _rclip(rclip, folder, times))
        return figures


def save_models(folder: Path, *, with_onnx: bool) -> None:
    """Random weights: pair/encoder in open_clip's layout; ONNX files as rclip has them."""
    import open_clip
    import torch
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    torch.manual_seed(0)
    config = open_clip.get_model_config(MODEL)
    model = CLIP(**config).eval()
    encoder = folder / "pair" / "encoder"
    encoder.mkdir(parents=True)
    (encoder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, encoder / "open_clip_model.safetensors")
    if not with_onnx:
        return
    target = folder / "rclip" / RCLIP_FOLDER
    target.mkdir(parents=True)
    tokens = open_clip.tokenize([QUERY])
    pixels = torch.zeros(1, 3, 256, 256)
    for name, encode, example in (
        ("textual", model.encode_text, tokens),
        ("visual", model.encode_image, pixels),
    ):
        model.forward = encode
        torch.onnx.export(
            model,
            (example,),
            target / f"{name}.onnx",
            input_names=["input"],
            output_names=["output"],
            dynamic_axes={"input": {0: "batch"}},
            dynamo=False,
        )
    vocabulary = Path(open_clip.__file__).with_name("bpe_simple_vocab_16e6.txt.gz")
    (folder / "rclip" / "tokenizer").mkdir()
    (folder / "rclip" / "tokenizer" / vocabulary.name).write_bytes(vocabulary.read_bytes())


def _rclip(python: Path, folder: Path, times: int) -> dict[str, object]:
    variables = {"RCLIP_DATADIR": str(folder / "rclip"), "PYTHONPATH": ""}
    program = [str(python), "-m", "rclip", QUERY]
    run(program, variables, cwd=folder / "album")
    return _best([*program, "--no-indexing"], times, variables, cwd=folder / "album")


def _best(
    command: Sequence[str],
    times: int,
    variables: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> dict[str, object]:
    """Medians of runs after a first one, which fills caches."""
    run(command, variables or {}, cwd)
    runs = [run(command, variables or {}, cwd) for _ in range(times)]
    seconds, cpu, peaks = (np.median(column) for column in zip(*runs, strict=True))
    return {
        "wall_seconds": round(float(seconds), 3),
        "cpu_seconds": round(float(cpu), 3),
        "peak_megabytes": round(float(peaks) / 1e6),
    }
