"""Seconds per restoration, from row to written file, and of the network calls it consists of; and
of writing a detail, and of restoring with it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archive.archive import Archive
from archive.imaging.encode import save_image
from archive.models.decoder import DecodeRequest
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.records import Row
from archive.settings import Settings
from training.scenes import draw_scene

DETAIL_BYTES = 100
FRAME = (160, 96)  # width, height of the sampled images


def measure(count: int) -> dict[str, object]:
    """→ the figures for `count` images."""
    with tempfile.TemporaryDirectory() as temporary:
        album = Path(temporary, "album")
        album.mkdir()
        for number in range(count + 1):
            save_image(album / f"{number}.jpg", draw_scene(number, size=(768, 512)).pixels)
        settings = Settings(str(Path(temporary, "archive")))
        out = Path(temporary, "out")
        with Archive.create(settings, find_pair("pocket")) as archive:
            list(archive.ingest([str(album)]))
            rows = list(archive)
            list(archive.restore([rows[0].id], out))  # warms up
            rows = rows[1:]
            ids = [row.id for row in rows]
            seconds = [restored.seconds for restored in archive.restore(ids, out)]
            clip_codes = [row.clip_code for row in rows]
            color_codes = [row.color_code for row in rows]
            vectors_hat, colors_hat = archive.codec.decode(clip_codes, color_codes)
            alignment = archive.codec.alignment or 1.0
            requests = [
                DecodeRequest(
                    vectors_hat[row : row + 1], colors_hat[row : row + 1], [row], alignment
                )
                for row in range(len(rows))
            ]
            sampling = archive.sampling
            figures = _compare(archive.decoder, requests, sampling)
            figures |= _details(archive, list(archive), out)
    return {
        "images": count,
        "seconds_median": round(float(np.median(seconds)), 3),
        "seconds_worst": round(max(seconds), 3),
        **figures,
        "threads": torch.get_num_threads(),
    }


def _details(archive: Archive, rows: Sequence[Row], out: Path) -> dict[str, object]:
    """Median seconds of writing a detail, scores included, and of restoring with it, in turn."""
    list(archive.write_details(rows[:1], max_bytes=DETAIL_BYTES))  # warms up, fits the schedule
    written = []
    restored = []
    for row in rows[1:]:
        started = time.perf_counter()
        list(archive.write_details([row], max_bytes=DETAIL_BYTES))
        written.append(time.perf_counter() - started)
        restored += [image.seconds for image in archive.restore([row.id], out)]
    return {
        "detail_write_seconds": round(float(np.median(written)), 3),
        "detail_restore_seconds": round(float(np.median(restored)), 3),
    }


def _compare(decoder: Any, requests: list[DecodeRequest], sampling: Sampling) -> dict[str, object]:
    """Median seconds of sampling an image and of its bare network calls, in turn."""
    steps = len(decoder.timesteps(sampling.steps, sampling.strength))
    sampled = []
    bare = []
    for request in requests:
        started = time.perf_counter()
        decoder.sample(request, frame=FRAME, sampling=sampling)
        sampled.append(time.perf_counter() - started)
        bare.append(_bare_calls(decoder, steps))
    return {
        "sample_seconds": round(float(np.median(sampled)), 4),
        "bare_seconds": round(float(np.median(bare)), 4),
        "steps": steps,
    }


@torch.inference_mode()
def _bare_calls(decoder: Any, steps: int) -> float:
    """Seconds of as many UNet calls at the same size, one encoding and one decoding."""
    unet = decoder._unet
    vae = decoder._autoencoder._vae
    width, height = FRAME
    z = torch.randn(2, unet.config.in_channels, height // 8, width // 8)
    label = torch.randn(2, unet.config.projection_class_embeddings_input_dim)
    started = time.perf_counter()
    latent = vae.encode(torch.randn(1, 3, height, width)).latent
    for step in range(steps):
        unet(z, step, encoder_hidden_states=None, class_labels=label)
    vae.decode(latent)
    return time.perf_counter() - started
