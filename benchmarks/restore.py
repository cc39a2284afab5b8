"""Seconds a restoration, from row to written file, beside the bare calls of the UNet and the autoencoder it needs."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from archive.archive import Archive
from archive.imaging.encode import save_image
from archive.models.decoder import DecodeRequest
from archive.models.decoders.sampler import LatentDecoder
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.settings import Settings
from training.scenes import draw_scene


def measure(pictures: int) -> dict[str, object]:
    """→ the figures."""
    with tempfile.TemporaryDirectory() as folder:
        album = Path(folder, "album")
        album.mkdir()
        for number in range(pictures + 1):  # the first warms up
            save_image(album / f"{number}.jpg", draw_scene(number, size=(768, 512)).pixels)
        with Archive.create(Settings(str(Path(folder, "archive"))), find_pair("pocket")) as archive:
            list(archive.ingest([str(album)]))
            ids = [row.id for row in archive.rows()]
            list(archive.restore(ids[:1], Path(folder, "out")))
            ids = ids[1:]  # what is drawn already is not drawn again
            seconds = [one.seconds for one in archive.restore(ids, Path(folder, "out"))]
            rows = archive.store.images.get(ids)
            codes = archive.codec.decode(
                [row.clip_code for row in rows], [row.color_code for row in rows]
            )
            told = DecodeRequest(*codes, range(len(rows)), 0.6)
            steps = len(
                archive.decoder.timesteps(
                    archive.pair.sampling.steps, archive.pair.sampling.strength
                )
            )
            drawn, bare = _side_by_side(archive.decoder, told, archive.pair.sampling, steps)
            return {
                "pictures": pictures,
                "seconds_median": round(float(np.median(seconds)), 3),
                "seconds_worst": round(max(seconds), 3),
                "drawn_seconds": round(drawn, 4),
                "bare_seconds": round(bare, 4),
                "steps": steps,
                "threads": torch.get_num_threads(),
            }


def _side_by_side(
    decoder: LatentDecoder, told: DecodeRequest, sampling: Sampling, steps: int
) -> tuple[float, float]:
    """Median seconds of drawing a picture and of its bare calls, in turn."""
    drawn = []
    bare = []
    for row in range(len(told.seeds)):
        one = DecodeRequest(
            told.vectors_hat[row : row + 1], told.colors_hat[row : row + 1], [row], told.alignment
        )
        started = time.perf_counter()
        decoder.draw(one, frame=(160, 96), sampling=sampling)
        drawn.append(time.perf_counter() - started)
        bare.append(_bare(decoder, steps))
    return float(np.median(drawn)), float(np.median(bare))


@torch.inference_mode()
def _bare(decoder: LatentDecoder, steps: int) -> float:
    """The same number of UNet calls at the same size, one encoding and one decoding, nothing else."""
    unet = decoder._unet
    vae = decoder._autoencoder._vae
    z = torch.randn(2, unet.config.in_channels, 12, 20)
    label = torch.randn(2, unet.config.projection_class_embeddings_input_dim)
    started = time.perf_counter()
    latent = vae.encode(torch.randn(1, 3, 96, 160)).latent
    for step in range(steps):
        unet(z, step, encoder_hidden_states=None, class_labels=label)
    vae.decode(latent)
    return time.perf_counter() - started
