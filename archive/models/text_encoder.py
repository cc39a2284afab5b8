"""Words → vectors without open_clip, in a tenth of the time: a pair's tokenizer, text transformer
and digest.

A pair's weights and configuration are found where open_clip finds them:

FOLDER        its open_clip_config.json, and the .safetensors file that open_clip prefers
MODEL/FILE    open_clip's own configuration of the model, and the file
MODEL/TAG     the same, and the file that the tag stood for when open_clip last loaded it
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archive.arrays import Vectors, one_blas_thread
from archive.models.hub import cached_file
from archive.models.pairs import Pair
from archive.models.remembered import remember_sha256, remembered_file, remembered_sha256
from archive.models.text_transformer import TextTransformer
from archive.models.tokenizers import Tokenizer, find_tokenizer, open_clip_folder
from archive.models.weights_file import WeightsFile

CONFIG_NAME = "open_clip_config.json"  # in a local folder
PREFERRED = (  # by open_clip, of several .safetensors files in a folder
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
)
BAD_FILE = (OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class TextEncoder:
    """A pair's text half."""

    tokenize: Tokenizer
    transformer: TextTransformer
    weights_sha256: str
    """Digest of the whole model's weights, as archive.models.weights computes it."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts → (N, D) float32, not normalized; open_clip's within 1e-4 of their length."""
        with one_blas_thread():
            return np.stack([self.transformer.encode(self.tokenize(text)) for text in texts])


def open_text_encoder(pair: Pair, *, accepts: Callable[[str], bool]) -> TextEncoder | None:
    """A pair's text encoder; None if open_clip has to be asked.

    That is so where weights are not on this machine, their network or tokenizer is not known here,
    or `accepts` refuses their digest.
    """
    try:
        source = _find_source(pair)
        if source is None:
            return None
        config, path, folder = source
        weights = WeightsFile(path)
        transformer = TextTransformer.of(config, weights)
        tokenize = find_tokenizer(config["text_cfg"], folder) if transformer else None
        if transformer is None or tokenize is None:
            return None
        sha256 = remembered_sha256(path)
        if sha256 is None or not accepts(sha256):
            sha256 = weights.sha256()
            if not accepts(sha256):
                return None
            remember_sha256(path, sha256)
        return TextEncoder(tokenize, transformer, sha256)
    except BAD_FILE:  # open_clip says what is wrong with it
        return None


def weights_path(folder: Path) -> Path | None:
    """The weights that open_clip loads from a folder."""
    files = sorted(folder.glob("*.safetensors"))
    for name in PREFERRED:
        if folder / name in files:
            return folder / name
    return files[0] if files else None


def _find_source(pair: Pair) -> tuple[dict[str, Any], Path, Path | None] | None:
    """→ model_cfg, weights file, folder of a Hugging Face tokenizer."""
    folder = Path(pair.encoder)
    if folder.is_dir():
        config = json.loads((folder / CONFIG_NAME).read_text("utf-8"))["model_cfg"]
        path = weights_path(folder)
        return (config, path, folder) if path else None
    package = open_clip_folder()
    weights = _named_weights(pair)
    if package is None or weights is None or "siglip" in pair.encoder.lower():
        return None
    path, quick_gelu = weights
    file = package / "model_configs" / f"{pair.encoder.replace('/', '-')}.json"
    config = json.loads(file.read_text("utf-8"))
    if quick_gelu:
        config["quick_gelu"] = True
    return config, path, _tokenizer_folder(config["text_cfg"])


def _named_weights(pair: Pair) -> tuple[Path, bool] | None:
    """The file of a model and its file or tag, and whether QuickGELU is forced."""
    if Path(pair.pretrained).suffix == ".safetensors":
        return Path(pair.pretrained), False
    return remembered_file(pair)


def _tokenizer_folder(text: dict[str, Any]) -> Path | None:
    """Where the hub's cache has a Hugging Face tokenizer."""
    name = text.get("hf_tokenizer_name")
    file = cached_file(name, "tokenizer.json") if name else None
    return file.parent if file else None
