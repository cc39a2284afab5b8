"""docs/storage-format.md is true: its code reads every row, and it names every column and array."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archive.codecs import Codec
from archive.codecs.coclico import coclico, with_linear_decoder
from archive.codecs.coders.books import Books
from archive.codecs.coders.linear_decoder import LinearDecoder
from archive.codecs.coders.map_prediction import Prediction
from archive.codecs.coders.sparse import Dictionary
from archive.codecs.coders.transform import Transform
from archive.codecs.coders.trellis_transform import TrellisTransform
from archive.codecs.klt import fit_klt
from archive.index import Index, IndexStamp
from archive.records import (
    Batch,
    Capture,
    CodecRecord,
    FileStamp,
    Flag,
    ModelRecord,
    NewImage,
    Place,
)
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now
from archive.store.schema import Base
from tests.support.rows import new_detail
from tests.support.vectors import NO_MAPS, embeddings

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
PAGE = (ROOT / "docs" / "storage-format.md").read_text()


@pytest.fixture(scope="module")
def page_code() -> dict[str, Any]:
    """Everything that the page's code blocks define."""
    defined: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, defined)
    return defined


def section(title: str) -> str:
    """The text under a heading, up to the next heading."""
    match = re.search(rf"^#+ {re.escape(title)}.*?\n(.*?)(?=^#|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert match is not None, title
    return match.group(1)


def described(text: str) -> list[str]:
    """The names in the first column of a table."""
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*x?.json")), ids=lambda path: path.stem)
def test_the_page_decodes_golden_scalar_codes(path: Path, page_code: dict[str, Any]) -> None:
    golden = json.loads(path.read_text())
    codes = [bytes.fromhex(golden[name]) for name in ("clip_code", "color_code")]
    vector_hat, colors_hat = page_code["decode_coclico"](*codes, golden["parameters"])
    assert vector_hat.tolist() == golden["vector_hat"]
    assert colors_hat.ravel().tolist() == golden["colors_hat"]


@pytest.mark.parametrize(
    "name", ["klt", "klt-gains", "klt-books", "klt-books-trellis", "klt-modes", "smic"]
)
def test_the_page_decodes_golden_fitted_codes(name: str, page_code: dict[str, Any]) -> None:
    codec = np.load(GOLDEN / f"{name}.npz")
    parameters = json.loads(str(codec["codec"]))["parameters"]
    state = dict(np.load(io.BytesIO(codec["state"].tobytes())))
    golden = json.loads((GOLDEN / f"{name}-codes.json").read_text())
    decoded = [
        page_code["decode_fitted"](
            name.split("-", maxsplit=1)[0],
            bytes.fromhex(clip_code),
            bytes.fromhex(color_code),
            parameters,
            state,
        )
        for clip_code, color_code in zip(golden["clip_codes"], golden["color_codes"], strict=True)
    ]
    vectors_hat = np.stack([vector_hat for vector_hat, _ in decoded])
    colors_hat = np.stack([colors for _, colors in decoded])
    assert hashlib.sha256(vectors_hat.tobytes()).hexdigest() == golden["vectors_hat_sha256"]
    assert hashlib.sha256(colors_hat.tobytes()).hexdigest() == golden["colors_hat_sha256"]


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("side", [0, 4, 6])
def test_the_page_decodes_scalar_codes_of_every_rate(
    bits: int, side: int, rng: np.random.Generator, page_code: dict[str, Any]
) -> None:
    codec = coclico(21, bits=bits, map_side=side, map_bits=9 - bits)
    maps = rng.integers(0, 256, (5, side, side, 3), dtype=np.uint8)
    codes = codec.encode(rng.normal(0, 0.5, (5, 21)).astype(np.float32), maps)
    vectors_hat, colors_hat = codec.decode(*codes)
    for row, pair in enumerate(zip(*codes, strict=True)):
        vector_hat, colors = page_code["decode_coclico"](*pair, codec.parameters())
        assert np.array_equal(vector_hat, vectors_hat[row])
        assert np.array_equal(colors, colors_hat[row])


def test_the_page_decodes_a_klt_row_with_a_norm_and_a_predicted_map(
    rng: np.random.Generator, page_code: dict[str, Any]
) -> None:
    hidden = rng.normal(size=(400, 4)).astype(np.float32)
    energy = np.exp(rng.normal(0, 1, (400, 1)))
    vectors = (hidden @ rng.normal(size=(4, 16)) + energy * rng.normal(0, 0.3, (400, 16))).astype(
        np.float32
    )
    shades = np.clip(128 + 40 * hidden[:, :3], 0, 255).astype(np.uint8)
    maps = np.broadcast_to(shades[:, None, None], (400, 4, 4, 3)).copy()
    codec = fit_klt(vectors, maps, bits=100, map_bits=20)
    state = dict(np.load(io.BytesIO(codec.state)))
    assert state["vector_norms"].size > 1
    assert "map_prediction_unit" in state
    codes = codec.encode(vectors[:20], maps[:20])
    vectors_hat, colors_hat = codec.decode(*codes)
    for row, pair in enumerate(zip(*codes, strict=True)):
        decoded = page_code["decode_fitted"]("klt", *pair, codec.parameters(), state)
        assert np.array_equal(decoded[0], vectors_hat[row])
        assert np.array_equal(decoded[1], colors_hat[row])


@pytest.mark.parametrize("bits", [1, 3])
def test_the_page_decodes_by_least_squares(
    bits: int, rng: np.random.Generator, page_code: dict[str, Any]
) -> None:
    vectors = rng.normal(0.1, 0.5, (200, 12)).astype(np.float32)
    codec = with_linear_decoder(coclico(12, bits=bits, map_side=0), vectors)
    state = dict(np.load(io.BytesIO(codec.state)))
    codes = codec.encode_vectors(vectors)
    for code, vector_hat in zip(codes, codec.decode_vectors(codes), strict=True):
        decoded = page_code["decode_least_squares"](code, codec.parameters(), state)
        assert np.array_equal(decoded, vector_hat)


def test_the_page_reads_an_archive_with_sqlite_alone(
    tmp_path: Path, rng: np.random.Generator, page_code: dict[str, Any]
) -> None:
    codec = coclico(16)
    maps = rng.integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    [clip_code], [color_code] = codec.encode(rng.normal(size=(1, 16)).astype(np.float32), maps)
    _write(tmp_path, codec, clip_code, color_code)
    with sqlite3.connect(tmp_path / "archive.db") as connection:
        [row] = connection.execute(
            "SELECT clip_code, color_code, parameters FROM image JOIN codec ON codec.id = codec_id"
        )
    vector_hat, colors_hat = page_code["decode_coclico"](*row[:2], json.loads(row[2]))
    expected = codec.decode([clip_code], [color_code])
    assert np.array_equal(vector_hat, expected[0][0])
    assert np.array_equal(colors_hat, expected[1][0])


@pytest.mark.parametrize(
    "table",
    ["model", "codec", "camera", "image", "source", "volume", "detail", "detail_schedule"],
)
@pytest.mark.parametrize("capture", [Capture("Canon EOS 5D", -3386000, 15120001), Capture("Leica")])
def test_the_page_checks_every_row_with_sqlite_alone(
    tmp_path: Path, page_code: dict[str, Any], table: str, capture: Capture
) -> None:
    codec = coclico(16)
    [clip_code] = codec.encode_vectors(np.ones((1, 16), np.float32))
    path = os.fsdecode(b"base64:caf\xe9.jpg")
    _write(tmp_path, codec, clip_code, b"", path=path, capture=capture)
    with closing(sqlite3.connect(tmp_path / "archive.db")) as connection:
        connection.row_factory = sqlite3.Row
        [row] = connection.execute(f"SELECT * FROM {table}")
    names = [name for name in described(section(table)) if name not in ("id", "crc32", "last_seen")]
    values = {name: row[name] for name in names}
    assert page_code["row_crc32"](values) == row["crc32"]
    assert page_code["row_crc32"](values | {names[0]: "something else"}) != row["crc32"]


def _write(
    folder: Path,
    codec: Codec,
    clip_code: bytes,
    color_code: bytes,
    *,
    path: str = "a.jpg",
    capture: Capture = Capture(),
) -> None:
    store = Store.create(Settings(str(folder)))
    model = store.models.add(ModelRecord("pocket", "e", "", "", codec.dimension, "f" * 64, {}))
    record = store.codecs.add(CodecRecord(model.id, codec.name, codec.parameters(), utc_now()))
    place = Place(store.volumes.see(marker="m", label="", root="/"), path, FileStamp(1, 2))
    facts = (4, 3, "JPEG", Flag.NONE, None)
    image = NewImage(bytes(32), clip_code, color_code, *facts, place, capture)
    store.add_batch(record.id, Batch([image]))
    new_detail(store, next(store.images.all()))
    store.close()


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_every_column_is_on_the_page(table: str) -> None:
    columns = Base.metadata.tables[table].columns
    assert described(section(table)) == [column.name for column in columns]


@pytest.mark.parametrize(
    ("title", "coder", "prefix"),
    [
        ("Books", Books, ""),
        ("Trellis", TrellisTransform, ""),
        ("Dictionary", Dictionary, ""),
        ("Transform", Transform, ""),
        ("Prediction", Prediction, ""),
        ("coclico and clip with", LinearDecoder, "squares_"),
    ],
)
def test_every_array_of_a_state_is_on_the_page(title: str, coder: Any, prefix: str) -> None:
    assert described(section(title)) == [prefix + field.name for field in fields(coder)]


def test_every_array_of_the_index_is_on_the_page(tmp_path: Path) -> None:
    vectors = embeddings(100, seed=1)
    codec = fit_klt(vectors, NO_MAPS, bits=40, map_bits=0)
    index = Index(codec, IndexStamp(1, "klt"))
    index.extend(list(enumerate(codec.encode_vectors(vectors))))
    index.save(tmp_path / "codec-1.npz")
    with np.load(tmp_path / "codec-1.npz") as arrays:
        assert sorted(arrays.files) == sorted(described(section("Search index")))


def test_the_newest_migration_is_on_the_page() -> None:
    versions = (ROOT / "migrations" / "versions").glob("[0-9]*.py")
    assert f"now `{max(path.name for path in versions)[:4]}`" in PAGE
