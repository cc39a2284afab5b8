"""A small FasterNet widened into a larger one: the same vectors, and more capacity."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.net2net import widen
from training.networks import ImageEncoder


def fasternet(name: str, *, seed: int = 0) -> ImageEncoder:
    """Random weights, and batch norms with random statistics."""
    from open_clip.timm_model import TimmModel

    torch.manual_seed(seed)
    encoder = TimmModel(name, 512, image_size=64, pool="avg", proj="")
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            assert module.running_var is not None
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    return encoder.eval()


def images() -> torch.Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_a_widened_encoder_computes_what_the_small_one_does() -> None:
    small = fasternet("fasternet_t0")
    large = fasternet("fasternet_t1")
    with torch.inference_mode():
        expected = small(images())
        before = large(images())
        widened = widen(small, large)(images())
    scale = float(expected.abs().max())
    assert not torch.allclose(before, expected, atol=0.01 * scale)
    torch.testing.assert_close(widened, expected, rtol=1e-3, atol=1e-4 * scale)


def test_the_new_channels_learn() -> None:
    encoder: ImageEncoder = widen(fasternet("fasternet_t0"), fasternet("fasternet_t1"))
    head = encoder.trunk.conv_head
    unused = head.weight.detach().abs().sum(dim=(0, 2, 3)) == 0
    assert int(unused.sum()) == 512 - 320
    encoder(images()).square().sum().backward()
    assert bool((head.weight.grad.abs().sum(dim=(0, 2, 3))[unused] > 0).all())


def test_an_encoder_of_the_same_width_is_copied() -> None:
    source = fasternet("fasternet_t0")
    copy = fasternet("fasternet_t0", seed=1)
    assert not torch.equal(source.trunk.conv_head.weight, copy.trunk.conv_head.weight)
    widen(source, copy)
    copied = copy.state_dict()
    assert all(torch.equal(tensor, copied[name]) for name, tensor in source.state_dict().items())


@pytest.mark.parametrize(
    ("small", "large"), [("fasternet_t0", "fasternet_s"), ("fasternet_t1", "fasternet_t0")]
)
def test_another_depth_and_a_narrower_network_are_refused(small: str, large: str) -> None:
    with pytest.raises(ValueError, match="same depth"):
        widen(fasternet(small), fasternet(large))
