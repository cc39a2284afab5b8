"""python -m training.pqvae --pictures FOLDER --model pocket --bits 400 --minutes 60 --out pqvae-400.npz

Trains the network of the codec `pqvae` on the embeddings of a folder's pictures, or on those of an .npy file, and
writes the codec as one file, for `--codec` of `coldframe ingest`, `init` and `freeze`, or `coldframe bench codecs
--state`. From pictures, it codes their colour maps too, as `klt` does.

    loss = 10·mean(1 − cos(σ, σ̂)) + |z_q − sg(z)|² + 0.25·|z − sg(z_q)|²        sg: stop gradient; means over numbers

z_q is the nearest entry of the codebook, passed straight through: its gradient is taken for that of z. This is the
paper's loss. Theirs are Adam with weight decay 5·10⁻⁴, 64 vectors a batch, 100 epochs, rates 10⁻⁴ … 10⁻⁵. Ours differ:

* by the clock, `training.loop`: AdamW (decay apart from the gradient, on kernels alone), gradients of length 1 at most,
  a cosine to zero, and the average of the weights; bfloat16 where it may be: 1.6 times the vectors a second here.
* At the first batch, and every RESTART_STEPS until RESTART_UNTIL of the budget, an entry that fewer than IDLE of its
  share of parts were nearest to is put where a random part is. From U(−1, 1) entries lie far outside the parts (of
  length ≤ 1) and few are ever nearest: of 4 bits an index, 0.9 are used after 124 steps without, 3.7 after 248 with.

Of N vectors, in the order of a permutation of seed 0, all but the last `held` are fitted; the others are measured.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

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
COSINE = 10.0
COMMITMENT = 0.25
RESTART_STEPS = 20
RESTART_UNTIL = 0.5
IDLE = 0.1  # of its fair share of the parts


def fit_pqvae(
    vectors: np.ndarray,
    *,
    subvector: int,
    entries: int,
    minutes: float,
    work: Path,
    held: np.ndarray | None = None,
    batch: int = BATCH,
    average: float = AVERAGE,
    seed: int = 0,
) -> Codec:
    """(N, D) float32 → a codec without colour maps, trained for `minutes`; `held` vectors are measured in the log."""
    torch.manual_seed(seed)
    network = Pqvae(vectors.shape[1], subvector, entries)
    draw = Batches(vectors, batch, seed=seed)
    norms = Norms.of(vectors)

    def measure(trained: nn.Module) -> dict[str, float]:
        return {} if held is None else scores(codec_of(trained, norms), held)

    rates = {"peak": PEAK, "decay": DECAY, "average": average}
    return codec_of(
        fit(network, draw, Objective(), work=work, minutes=minutes, measure=measure, **rates), norms
    )


def codec_of(network: nn.Module, norms: Norms) -> Codec:
    """Network → codec: its weights as float16, no colour maps."""
    weights = {
        name: weight.detach().numpy().astype(np.float16)
        for name, weight in network.state_dict().items()
    }
    dimension = weights["encoder.0.weight"].shape[0]
    return Codec("pqvae", PqvaeVectors(dimension, weights, norms), TransformMaps(None, 0, 0))


def scores(codec: Codec, vectors: np.ndarray) -> dict[str, float]:
    """Mean cosine of vector and vector_hat, plain and with the mean vector taken off both."""
    vectors_hat = codec.decode_vectors(codec.encode_vectors(vectors))
    mean = vectors.mean(axis=0)
    return {
        "cosine": _cosine(vectors, vectors_hat),
        "centred": _cosine(vectors - mean, vectors_hat - mean),
    }


class Batches:
    """Unit vectors in random order, epoch after epoch."""

    def __init__(self, vectors: np.ndarray, size: int, *, seed: int) -> None:
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
    """The loss in this module's head, for `loop.fit`; it restarts idle entries."""

    def __init__(self) -> None:
        self._used: torch.Tensor | None = None
        self._steps = 0

    def __call__(
        self, network: Pqvae, units: torch.Tensor, progress: float
    ) -> tuple[torch.Tensor, int]:
        with torch.autocast("cpu", torch.bfloat16):
            parts = network.symbols(units)
        indices = network.nearest(parts.detach())
        chosen = network.codebook[indices]
        with torch.autocast("cpu", torch.bfloat16):
            units_hat = network.reconstruct(parts + (chosen - parts).detach())
        direction = 1 - (units_hat * units).sum(1).mean()
        codebook = F.mse_loss(chosen, parts.detach()) + COMMITMENT * F.mse_loss(
            parts, chosen.detach()
        )
        if progress < RESTART_UNTIL:
            self._restart(network.codebook, parts.detach().flatten(0, 1), indices)
        return COSINE * direction + codebook, len(units)

    @torch.no_grad()
    def _restart(self, codebook: torch.Tensor, parts: torch.Tensor, indices: torch.Tensor) -> None:
        """Counts the parts nearest to each entry; at first and every RESTART_STEPS, moves the idle entries."""
        counts = torch.bincount(indices.flatten(), minlength=len(codebook))
        self._used = counts if self._used is None else self._used + counts
        if self._steps % RESTART_STEPS == 0:
            idle = self._used < IDLE * self._used.float().mean()
            codebook[idle] = parts[torch.randint(len(parts), (int(idle.sum()),))]
            self._used = None
        self._steps += 1


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    products = (one * other).sum(axis=1)
    return float((products / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1))).mean())


@click.command()
@click.option("--vectors", type=click.Path(path_type=Path, exists=True), help=".npy of (N, D).")
@click.option("--pictures", type=click.Path(path_type=Path, exists=True), help="A folder, instead.")
@click.option(
    "--model", default="pocket", show_default=True, help="Whose embeddings, with --pictures."
)
@click.option("--map-bits", default=20, show_default=True, help="Of a colour map, with --pictures.")
@click.option("--bits", default=400, show_default=True, help="Of a code, without the norm's byte.")
@click.option(
    "--subvector",
    default=32,
    show_default=True,
    help="e_dim: numbers an entry of the codebook has.",
)
@click.option("--minutes", default=10.0, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The codec is written here, an .npz.",
)
@click.option(
    "--work", type=click.Path(path_type=Path), default="training/run", help="Kept between runs."
)
@click.option("--held", default=8000, show_default=True, help="Vectors not fitted but measured.")
@click.option("--batch", default=BATCH, show_default=True)
@click.option("--threads", default=2, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(
    *,
    vectors: Path | None,
    pictures: Path | None,
    model: str,
    map_bits: int,
    bits: int,
    subvector: int,
    minutes: float,
    out: Path,
    work: Path,
    held: int,
    batch: int,
    threads: int,
    seed: int,
) -> None:
    """Embeddings → a pqvae codec; prints one JSON line of scores."""
    torch.set_num_threads(threads)
    entries = entries_of(bits, subvector)
    rows, maps = _sample(vectors, pictures, model)
    order = np.random.default_rng(0).permutation(len(rows))
    rows = rows[order]
    maps = maps[order]
    held = min(held, len(rows) // 2)
    fitted = rows[: len(rows) - held]
    tested = rows[len(rows) - held :]
    place = work / f"pqvae-{bits}-{subvector}"
    codec = fit_pqvae(
        fitted,
        subvector=subvector,
        entries=entries,
        minutes=minutes,
        work=place,
        held=tested,
        batch=batch,
        seed=seed,
    )
    codec = replace(
        codec.with_alignment(fitted[:ALIGNMENT_SAMPLE]),
        maps=fit_maps(maps[: len(fitted)], map_bits, fitted, codec.vectors),
    )
    save_codec(codec, out)
    told = {key: round(value, 4) for key, value in scores(codec, tested).items()} if held else {}
    click.echo(
        json.dumps(
            {"payload_bits": codec.vectors.payload_bits, "state_bytes": len(codec.state)} | told
        )
    )


def _sample(
    vectors: Path | None, pictures: Path | None, model: str
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (N, D) and maps (N, n, n, 3); n = 0 where there are no pictures."""
    if (vectors is None) == (pictures is None):
        raise click.UsageError("give either --vectors or --pictures")
    if pictures is not None:
        return embed_folder(pictures, model, map_side=get_spec("pqvae").default.map_side)
    rows = load_vectors(vectors)
    return rows, np.zeros((len(rows), 0, 0, 3), np.uint8)


def entries_of(bits: int, subvector: int) -> int:
    """Bits and e_dim → n_e. Raises BadParameter where no codebook has that rate."""
    for entries in ENTRIES:
        if 128 % subvector == 0 and GRID // subvector * (entries.bit_length() - 1) == bits:
            return entries
    raise click.BadParameter(
        f"no codebook of {subvector} numbers an entry makes {bits} bits; see archive.codecs.pqvae"
    )


if __name__ == "__main__":
    main()
