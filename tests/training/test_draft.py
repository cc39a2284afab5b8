"""Reward fine-tuning: it samples as the archive does, and rewards make samples match their rows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from archive.codecs.coclico import coclico
from archive.imaging.resize import to_square
from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import open_decoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_FOLDER, POCKET_SAMPLING, find_pair
from tests.support.corpora import scene_photos
from training import draft
from training.denoiser import EmbeddingStats, class_label
from training.export import load_parts
from training.latents import Bucket, LatentMaker, load_buckets
from training.networks import Autoencoder, ClipModel, Denoiser

SIDE = 128
COUNT = 12  # one that flips between two things it may show must not decide
PHOTOS = scene_photos(COUNT, side=SIDE)
Parts = tuple[ClipModel, Autoencoder, Denoiser, EmbeddingStats]


@pytest.fixture(scope="module")
def parts() -> Parts:
    return load_parts(POCKET_FOLDER)


@pytest.fixture(scope="module")
def buckets(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> list[Bucket]:
    """The scenes through one-bit codes, every other one flipped."""
    _, vae, _, stats = parts
    codec = coclico(len(stats.mean))
    encoder = OpenClipEncoder(find_pair("pocket"))
    maker = LatentMaker(encoder, vae, [(codec, codec.alignment_in(*stats.numpy()))])
    folder = tmp_path_factory.mktemp("buckets")
    return load_buckets(PHOTOS, np.arange(COUNT), maker, both=False, folder=folder)


def batch_of(
    buckets: list[Bucket], stats: EmbeddingStats, frozen_steps: int, detail_end: int = 0
) -> draft.Batch:
    """Every scene once, in order."""
    batch = draft.Batches(buckets, [], stats, seed=0)(0.0)
    z, colors, vectors, vectors_hat, alignment = buckets[0].rows(np.arange(COUNT))
    label = class_label(*stats.match_noise(vectors_hat, alignment))
    rows = replace(batch, z=z, colors=colors, label=label, vectors=vectors)
    return replace(rows, frozen_steps=frozen_steps, detail_end=detail_end)


def test_rows_are_sampled_as_the_archive_samples_them(parts: Parts, buckets: list[Bucket]) -> None:
    encoder = OpenClipEncoder(find_pair("pocket"))
    decoder = open_decoder(find_pair("pocket"), dimension=512)
    stats = decoder.embedding_stats
    assert stats is not None
    codec = coclico(encoder.dimension)
    row = 3
    pixels = PHOTOS.photo(row)[:, ::-1].copy()  # odd rows are flipped in the bucket
    vectors = encoder.encode_images([encoder.preprocess(pixels)])
    codes = codec.encode(vectors, to_square(pixels, codec.map_side)[None])
    request = DecodeRequest(*codec.decode(*codes), [row], codec.alignment_in(*stats))
    sampling = replace(POCKET_SAMPLING, steps=draft.STEPS, clip_guidance=0.0)
    [expected] = decoder.sample(request, frame=(SIDE, SIDE), sampling=sampling)
    batch = batch_of(buckets, parts[3], frozen_steps=5)
    noise = torch.zeros_like(batch.z)
    noise[row] = torch.randn(batch.z.shape[1:], generator=torch.Generator().manual_seed(row))
    with torch.inference_mode():
        z = draft.sample(parts[2].eval(), batch, noise)
        [sampled] = decoder.decode_pixels(z[row : row + 1])
    # bfloat16, and bits of the embedding near zero
    assert np.abs(sampled.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("frozen_steps", [0, 4, 8])
def test_only_the_last_steps_have_gradients(
    frozen_steps: int, parts: Parts, buckets: list[Bucket]
) -> None:
    unet = parts[2]
    has_gradients: list[bool] = []
    hook = unet.register_forward_hook(lambda *_: has_gradients.append(torch.is_grad_enabled()))
    batch = batch_of(buckets, parts[3], frozen_steps)
    z = draft.sample(unet, batch, torch.randn(COUNT, 8, 16, 16))
    hook.remove()
    trained_steps = len(draft.sampler().timesteps) - frozen_steps
    assert has_gradients == [False] * frozen_steps + [True] * trained_steps
    assert z.requires_grad


def test_batches_start_at_maps_and_where_details_end(parts: Parts, buckets: list[Bucket]) -> None:
    batches = draft.Batches(buckets, [], parts[3], seed=0)
    ends = [batches(0.0).detail_end for _ in range(40)]
    first, last = draft.DETAIL_ENDS
    assert {end == 0 for end in ends} == {True, False}
    assert all(end == 0 or first <= end < last for end in ends)


def test_the_lower_a_detail_ends_the_nearer_the_picture(
    parts: Parts, buckets: list[Bucket]
) -> None:
    unet = parts[2].eval()
    noise = torch.randn(COUNT, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    errors = []
    for detail_end in (0, 600, 400, 200):
        batch = batch_of(buckets, parts[3], frozen_steps=0, detail_end=detail_end)
        with torch.inference_mode():
            errors.append(float((draft.sample(unet, batch, noise) - batch.z).square().mean()))
    assert errors == sorted(errors, reverse=True)


@pytest.mark.slow
def test_samples_become_more_similar_to_their_rows(parts: Parts, buckets: list[Bucket]) -> None:
    import timm

    torch.manual_seed(0)
    _, vae, unet, stats = load_parts(POCKET_FOLDER)
    encoder = OpenClipEncoder(find_pair("pocket"))
    clip_similarity = partial(encoder.clip_similarity, center=stats.numpy()[0])
    untrained_teacher = timm.create_model("mobilenetv2_100", num_classes=1001)
    teacher = untrained_teacher.requires_grad_(False).eval()
    loss_of = draft.loss_of(vae, teacher, clip_similarity)
    optimizer = torch.optim.AdamW(unet.parameters(), lr=3e-4)

    def similarity() -> float:
        batch = batch_of(buckets, stats, frozen_steps=0)
        generator = torch.Generator().manual_seed(1)
        with torch.inference_mode():
            z = draft.sample(unet, batch, torch.randn(batch.z.shape, generator=generator))
            pixels = vae.decode(z / vae.config.scaling_factor).sample
            return float(clip_similarity(pixels, batch.vectors.numpy()).mean())

    before = similarity()
    for _ in range(3):
        loss, samples = loss_of(unet, batch_of(buckets, stats, frozen_steps=8), 0.0)
        assert samples == COUNT
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert 1 - similarity() < 0.9 * (1 - before)
