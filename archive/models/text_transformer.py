"""open_clip's text transformer in NumPy: tokens → vector, without torch.

A search needs one text's vector. Weights stay where they are, mapped from the file, and only those
of the text transformer are read. For tokens t₁ … t_L:

    x    = token_embedding[t] + positional_embedding
    x   += attention(ln_1(x));  x += c_proj(gelu(c_fc(ln_2(x))))         in each of the layers
    out  = ln_final(x)[pooled] · text_projection

Under a causal mask a token sees only those before it, so nothing after the pooled one is computed:
about 7 of 77 positions. The vectors equal open_clip's within 1e-4 of their length.
`TextTransformer.of` returns None for what is not exactly this network, and open_clip itself is to
be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors

Floats = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int64]  # (L,)
ROOT_HALF = 0.5**0.5
QUICK_GELU = 1.702
ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
ERF_SCALE = 0.3275911  # Abramowitz & Stegun 7.1.26: |error| ≤ 1.5e-7
MODEL_KEYS = {  # of model_cfg, whose meaning for the text transformer is known here
    "embed_dim",
    "vision_cfg",
    "text_cfg",
    "quick_gelu",
    "custom_text",
    "init_logit_scale",
    "init_logit_bias",
    "nonscalar_logit_scale",
}
TEXT_KEYS = {  # of text_cfg
    "context_length",
    "vocab_size",
    "width",
    "heads",
    "layers",
    "mlp_ratio",
    "pool_type",
    "eos_id",
    "pad_id",
    "proj_type",
    "proj_bias",
    "no_causal_mask",
    "norm_kwargs",
    "act_kwargs",
    "hf_tokenizer_name",
    "tokenizer_kwargs",
}
POOLS = ("argmax", "eos", "first", "last")


@dataclass(frozen=True)
class TextTransformer:
    """A text transformer: its shape, and its tensors by their names in the file."""

    tensors: Mapping[str, Floats]
    prefix: str  # of the tensors' names: "" or "text."
    layers: int
    heads: int
    context_length: int
    is_causal: bool
    pool: str
    eos_id: int
    activation: str  # gelu, tanh or quick
    epsilon: float

    @classmethod
    def of(cls, config: Mapping[str, Any], tensors: Mapping[str, Floats]) -> TextTransformer | None:
        """open_clip's model_cfg and the weights file → the transformer, or None."""
        text = config.get("text_cfg", {})
        norm = text.get("norm_kwargs") or {}
        approximate = (text.get("act_kwargs") or {}).get("approximate", "none")
        if not (
            config.keys() <= MODEL_KEYS
            and text.keys() <= TEXT_KEYS
            and norm.keys() <= {"eps"}
            and (text.get("act_kwargs") or {}).keys() <= {"approximate"}
            and approximate in ("none", "tanh")
            and text.get("pool_type", "argmax") in POOLS
        ):
            return None
        transformer = cls(
            tensors=tensors,
            prefix="text." if "text.token_embedding.weight" in tensors else "",
            layers=text.get("layers", 12),
            heads=text.get("heads", 8),
            context_length=text.get("context_length", 77),
            is_causal=not text.get("no_causal_mask", False),
            pool=text.get("pool_type", "argmax"),
            eos_id=text.get("eos_id", 2),
            activation=_activation(config.get("quick_gelu", False), approximate),
            epsilon=norm.get("eps", 1e-5),
        )
        return transformer if transformer._has_the_tensors(text) else None

    def encode(self, tokens: Tokens) -> Vectors:
        """(L,) tokens of one text, padded → (D,) float32, not normalized."""
        pooled = self._pooled(tokens)
        count = pooled + 1 if self.is_causal else len(tokens)
        embedded = np.array(self._tensor("token_embedding.weight")[tokens[:count]], np.float32)
        x = embedded + self._tensor("positional_embedding")[:count]
        for layer in range(self.layers):
            block = f"transformer.resblocks.{layer}."
            x += self._attention(self._norm(x, block + "ln_1"), block + "attn.")
            hidden = self._linear(self._norm(x, block + "ln_2"), block + "mlp.c_fc.")
            x += self._linear(self._gelu(hidden), block + "mlp.c_proj.")
        vector: Vectors = self._project(self._norm(x[pooled : pooled + 1], "ln_final"))[0]
        return vector

    def _pooled(self, tokens: Tokens) -> int:
        """The position whose output is the text's."""
        positions = {"first": 0, "last": len(tokens) - 1, "argmax": int(tokens.argmax())}
        return positions.get(self.pool, int((tokens == self.eos_id).argmax()))

    def _attention(self, x: Floats, name: str) -> Floats:
        """(n, width) → (n, width)."""
        count, width = x.shape
        qkv = x @ self._tensor(name + "in_proj_weight").T + self._tensor(name + "in_proj_bias")
        query, key, value = qkv.reshape(count, 3, self.heads, -1).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1) * (width // self.heads) ** -0.5
        if self.is_causal:
            scores += np.triu(np.full((count, count), -np.inf, np.float32), 1)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = (weights @ value).transpose(1, 0, 2).reshape(count, width)
        return self._linear(mixed, name + "out_proj.")

    def _norm(self, x: Floats, name: str) -> Floats:
        centered = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centered).mean(axis=-1, keepdims=True)
        normalized = centered / np.sqrt(variance + np.float32(self.epsilon))
        scaled: Floats = normalized * self._tensor(name + ".weight") + self._tensor(name + ".bias")
        return scaled

    def _linear(self, x: Floats, name: str) -> Floats:
        product: Floats = x @ self._tensor(name + "weight").T + self._tensor(name + "bias")
        return product

    def _gelu(self, x: Floats) -> Floats:
        if self.activation == "quick":
            quick: Floats = x / (1 + np.exp(-QUICK_GELU * x))
            return quick
        if self.activation == "tanh":
            inner = (2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)
            approximate: Floats = 0.5 * x * (1 + np.tanh(inner))
            return approximate
        exact: Floats = 0.5 * x * (1 + _erf(x * ROOT_HALF))
        return exact

    def _project(self, x: Floats) -> Floats:
        if self.prefix + "text_projection.weight" in self.tensors:
            product: Floats = x @ self._tensor("text_projection.weight").T
            bias = self.prefix + "text_projection.bias"
            if bias in self.tensors:
                product += self.tensors[bias]
            return product
        if self.prefix + "text_projection" in self.tensors:
            projected: Floats = x @ self._tensor("text_projection")
            return projected
        return x

    def _tensor(self, name: str) -> Floats:
        return self.tensors[self.prefix + name]

    def _has_the_tensors(self, text: Mapping[str, Any]) -> bool:
        """Whether the file holds this transformer's tensors and no others."""
        width = text.get("width", 512)
        shapes = {
            "token_embedding.weight": (text.get("vocab_size", 49408), width),
            "positional_embedding": (self.context_length, width),
        }
        if any(
            self.prefix + name not in self.tensors
            or self.tensors[self.prefix + name].shape != shape
            for name, shape in shapes.items()
        ):
            return False
        start = f"{self.prefix}transformer.resblocks."
        names = {name.removeprefix(start) for name in self.tensors if name.startswith(start)}
        expected = {f"{layer}.{part}" for layer in range(self.layers) for part in BLOCK_PARTS}
        has_projection = any(name.startswith(self.prefix + "text_proj") for name in self.tensors)
        return names == expected and has_projection == (text.get("proj_type", "linear") != "none")


BLOCK_PARTS = (
    "attn.in_proj_weight",
    "attn.in_proj_bias",
    "attn.out_proj.weight",
    "attn.out_proj.bias",
    "ln_1.weight",
    "ln_1.bias",
    "ln_2.weight",
    "ln_2.bias",
    "mlp.c_fc.weight",
    "mlp.c_fc.bias",
    "mlp.c_proj.weight",
    "mlp.c_proj.bias",
)


def _activation(is_quick: bool, approximate: str) -> str:
    """open_clip's QuickGELU takes no options; its GELU may be approximated by tanh."""
    return "quick" if is_quick else "tanh" if approximate == "tanh" else "gelu"


def _erf(x: Floats) -> Floats:
    """The error function of each value."""
    t = 1 / (1 + ERF_SCALE * np.abs(x))
    polynomial = np.polyval(ERF, t) * t
    values: Floats = np.sign(x) * (1 - polynomial * np.exp(-x * x))
    return values
