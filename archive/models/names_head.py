"""The pocket pair's image encoder: names that an image may bear, by how likely they are.

    f = √unit(features of EfficientNet-Lite0)        ℓ = its logits of ImageNet's classes
    v = L · unit(unit(softmax(ℓ / T) · C) + β · unit(R f + r) + γ · softmax(P f + p) · N)

C and N are text vectors of names: of ImageNet's classes, and of the labels of the training photos;
one of N is 0, for none of them. Collections of labeled photos show one thing each; P tells them
from everyday photos, of which it says none. Where it is unsure, the third term is a mean of many
names, and short. R maps features to text vectors by ridge regression. Fitted by
training.image_encoder.

timm builds it as `lite0_names`, so that open_clip loads it like any other network. The backbone's
tensors come from its package and are not in the state; which ones they are, is.
"""

from __future__ import annotations

from typing import Any

import torch
from timm.models import register_model
from torch import nn
from torch.nn import functional as F

from archive.errors import ModelMismatch
from archive.models.lite import CLASSES, FEATURES, LITE0, load_lite

TIMM_NAME = "lite0_names"
WIDE_STAGES = 2  # of the backbone, which lose most where numbers are narrow
EPSILON = 1e-6  # a root has no slope at 0, and guidance needs one


class HeadLinear(nn.Linear):
    """A layer of the head: logits are large, and small differences of theirs count."""

    needs_float32 = True


class Lite0Names(nn.Module):
    """(B, 3, P, P) in −1 … 1 → (B, D) of length √D / 2."""

    backbone_sha256: torch.Tensor  # (32,) uint8
    mixture: torch.Tensor  # (3,): T, β, γ

    def __init__(self, dimension: int) -> None:
        """Raises ModelMissing without the backbone's package."""
        super().__init__()
        self.backbone: Any = load_lite(LITE0)
        for module in (self.backbone.conv_stem, *self.backbone.blocks[:WIDE_STAGES]):
            module.needs_float32 = True
        self.class_vectors = HeadLinear(CLASSES, dimension, bias=False)
        self.ridge = HeadLinear(FEATURES, dimension)
        self.probe: HeadLinear
        self.name_vectors: HeadLinear
        self.set_names(1)
        digest = torch.tensor(list(bytes.fromhex(LITE0.sha256)), dtype=torch.uint8)
        self.register_buffer("backbone_sha256", digest)
        self.register_buffer("mixture", torch.ones(3))
        self.length = dimension**0.5 / 2

    def set_names(self, count: int) -> None:
        """Makes room for so many labels."""
        dimension = self.class_vectors.out_features
        self.probe = HeadLinear(FEATURES, count).requires_grad_(False)
        self.name_vectors = HeadLinear(count, dimension, bias=False).requires_grad_(False)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, P, P) → (B, FEATURES), at least 0."""
        backbone = self.backbone
        hidden = backbone.bn1(backbone.conv_stem(images))
        for stage in backbone.blocks:
            hidden = stage(hidden.to(next(stage.parameters()).dtype))
        hidden = backbone.bn2(backbone.conv_head(hidden))
        features: torch.Tensor = backbone.forward_head(hidden, pre_logits=True)
        return features

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, P, P) → (B, D)."""
        return self.embed(self.features(images))

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """(B, FEATURES) → (B, D)."""
        logits = self.backbone.classifier(features).float()
        roots = root_features(features.float())
        temperature, ridge, probe = self.mixture.float().unbind()
        classes = self.class_vectors(F.softmax(logits / temperature, dim=1))
        names = self.name_vectors(F.softmax(self.probe(roots), dim=1))
        direction = F.normalize(classes, dim=1) + ridge * F.normalize(self.ridge(roots), dim=1)
        vectors: torch.Tensor = self.length * F.normalize(direction + probe * names, dim=1)
        return vectors

    def state_dict(self, *args: Any, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Everything but the backbone."""
        state: dict[str, Any] = super().state_dict(*args, **options)
        backbone = f"{options.get('prefix', '')}backbone."
        for name in [name for name in state if name.startswith(backbone)]:
            del state[name]
        return state

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *others: Any) -> None:
        """Adds the backbone. Raises ModelMismatch for a head that was fitted to another one."""
        digest = state.get(f"{prefix}backbone_sha256")
        if digest is not None and bytes(digest.tolist()).hex() != LITE0.sha256:
            raise ModelMismatch("the image encoder was fitted to another version of its backbone")
        if f"{prefix}probe.bias" in state:
            self.set_names(len(state[f"{prefix}probe.bias"]))
        for name, tensor in self.backbone.state_dict().items():
            state[f"{prefix}backbone.{name}"] = tensor
        super()._load_from_state_dict(state, prefix, *others)


def root_features(features: torch.Tensor) -> torch.Tensor:
    """(B, FEATURES) → their roots, at unit length."""
    return F.normalize((features.clamp_min(0) + EPSILON).sqrt(), dim=1)


def lite0_names(num_classes: int = 512, **_: Any) -> Lite0Names:
    """timm's entry point; `num_classes`: D."""
    return Lite0Names(num_classes)


register_model(lite0_names)
