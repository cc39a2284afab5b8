"""Pixels → VVC (H.266) and back, by the ffmpeg in imageio-ffmpeg (extra `vvc`) if it was built with
libvvenc: from 0.8 on for Linux and Apple silicon. $IMAGEIO_FFMPEG_EXE names another ffmpeg.

    (H, W, 3) uint8 ─pad to even sides─► one intra picture, 4:2:0, 10 bits, QP 63 ─► bitstream

QP 63 is the coarsest; libvvenc's perceptual adaptation is off, because it lowers the QP.
"""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.util import find_spec

import numpy as np

from archive.arrays import Pixels
from archive.errors import ColdframeError

ENCODER = "libvvenc"
CODING = ("-pix_fmt", "yuv420p10le", "-c:v", ENCODER, "-qp", "63", "-qpa", "0")
SLOWEST = ("-preset", "slower")  # which writes the smallest pictures
ANSWER_SECONDS = 60.0  # in which an ffmpeg says what it can do


@cache
def vvc_ffmpeg() -> str:
    """The path of an ffmpeg that writes VVC; '' if there is none."""
    if find_spec("imageio_ffmpeg") is None:
        return ""
    import imageio_ffmpeg

    try:
        path: str = imageio_ffmpeg.get_ffmpeg_exe()
        command = [path, "-hide_banner", "-encoders"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=ANSWER_SECONDS)
    except (RuntimeError, OSError, subprocess.TimeoutExpired):
        return ""
    return path if ENCODER.encode() in done.stdout else ""


def recompress_vvc(pixels: Pixels) -> tuple[int, Pixels]:
    """(H, W, 3) uint8 → bytes of its smallest VVC bitstream, parameter sets included, and the
    decoded pixels.

    Raises ColdframeError where ffmpeg fails.
    """
    height, width, _ = pixels.shape
    padded = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24")
    size = f"{padded.shape[1]}x{padded.shape[0]}"
    encode = (*raw, "-s", size, "-i", "-", "-frames:v", "1", *CODING, *SLOWEST, "-f", "vvc", "-")
    bitstream = _run(encode, padded.tobytes())
    decoded = _run(("-f", "vvc", "-i", "-", *raw, "-"), bitstream)
    picture = np.frombuffer(decoded, np.uint8).reshape(padded.shape)
    return len(bitstream), picture[:height, :width]


def _run(options: tuple[str, ...], content: bytes) -> bytes:
    """What ffmpeg makes of the content. Raises ColdframeError."""
    command = [vvc_ffmpeg(), "-v", "error", *options]
    done = subprocess.run(command, input=content, capture_output=True, check=False)
    if done.returncode != 0 or not done.stdout:
        lines = done.stderr.decode("utf-8", "replace").splitlines() or ["it wrote nothing"]
        raise ColdframeError(f"ffmpeg cannot code VVC: {lines[-1]}")
    return done.stdout
