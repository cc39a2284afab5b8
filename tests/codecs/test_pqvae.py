"""`pqvae`: the rate to the bit, codes of one length, the same vectors from a stored codec.

Vectors are compared within 1e-5 and not to the bit: a convolution is a sum of floats, and its order
depends on the processor and on the number of threads.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from archive.arrays import unit
from archive.codecs import load_codec, save_codec
from archive.codecs.codec import Codec
from archive.codecs.coders.serialization import from_bytes
from archive.codecs.fitted_coders import TransformMaps, fit_maps
from archive.codecs.pqvae import Norms, PqvaeVectors, open_pqvae
from archive.errors import BadCode, UnknownCodec, UsageError

DIMENSION = 16
POINTS = [
    (16, 4, 400),
    (16, 8, 600),
    (32, 16, 400),
    (32, 64, 600),
    (128, 256, 200),
    (128, 2, 25),
    (1, 2, 3200),
]
ONE_NORM = Norms(1.0, 1.0005)
MANY_NORMS = Norms(2.0, 20.0)

DECODE = """
import sys
from pathlib import Path
import numpy as np, torch
from archive.codecs import load_codec
torch.set_num_threads(int(sys.argv[1]))
codes = [row.tobytes() for row in np.load(sys.argv[3])]
np.save(sys.argv[4], load_codec(Path(sys.argv[2])).decode_vectors(codes))
"""


def untrained(subvector: int = 32, entries: int = 16, norms: Norms = MANY_NORMS) -> Codec:
    """A codec of random weights; its codebook holds random subvectors, so all entries are used."""
    import torch

    from archive.codecs.coders.pqvae_network import Pqvae
    from training.pqvae import codec_of

    torch.manual_seed(0)
    network = Pqvae(DIMENSION, subvector, entries)
    with torch.inference_mode():
        subvectors = network.subvectors(torch.randn(16, DIMENSION)).flatten(0, 1)
        network.codebook.copy_(subvectors[torch.randperm(len(subvectors))[:entries]])
    return codec_of(network, norms)


def pqvae_vectors(codec: Codec) -> PqvaeVectors:
    assert isinstance(codec.vectors, PqvaeVectors)
    return codec.vectors


@pytest.fixture(scope="module")
def codec() -> Codec:
    return untrained()


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    """Norms of 3 … 15."""
    units = unit(rng.normal(size=(20, DIMENSION)).astype(np.float32))
    return (units * np.linspace(3, 15, 20)[:, None]).astype(np.float32)


def clustered(rng: np.random.Generator, count: int) -> np.ndarray:
    """Vectors about eight centers, all of norm 4."""
    centers = rng.normal(size=(8, DIMENSION))[rng.integers(8, size=count)]
    vectors = centers + 0.3 * rng.normal(size=centers.shape)
    return 4 * unit(vectors.astype(np.float32))


@pytest.mark.parametrize(("subvector", "entries", "bits"), POINTS)
def test_the_rate_is_the_formulas_to_the_bit_and_a_byte_for_the_norm(
    subvector: int, entries: int, bits: int, vectors: np.ndarray
) -> None:
    for norms, spent in ((ONE_NORM, bits), (MANY_NORMS, bits + 8)):
        codec = untrained(subvector, entries, norms)
        assert codec.vectors.payload_bits == spent
        assert {len(code) for code in codec.encode_vectors(vectors[:3])} == {(spent + 7) // 8}


def test_every_codebook_of_powers_of_two_has_its_rate() -> None:
    for b, k in itertools.product(range(1, 9), range(8)):
        codebook = np.zeros((2**b, 2**k), np.float16)
        assert PqvaeVectors(4, {"codebook": codebook}, ONE_NORM).payload_bits == 3200 // 2**k * b


def test_a_code_is_packed_indices_position_before_subspace_then_the_norm(codec: Codec) -> None:
    import torch

    network = pqvae_vectors(codec)._network
    code = bytes(range(50)) + b"\x80"
    indices = [nibble for byte in range(50) for nibble in (byte >> 4, byte & 15)]
    grid = network.codebook[torch.tensor(indices)].reshape(5, 5, 128).permute(2, 0, 1)[None]
    unit = torch.nn.functional.normalize(network.decoder(grid * 128**0.5).flatten(1), dim=1)
    expected = unit.numpy() * 2 * 10 ** (128 / 255)
    assert np.allclose(codec.decode_vectors([code]), expected, atol=1e-5)


def test_the_norm_comes_back_within_its_cell(codec: Codec, vectors: np.ndarray) -> None:
    norms, norms_hat = (np.linalg.norm(kind, axis=1) for kind in (vectors, decoded(codec, vectors)))
    assert np.abs(np.log(norms_hat / norms)).max() <= np.log(10) / 510 + 1e-5


def test_norms_out_of_range_are_clamped_and_a_zero_vector_is_the_shortest(codec: Codec) -> None:
    strange = np.zeros((3, DIMENSION), np.float32)
    strange[1, 0] = 1e-3
    strange[2, 0] = 1e6
    assert np.linalg.norm(decoded(codec, strange), axis=1) == pytest.approx([2, 2, 20], rel=1e-5)


def test_norms_reach_from_the_least_but_zero_to_the_greatest() -> None:
    assert Norms.of(np.diag([0, 3, 7, 2]).astype(np.float32)) == Norms(2.0, 7.0)


def test_norms_within_a_thousandth_are_one() -> None:
    assert [Norms(2.0, 2 * (1 + more)).bits for more in (0, 0.0009, 0.0011)] == [0, 0, 8]


def test_one_norm_costs_nothing_and_is_given_back() -> None:
    codec = untrained(norms=Norms.of(np.full((5, DIMENSION), 0.25, np.float32)))
    assert codec.vectors.payload_bits == 400
    vectors_hat = decoded(codec, np.eye(DIMENSION, dtype=np.float32))
    assert np.linalg.norm(vectors_hat, axis=1) == pytest.approx(1.0, rel=1e-5)


def test_a_code_names_the_nearest_entries(codec: Codec, vectors: np.ndarray) -> None:
    import torch

    network = pqvae_vectors(codec)._network
    subvectors = network.subvectors(torch.from_numpy(unit(vectors)))
    distance = torch.cdist(subvectors, network.codebook)
    packed = b"".join(code[:50] for code in codec.encode_vectors(vectors))
    pairs = np.frombuffer(packed, np.uint8).reshape(20, 50)
    chosen = np.stack([pairs >> 4, pairs & 15], axis=2).reshape(20, 100).astype(np.int64)
    chosen_distance = distance.gather(2, torch.from_numpy(chosen)[..., None])[..., 0]
    assert float((chosen_distance - distance.amin(2)).max()) < 1e-4
    assert len(np.unique(chosen)) > 8


def test_a_stored_codec_writes_and_reads_the_same(
    codec: Codec, vectors: np.ndarray, tmp_path: Path
) -> None:
    save_codec(codec, tmp_path / "codec.npz")
    parameters = json.loads(json.dumps(codec.parameters()))
    for opened in (
        open_pqvae(parameters, from_bytes(codec.state)),
        load_codec(tmp_path / "codec.npz"),
    ):
        codes = opened.encode_vectors(vectors)
        assert codes == codec.encode_vectors(vectors)
        assert np.array_equal(opened.decode_vectors(codes), codec.decode_vectors(codes))
        assert (opened.parameters(), opened.state) == (codec.parameters(), codec.state)


def test_color_maps_are_those_of_klt(codec: Codec, rng: np.random.Generator) -> None:
    maps = rng.integers(0, 256, (64, 4, 4, 3), dtype=np.uint8)
    vectors = rng.normal(size=(64, DIMENSION)).astype(np.float32)
    with_maps = replace(codec, maps=fit_maps(maps, 40, vectors, codec.vectors))
    opened = open_pqvae(with_maps.parameters(), from_bytes(with_maps.state))
    assert opened.encode(vectors, maps) == with_maps.encode(vectors, maps)
    assert isinstance(opened.maps, TransformMaps)
    assert opened.map_side == 4


@pytest.mark.parametrize("code", [b"", b"\0" * 50, b"\0" * 52])
def test_codes_of_another_length_are_refused(codec: Codec, code: bytes) -> None:
    with pytest.raises(BadCode, match="writes 51"):
        codec.decode_vectors([code])


def test_nothing_is_coded_to_nothing(codec: Codec) -> None:
    assert codec.encode_vectors(np.zeros((0, DIMENSION), np.float32)) == []
    assert codec.decode_vectors([]).shape == (0, DIMENSION)


def test_a_code_decodes_the_same_alone_and_among_others(
    codec: Codec, rng: np.random.Generator
) -> None:
    codes = [rng.bytes(51) for _ in range(300)]
    together = codec.decode_vectors(codes)
    alone = np.concatenate([codec.decode_vectors([code]) for code in codes[250:260]])
    assert np.abs(together[250:260] - alone).max() < 1e-5 * 20


def test_impossible_codebooks_and_foreign_weights_are_refused(codec: Codec) -> None:
    for shape in ((3, 32), (16, 24), (512, 32)):
        with pytest.raises(UsageError, match="cannot be coded"):
            PqvaeVectors(DIMENSION, {"codebook": np.zeros(shape, np.float16)}, ONE_NORM)
    with pytest.raises(KeyError):
        open_pqvae(codec.parameters(), {})
    codes = codec.encode_vectors(np.eye(1, DIMENSION, dtype=np.float32))
    with pytest.raises(UnknownCodec, match="another network"):
        replace(pqvae_vectors(codec), dimension=8).decode(codes)


def test_a_file_that_is_no_codec_is_refused(tmp_path: Path) -> None:
    (tmp_path / "codec.npz").write_bytes(b"no codec")
    with pytest.raises(UnknownCodec, match="cannot be read"):
        load_codec(tmp_path / "codec.npz")
    np.savez(tmp_path / "codec.npz", parameters=np.array("{}"))
    with pytest.raises(UnknownCodec, match="does not hold"):
        load_codec(tmp_path / "codec.npz")


def test_processes_of_other_thread_counts_read_the_same(
    codec: Codec, rng: np.random.Generator, tmp_path: Path
) -> None:
    """Within 1e-5 at norm 1: threads split the convolutions' sums of floats differently."""
    one_norm = replace(codec, vectors=replace(pqvae_vectors(codec), norms=ONE_NORM))
    save_codec(one_norm, tmp_path / "codec.npz")
    np.save(tmp_path / "codes.npy", rng.integers(0, 256, (40, 50), dtype=np.uint8))
    decoded_vectors = []
    for threads in ("1", "2"):
        places = [tmp_path / "codec.npz", tmp_path / "codes.npy", tmp_path / f"{threads}.npy"]
        subprocess.run([sys.executable, "-c", DECODE, threads, *map(str, places)], check=True)
        decoded_vectors.append(np.load(places[-1]))
    assert np.abs(decoded_vectors[0] - decoded_vectors[1]).max() < 1e-5


def test_the_codec_is_imported_without_torch() -> None:
    program = "import sys, archive.codecs.pqvae; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_few_steps_of_training_beat_none(
    rng: np.random.Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is read twice per step and advances by a second: 90 steps on any machine."""
    from training import loop
    from training.pqvae import fit_pqvae, scores

    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=itertools.count().__next__))
    vectors = clustered(rng, 600)
    sample = vectors[:500]
    test = vectors[500:]
    trained = fit_pqvae(
        sample, subvector=32, entries=16, minutes=3, work=tmp_path, batch=16, average=0.8
    )
    assert trained.vectors.payload_bits == 400
    assert scores(untrained(norms=Norms.of(sample)), test)["centered"] < 0.2
    assert scores(trained, test)["centered"] > 0.5


def test_bits_and_e_dim_name_the_codebook() -> None:
    from click import BadParameter

    from training.pqvae import entries_of

    assert [entries_of(bits, subvector) for subvector, _, bits in POINTS] == [
        entries for _, entries, _ in POINTS
    ]
    for bits, subvector in ((401, 32), (0, 32), (400, 24), (900, 32)):
        with pytest.raises(BadParameter, match=f"{bits} bits"):
            entries_of(bits, subvector)


def test_the_command_writes_a_codec_that_opens(rng: np.random.Generator, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from training.pqvae import main

    np.save(tmp_path / "vectors.npy", clustered(rng, 60).astype(np.float16))
    paths = {"vectors": tmp_path / "vectors.npy", "out": tmp_path / "codec.npz", "work": tmp_path}
    limits = {"bits": 600, "minutes": 0.01, "validation": 20, "batch": 8, "threads": 1}
    options = (paths | limits).items()
    words = [word for name, value in options for word in (f"--{name}", str(value))]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert json.loads(result.output)["payload_bits"] == 600
    assert load_codec(tmp_path / "codec.npz").vectors.payload_bits == 600


def decoded(codec: Codec, vectors: np.ndarray) -> np.ndarray:
    return codec.decode_vectors(codec.encode_vectors(vectors))
