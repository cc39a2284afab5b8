"""python -m training.pqvae --images FOLDER --bits 400 --minutes 60 --out pqvae-400.npz

Trains the network of the codec `pqvae` on the embeddings of a folder's images, or on those in an
.npy file, and writes the codec to a file, for `--codec` of `coldframe init`, `ingest` and
`recode`, or `coldframe bench codecs --state`. Given images, the codec also codes their color
maps, as `klt` does.

    loss = 10·mean(1 − cos(σ, σ̂)) + |z_q − sg(z)|² + 0.25·|z − sg(z_q)|²

sg: stop gradient; means over numbers. z_q is the nearest codebook entry, with the straight-through
gradient. This is the paper's loss. The paper trains with Adam, weight decay 5·10⁻⁴, batches of 64,
100 epochs, rates 10⁻⁴ … 10⁻⁵. Differences here:

* A time budget, `training.loop`: AdamW (decoupled decay, on kernels only), gradients clipped to
  norm 1, a cosine schedule, averaged weights; bfloat16 where possible: 1.6 times the vectors per
  second.
* At the first batch, and every RESTART_STEPS until RESTART_UNTIL of the budget, an entry that was
  nearest to fewer than IDLE of its share of parts moves to a random part. Entries drawn from
  U(-1, 1) are far from the parts (of length ≤ 1), and few are ever nearest: of 4 bits per index,
  0.9 are used after 124 steps without restarts, 3.7 after 248 with them.

Of N vectors, permuted with seed 0, all but the last `validation` are fitted; those are measured.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch
from torch.nn import functional as F

from archive.arrays import Pixels, Vectors, cosine
from archive.codecs import get_spec, save_codec
from archive.codecs.codec import Codec
from archive.codecs.coders.pqvae_network import Pqvae
from archive.codecs.fitted_coders import TransformMaps, fit_maps
from archive.codecs.pqvae import ENTRIES, GRID, Norms, PqvaeVectors
from archive.codecs.registry import ALIGNMENT_SAMPLE
from archive.evaluate.codec_bench import load_vectors
from training.frames import embed_folder
from training.loop import fit

BATCH = 128
PEAK = 3e-4  # learning rate
DECAY = 5e-4
AVERAGE = 0.99
COSINE = 10.0  # weights of the loss
COMMITMENT = 0.25
RESTART_STEPS = 20
RESTART_UNTIL = 0.5  # of the budget
IDLE = 0.1  # of an entry's fair share of the parts


def fit_pqvae(
    vectors: Vectors,
    *,
    subvector: int,
    entries: int,
    minutes: float,
    work: Path,
    validation: Vectors | None = None,
    batch: int = BATCH,
    average: float = AVERAGE,
    seed: int = 0,
) -> Codec:
    """(N, D) float32 → a codec without color maps, trained for `minutes`.

    The scores of the `validation` vectors are logged.
    """
    torch.manual_seed(seed)
    network = Pqvae(vectors.shape[1], subvector, entries)
    norms = Norms.of(vectors)

    def measure(trained: Pqvae) -> dict[str, float]:
        return {} if validation is None else scores(codec_of(trained, norms), validation)

    trained = fit(
        network,
        Batches(vectors, batch, seed=seed),
        Objective(),
        work=work,
        minutes=minutes,
        peak=PEAK,
        decay=DECAY,
        average=average,
        measure=measure,
    )
    return codec_of(trained, norms)


def codec_of(network: Pqvae, norms: Norms) -> Codec:
    """Network → codec: its weights as float16, no color maps."""
    weights = {
        name: weight.detach().numpy().astype(np.float16)
        for name, weight in network.state_dict().items()
    }
    dimension = weights["encoder.0.weight"].shape[0]
    return Codec("pqvae", PqvaeVectors(dimension, weights, norms), TransformMaps(None, 0, 0))


def scores(codec: Codec, vectors: Vectors) -> dict[str, float]:
    """Mean cosine of vector and vector_hat, plain and with the mean vector subtracted from both."""
    vectors_hat = codec.decode_vectors(codec.encode_vectors(vectors))
    mean = vectors.mean(axis=0)
    return {
        "cosine": float(cosine(vectors, vectors_hat).mean()),
        "centered": float(cosine(vectors - mean, vectors_hat - mean).mean()),
    }


class Batches:
    """Unit vectors in random order, epoch after epoch."""

    def __init__(self, vectors: Vectors, size: int, *, seed: int) -> None:
        self._units = F.normalize(torch.from_numpy(vectors.astype(np.float32)), dim=1)
        self._size = min(size, len(vectors))
        self._rng = np.random.default_rng(seed)
        self._order = np.zeros(0, np.int64)

    def __call__(self, progress: float) -> torch.Tensor:
        """→ (B, D)."""
        if len(self._order) < self._size:
            self._order = self._rng.permutation(len(self._units))
        rows, self._order = np.split(self._order, [self._size])
        return self._units[torch.from_numpy(rows)]


class Objective:
    """The loss in this module's docstring, for `loop.fit`; restarts idle entries."""

    def __init__(self) -> None:
        self._used: torch.Tensor | None = None
        self._steps = 0

    def __call__(
        self, network: Pqvae, units: torch.Tensor, progress: float
    ) -> tuple[torch.Tensor, int]:
        with torch.autocast("cpu", torch.bfloat16):
            parts = network.subvectors(units)
        indices = network.nearest(parts.detach())
        chosen = network.codebook[indices]
        with torch.autocast("cpu", torch.bfloat16):
            units_hat = network.reconstruct(parts + (chosen - parts).detach())
        direction = 1 - (units_hat * units).sum(1).mean()
        codebook = F.mse_loss(chosen, parts.detach())
        commitment = F.mse_loss(parts, chosen.detach())
        if progress < RESTART_UNTIL:
            self._restart(network.codebook, parts.detach().flatten(0, 1), indices)
        return COSINE * direction + (codebook + COMMITMENT * commitment), len(units)

    @torch.no_grad()
    def _restart(self, codebook: torch.Tensor, parts: torch.Tensor, indices: torch.Tensor) -> None:
        """Counts the parts nearest to each entry; moves the idle entries every RESTART_STEPS."""
        counts = torch.bincount(indices.flatten(), minlength=len(codebook))
        self._used = counts if self._used is None else self._used + counts
        if self._steps % RESTART_STEPS == 0:
            idle = self._used < IDLE * self._used.float().mean()
            codebook[idle] = parts[torch.randint(len(parts), (int(idle.sum()),))]
            self._used = None
        self._steps += 1


@click.command()
@click.option(
    "--vectors",
    "vectors_file",
    type=click.Path(path_type=Path, exists=True),
    help="Train on an .npy file of (N, D) embeddings.",
)
@click.option(
    "--images",
    "folder",
    type=click.Path(path_type=Path, exists=True),
    help="Train on the images in this folder.",
)
@click.option("--model", default="pocket", show_default=True, help="Model that embeds the images.")
@click.option(
    "--map-bits", default=20, show_default=True, help="Color map: bits per image, with --images."
)
@click.option(
    "--bits", default=400, show_default=True, help="Embedding: bits per image, plus 8 for the norm."
)
@click.option(
    "--subvector", default=32, show_default=True, help="Numbers per codebook entry (e_dim)."
)
@click.option("--minutes", default=10.0, show_default=True, help="Minutes of training.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="File for the codec, an .npz."
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default="training/run",
    show_default=True,
    help="Folder for checkpoints.",
)
@click.option(
    "--validation",
    "validation_count",
    default=8000,
    show_default=True,
    help="Vectors that are measured, not fitted; half of all at most.",
)
@click.option("--batch", default=BATCH, show_default=True, help="Vectors per batch.")
@click.option("--threads", default=2, show_default=True, help="CPU threads.")
@click.option("--seed", default=0, show_default=True, help="Random seed.")
def main(
    *,
    vectors_file: Path | None,
    folder: Path | None,
    model: str,
    map_bits: int,
    bits: int,
    subvector: int,
    minutes: float,
    out: Path,
    work: Path,
    validation_count: int,
    batch: int,
    threads: int,
    seed: int,
) -> None:
    """Train a pqvae codec and print one JSON line of scores."""
    torch.set_num_threads(threads)
    entries = entries_of(bits, subvector)
    vectors, maps = _load_sample(vectors_file, folder, model)
    order = np.random.default_rng(0).permutation(len(vectors))
    vectors = vectors[order]
    fitted_count = len(vectors) - min(validation_count, len(vectors) // 2)
    fitted = vectors[:fitted_count]
    validation = vectors[fitted_count:]
    codec = fit_pqvae(
        fitted,
        subvector=subvector,
        entries=entries,
        minutes=minutes,
        work=work / f"pqvae-{bits}-{subvector}",
        validation=validation,
        batch=batch,
        seed=seed,
    )
    map_coder = fit_maps(maps[order][:fitted_count], map_bits, fitted, codec.vectors)
    codec = replace(codec.with_alignment(fitted[:ALIGNMENT_SAMPLE]), maps=map_coder)
    save_codec(codec, out)
    figures = {"payload_bits": codec.vectors.payload_bits, "state_bytes": len(codec.state)}
    measured = scores(codec, validation) if len(validation) else {}
    click.echo(json.dumps(figures | {key: round(value, 4) for key, value in measured.items()}))


def _load_sample(
    vectors_file: Path | None, folder: Path | None, model: str
) -> tuple[Vectors, Pixels]:
    """Vectors (N, D) and maps (N, n, n, 3); n = 0 without images."""
    if folder is not None and vectors_file is None:
        return embed_folder(folder, model, map_side=get_spec("pqvae").default.map_side)
    if vectors_file is not None and folder is None:
        vectors = load_vectors(vectors_file)
        return vectors, np.zeros((len(vectors), 0, 0, 3), np.uint8)
    raise click.UsageError("give either --vectors or --images")


def entries_of(bits: int, subvector: int) -> int:
    """Bits and e_dim → n_e. Raises BadParameter if no codebook has that rate."""
    for entries in ENTRIES:
        if 128 % subvector == 0 and GRID // subvector * (entries.bit_length() - 1) == bits:
            return entries
    raise click.BadParameter(
        f"no codebook with {subvector} numbers per entry makes {bits} bits;"
        " see archive.codecs.pqvae"
    )


if __name__ == "__main__":
    main()
