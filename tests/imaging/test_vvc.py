"""VVC by a real ffmpeg."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from archive.errors import ColdframeError
from archive.imaging.encode import recompress
from archive.imaging.vvc import recompress_vvc, vvc_ffmpeg
from archive.metrics import psnr
from training.scenes import draw_scene

with_vvc = pytest.mark.skipif(not vvc_ffmpeg(), reason="no ffmpeg with libvvenc ('.[vvc]')")


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Which ffmpeg there is, is asked anew before and after the test."""
    vvc_ffmpeg.cache_clear()
    yield
    vvc_ffmpeg.cache_clear()


def save_script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@with_vvc
@pytest.mark.parametrize("size", [(160, 96), (97, 131)])
def test_a_picture_comes_back_in_fewer_bytes_than_from_avif(size: tuple[int, int]) -> None:
    pixels = draw_scene(3, size=size).pixels
    count, decoded = recompress_vvc(pixels)
    assert decoded.shape == pixels.shape
    assert decoded.dtype == np.uint8
    assert 100 < count < recompress(pixels, "avif", 0)[0]
    flat = np.full_like(pixels, pixels.mean(axis=(0, 1)))
    assert psnr(pixels, decoded) > psnr(pixels, flat)


@pytest.mark.usefixtures("forgetful")
@with_vvc
def test_an_ffmpeg_without_the_encoder_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("other", "echo ' V..... libx264'"), ("broken", "exit 1")):
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", save_script(tmp_path / name, text))
        vvc_ffmpeg.cache_clear()
        assert vvc_ffmpeg() == ""
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "missing"))
    vvc_ffmpeg.cache_clear()
    assert vvc_ffmpeg() == ""


@pytest.mark.usefixtures("forgetful")
@with_vvc
def test_a_failing_ffmpeg_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[ "$1" = -hide_banner ] && echo libvvenc && exit; echo out of luck >&2; exit 1'
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", save_script(tmp_path / "failing", text))
    vvc_ffmpeg.cache_clear()
    with pytest.raises(ColdframeError, match="out of luck"):
        recompress_vvc(np.zeros((16, 16, 3), np.uint8))
