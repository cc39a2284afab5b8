"""The parts of a decoder's folder in diffusers' layout. diffusers' door.

model_index.json    names the pipeline that the folder was saved from
PART/config.json    and its weights, safetensors only; a scheduler has scheduler_config.json, a
                    tokenizer its vocabulary
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archive.errors import ModelMissing, UsageError

WEIGHTS = ("diffusion_pytorch_model", "model")  # whole or in shards; not their other precisions
PART_FILES = (
    "*.json",
    "*.txt",
    *(f"{name}{shard}.safetensors" for name in WEIGHTS for shard in ("", "-*")),
)
"""Patterns of the files of a part."""


def read_model_index(folder: Path) -> dict[str, Any]:
    """The content of model_index.json, {} without one."""
    path = folder / "model_index.json"
    index: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return index


def require_parts(folder: Path, parts: Sequence[str], family: str) -> None:
    """Raises ModelMissing if subfolders that a family requires are missing."""
    missing = [part for part in parts if not (folder / part).is_dir()]
    if missing:
        raise ModelMissing(
            f"the decoder in {folder} lacks {', '.join(missing)}, which {family} requires"
        )


def check_dimension(folder: Path, decoder: int, archive: int) -> None:
    """Raises UsageError if the decoder's vectors have another dimension than the archive's."""
    if decoder != archive:
        raise UsageError(
            f"the decoder in {folder} is conditioned on vectors of {decoder} dimensions, this "
            f"archive's have {archive}; use the decoder that belongs to its encoder"
        )


def load_part(folder: Path, part: str) -> Any:
    """A part, of the class that its config names, in float32 on the CPU. Raises OSError."""
    import diffusers

    class_name = diffusers.UNet2DConditionModel.load_config(folder / part)["_class_name"]
    part_class = getattr(diffusers, class_name)
    return part_class.from_pretrained(folder / part, use_safetensors=True)
