"""Reward fine-tuning: it draws as the archive draws, and what is drawn becomes more like what the rows say."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from archive.codecs.coclico import coclico
from archive.imaging.resize import to_square
from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import open_decoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_FOLDER, POCKET_SAMPLING, find_pair
from tests.support.corpora import scene_photos
from training import draft
from training.denoiser import Space
from training.export import load_parts
from training.latents import Shelf, load_shelves

SIDE = 128
COUNT = 6
PHOTOS = scene_photos(COUNT, side=SIDE)
PARTS = tuple[nn.Module, nn.Module, nn.Module, Space]  # of a pair, as load_parts gives them


@pytest.fixture(scope="module")
def parts() -> PARTS:
    return load_parts(POCKET_FOLDER)


@pytest.fixture(scope="module")
def shelves(parts: PARTS, tmp_path_factory: pytest.TempPathFactory) -> list[Shelf]:
    """The scenes as one-bit codes tell of them."""
    clip, vae, _, space = parts
    codec = coclico(len(space.mean))
    codecs = [(codec, codec.alignment_in(*space.numpy()))]
    folder = tmp_path_factory.mktemp("shelves")
    made = {"tower": clip.visual, "vae": vae, "codecs": codecs}
    return load_shelves(PHOTOS, np.arange(COUNT), **made, both=False, folder=folder)  # type: ignore[arg-type]


def batch_of(shelves: list[Shelf], space: Space, free: int) -> draft.Batch:
    """Every scene once, in order."""
    batch = draft.Batches(shelves, [], space, seed=0)(0.0)
    z, colors, vectors, vectors_hat, alignment = shelves[0].rows(np.arange(COUNT))
    label = draft.denoiser.class_label(*space.told(vectors_hat, alignment))
    return replace(batch, z=z, colors=colors, label=label, vectors=vectors, free=free)


def test_rows_are_drawn_as_the_archive_draws_them(parts: PARTS, shelves: list[Shelf]) -> None:
    encoder = OpenClipEncoder(find_pair("pocket"))
    decoder = open_decoder(find_pair("pocket"), dimension=512)
    codec = coclico(encoder.dimension)
    row = 3
    pixels = PHOTOS.photo(row)[
        :, :: 1 - 2 * (row % 2)
    ].copy()  # the shelf has every other scene mirrored
    codes = codec.encode(
        encoder.encode_images([encoder.preprocess(pixels)]), to_square(pixels, codec.map_side)[None]
    )
    told = DecodeRequest(*codec.decode(*codes), [row], codec.alignment_in(*decoder.space))
    sampling = replace(POCKET_SAMPLING, steps=draft.STEPS, clip_guidance=0.0)
    [wanted] = decoder.draw(told, frame=(SIDE, SIDE), sampling=sampling)
    batch = batch_of(shelves, parts[3], free=5)
    noise = torch.zeros_like(batch.z)
    noise[row] = torch.randn(batch.z.shape[1:], generator=torch.Generator().manual_seed(row))
    with torch.inference_mode():
        drawn = decoder.decode_pixels(draft.draw(parts[2].eval(), batch, noise)[row : row + 1])[0]
    assert (
        np.abs(drawn.astype(int) - wanted).mean() < 4
    )  # bfloat16, and bits of the embedding at zero


@pytest.mark.parametrize("free", [0, 4, 8])
def test_only_the_last_steps_have_gradients(free: int, parts: PARTS, shelves: list[Shelf]) -> None:
    unet = parts[2]
    seen = []
    hook = unet.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    z = draft.draw(unet, batch_of(shelves, parts[3], free), torch.randn(COUNT, 8, 16, 16))
    hook.remove()
    assert seen == [False] * free + [True] * (len(draft.sampler().timesteps) - free)
    assert z.requires_grad


def test_what_is_drawn_becomes_more_like_what_the_rows_say(
    parts: PARTS, shelves: list[Shelf]
) -> None:
    import timm

    torch.manual_seed(0)
    _, vae, unet, space = load_parts(POCKET_FOLDER)
    clip_similarity = partial(
        OpenClipEncoder(find_pair("pocket")).clip_similarity, center=space.mean.numpy()
    )
    blind = (
        timm.create_model("mobilenetv2_100", num_classes=1001).requires_grad_(False).eval()
    )  # a teacher of nothing
    loss_of = draft.loss_of(vae, blind, clip_similarity)
    optimizer = torch.optim.AdamW(unet.parameters(), lr=2e-4)

    def similar() -> float:
        batch = batch_of(shelves, space, free=0)
        generator = torch.Generator().manual_seed(1)
        with torch.inference_mode():
            z = draft.draw(unet, batch, torch.randn(batch.z.shape, generator=generator))
            return float(
                clip_similarity(
                    vae.decode(z / vae.config.scaling_factor).sample, batch.vectors.numpy()
                ).mean()
            )

    before = similar()
    for step in range(6):
        loss, samples = loss_of(unet, batch_of(shelves, space, free=step), 0.0)
        assert samples == COUNT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert 1 - similar() < 0.8 * (1 - before)
