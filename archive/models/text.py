"""The empty prompt, for decoders that attend to words they are never given. transformers' door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def empty_prompt(folder: Path) -> torch.Tensor:
    """The empty prompt's hidden states, (1, 77, width)."""
    hidden: torch.Tensor = encoded_empty(folder, "")[0]
    return hidden


def encoded_empty(folder: Path, which: str) -> Any:
    """What text_encoder, or with `_2` the second one, makes of the empty prompt; the encoder is not kept."""
    import torch
    import transformers

    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder / f"tokenizer{which}")
    kind = transformers.CLIPTextModelWithProjection if which else transformers.CLIPTextModel
    encoder = kind.from_pretrained(folder / f"text_encoder{which}", use_safetensors=True)
    length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
    tokens = tokenizer(
        "", padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    )
    with torch.no_grad():
        return encoder(tokens.input_ids, output_hidden_states=True)
