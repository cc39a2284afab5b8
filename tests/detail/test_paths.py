"""What is written is read: by every family, cut anywhere, in other types of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from archive.arrays import Pixels
from archive.detail.paths import ReadingPath, WritingPath
from archive.detail.random_bits import gaussians
from archive.detail.schedule import DetailSchedule
from archive.metrics import psnr
from archive.models.decoder import DecodeRequest, NoisePath, ProgressCallback
from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import LatentDecoder
from archive.models.device import DeviceConfig
from archive.models.pairs import PAIRS
from tests.detail.conftest import SCHEDULE, Scenes
from tests.support.families import DIMENSION, FAMILIES
from tests.support.pipelines import FEW_STEPS, FRAME, GRAY_MAP, open_folder

SHORT = DetailSchedule((999, 700, 450, 200), (1, 2, 2))  # 10 bytes
UNCLIP = "unclip"


@pytest.fixture(scope="module", params=[UNCLIP, *FAMILIES])
def decoder(
    request: pytest.FixtureRequest, decoder_folders: dict[str, Path], tiny_pair: Path
) -> LatentDecoder:
    """A tiny decoder of each family."""
    folder = tiny_pair / "decoder" if request.param == UNCLIP else decoder_folders[request.param]
    return open_folder(folder)


@pytest.fixture(scope="module")
def z0(decoder: LatentDecoder) -> torch.Tensor:
    """The latents of a noisy picture."""
    noisy = np.random.default_rng(1).integers(0, 256, (FRAME[1], FRAME[0], 3), dtype=np.uint8)
    [latents] = decoder.latents([noisy])
    return torch.as_tensor(latents)


@pytest.fixture
def _threads() -> Iterator[None]:
    """Puts back the number of torch's threads."""
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


def draw(
    decoder: LatentDecoder, *paths: NoisePath, on_step: ProgressCallback | None = None
) -> list[Pixels]:
    """A tiny decoder's pictures at the ends of paths."""
    vectors = np.random.default_rng(0).normal(size=(len(paths), DIMENSION)).astype(np.float32)
    vectors[:] = vectors[0]
    maps = np.stack([GRAY_MAP] * len(paths))
    request = DecodeRequest(vectors, maps, [0] * len(paths), 0.6, paths=paths)
    return decoder.sample(request, frame=FRAME, sampling=FEW_STEPS, on_step=on_step)


def write(decoder: LatentDecoder, z0: torch.Tensor, max_bytes: int = 10) -> tuple[bytes, Pixels]:
    """A code, and the picture that was drawn while it was written."""
    path = WritingPath(SHORT, z0, max_bytes)
    [image] = draw(decoder, path)
    return path.code, image


def test_reading_draws_what_writing_drew(decoder: LatentDecoder, z0: torch.Tensor) -> None:
    code, image = write(decoder, z0)
    assert len(code) == SHORT.max_bytes
    [again] = draw(decoder, ReadingPath(SHORT, code))
    assert np.array_equal(again, image)


def test_progress_counts_the_steps_of_path_and_solver(
    decoder: LatentDecoder, z0: torch.Tensor
) -> None:
    code, _ = write(decoder, z0)
    steps: list[tuple[int, int]] = []
    draw(decoder, ReadingPath(SHORT, code), on_step=lambda *step: steps.append(step))
    total = len(steps)
    assert total > len(SHORT.codewords)
    assert steps == [(step, total) for step in range(1, total + 1)]


def test_a_prefix_is_what_a_shorter_code_would_have_been(
    decoder: LatentDecoder, z0: torch.Tensor
) -> None:
    code, _ = write(decoder, z0)
    for length in range(2, len(code), 2):
        shorter, image = write(decoder, z0, length)
        assert shorter == code[:length]
        [cut] = draw(decoder, ReadingPath(SHORT, code[:length]))
        assert np.array_equal(cut, image)
    [odd] = draw(decoder, ReadingPath(SHORT, code[:9]))
    assert np.array_equal(odd, image)


def test_a_flipped_bit_draws_another_picture(decoder: LatentDecoder, z0: torch.Tensor) -> None:
    code, image = write(decoder, z0)
    for position in range(len(code)):
        flipped = bytearray(code)
        flipped[position] ^= 0x10
        [other] = draw(decoder, ReadingPath(SHORT, bytes(flipped)))
        assert not np.array_equal(other, image), position


def test_pictures_of_one_batch_have_their_own_codes(
    decoder: LatentDecoder, z0: torch.Tensor
) -> None:
    targets = (z0, 100 * torch.from_numpy(gaussians((5,), z0.numel())).view(z0.shape))
    codes = [write(decoder, target)[0] for target in targets]
    assert codes[0] != codes[1]
    decoder.batch_size = 2  # as on an accelerator
    try:
        paths = [WritingPath(SHORT, target, 10) for target in targets]
        drawn = draw(decoder, *paths)
        read = draw(decoder, *(ReadingPath(SHORT, path.code) for path in paths))
    finally:
        decoder.batch_size = 1
    assert all(np.array_equal(*pair) for pair in zip(drawn, read, strict=True))


def test_a_batch_that_is_filled_up_with_copies_has_the_same_codes(
    decoder: LatentDecoder, z0: torch.Tensor
) -> None:
    code, _ = write(decoder, z0)
    decoder.batch_size = 3
    try:
        filled, drawn = write(decoder, z0)
        [read] = draw(decoder, ReadingPath(SHORT, filled))
    finally:
        decoder.batch_size = 1
    assert len(filled) == len(code)
    assert np.array_equal(read, drawn)


def written(
    decoder: LatentDecoder, scenes: Scenes, count: int, max_bytes: int
) -> tuple[list[bytes], list[Pixels]]:
    """Codes of the first scenes, and what was drawn while they were written."""
    targets = decoder.latents(scenes.images[:count])
    paths = [WritingPath(SCHEDULE, target, max_bytes) for target in targets]
    images = scenes.draw(decoder, list(paths))
    return [path.code for path in paths], images


def mean_psnr(images: Sequence[Pixels], references: Sequence[Pixels]) -> float:
    """In dB."""
    return float(np.mean([psnr(*pair) for pair in zip(images, references, strict=True)]))


def test_more_bytes_bring_the_picture_nearer(pocket: LatentDecoder, scenes: Scenes) -> None:
    targets = pocket.latents(scenes.images)
    codes, _ = written(pocket, scenes, 4, 120)
    errors = []
    for length in (30, 60, 120):
        images = scenes.draw(pocket, [ReadingPath(SCHEDULE, code[:length]) for code in codes])
        errors.append(float((pocket.latents(images) - targets).square().mean()))
    assert errors[0] > 1.2 * errors[1] > 1.44 * errors[2], errors


@pytest.mark.slow
@pytest.mark.usefixtures("_threads")
def test_the_code_is_the_same_from_any_number_of_threads(
    pocket: LatentDecoder, scenes: Scenes
) -> None:
    codes = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        codes.append(written(pocket, scenes, 1, 60)[0])
    assert codes[0] == codes[1]


@pytest.mark.slow
def test_what_follows_the_pixels_comes_nearer_to_them(
    pocket: LatentDecoder, scenes: Scenes
) -> None:
    z0 = pocket.latents(scenes.images)
    plain: list[NoisePath] = [WritingPath(SCHEDULE, z, SCHEDULE.max_bytes) for z in z0]
    followed: list[NoisePath] = [
        WritingPath(
            SCHEDULE, z, SCHEDULE.max_bytes, partial(pocket.pixel_gradient, image=image), 700
        )
        for z, image in zip(z0, scenes.images, strict=True)
    ]
    psnrs = [
        np.mean(list(map(psnr, scenes.draw(pocket, paths), scenes.images)))
        for paths in (plain, followed)
    ]
    assert psnrs[1] > psnrs[0]


def test_what_bfloat16_wrote_is_read_in_float32(pocket: LatentDecoder, scenes: Scenes) -> None:
    coarse = open_decoder(PAIRS["pocket"], dimension=512, device=DeviceConfig("cpu", "bfloat16"))
    codes, images = written(coarse, scenes, 1, 60)
    read = scenes.draw(pocket, [ReadingPath(SCHEDULE, code) for code in codes])
    references = scenes.images[:1]
    assert abs(mean_psnr(read, references) - mean_psnr(images, references)) < 0.5
    assert mean_psnr(read, images) > 30
