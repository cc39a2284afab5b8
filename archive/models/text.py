"""The empty prompt, for decoders that also attend to text. transformers' door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def empty_prompt(folder: Path) -> torch.Tensor:
    """A decoder's folder → hidden states of the empty prompt, (1, 77, width)."""
    output, _ = encode_empty_prompt(folder)
    hidden: torch.Tensor = output[0]
    return hidden


def encode_empty_prompt(
    folder: Path, *, suffix: str = "", projected: bool = False
) -> tuple[Any, torch.Tensor]:
    """Output of the folder's `text_encoder` for the empty prompt, and token mask, (1, L) bool.

    `suffix`: of the folders of encoder and tokenizer; `projected`: whether the encoder has a
    projection. The encoder is not kept. Raises OSError.
    """
    import torch
    import transformers

    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder / f"tokenizer{suffix}")
    encoder_class = (
        transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel
    )
    encoder: Any = encoder_class.from_pretrained(
        folder / f"text_encoder{suffix}", use_safetensors=True
    )
    length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
    tokens = tokenizer(
        "", padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    )
    with torch.no_grad():
        output = encoder(tokens.input_ids, output_hidden_states=True)
    return output, tokens.attention_mask.bool()
