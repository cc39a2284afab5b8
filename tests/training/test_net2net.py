"""A small FasterNet in a larger one: the same vectors, and room to learn."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.net2net import grow


def fasternet(name: str, *, seed: int = 0) -> nn.Module:
    """Random weights, and batch norms that have seen something."""
    from open_clip.timm_model import TimmModel

    torch.manual_seed(seed)
    tower = TimmModel(name, 512, image_size=64, pool="avg", proj="")
    for module in tower.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    return tower.eval()


def pictures() -> torch.Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_a_grown_tower_sees_what_the_small_one_saw() -> None:
    small = fasternet("fasternet_t0")
    large = fasternet("fasternet_t1")
    with torch.inference_mode():
        seen = small(pictures())
        before = large(pictures())
        grown = grow(small, large)(pictures())
    assert not torch.allclose(before, seen, atol=0.01 * float(seen.abs().max()))
    torch.testing.assert_close(grown, seen, rtol=1e-3, atol=1e-4 * float(seen.abs().max()))


def test_what_is_new_in_it_learns() -> None:
    tower = grow(fasternet("fasternet_t0"), fasternet("fasternet_t1"))
    head = tower.trunk.conv_head
    unheard = head.weight.detach().abs().sum(dim=(0, 2, 3)) == 0
    assert int(unheard.sum()) == 512 - 320
    tower(pictures()).square().sum().backward()
    assert bool((head.weight.grad.abs().sum(dim=(0, 2, 3))[unheard] > 0).all())


def test_a_tower_of_the_same_width_is_copied() -> None:
    small = fasternet("fasternet_t0")
    other = fasternet("fasternet_t0", seed=1)
    assert not torch.equal(small.trunk.conv_head.weight, other.trunk.conv_head.weight)
    grow(small, other)
    assert all(
        torch.equal(a, b)
        for a, b in zip(small.state_dict().values(), other.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize(
    ("small", "large"), [("fasternet_t0", "fasternet_s"), ("fasternet_t1", "fasternet_t0")]
)
def test_another_depth_and_a_narrower_one_are_refused(small: str, large: str) -> None:
    with pytest.raises(ValueError, match="same depth, as wide or wider"):
        grow(fasternet(small), fasternet(large))
