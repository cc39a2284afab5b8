"""The codec that docs/adding-a-codec.md writes works as the page says."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import numpy as np
import pytest

from archive.codecs import Codec, CodecConfig, config, open_codec, registry, resolve_codec

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-codec.md"
DIMENSION = 20


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The page's Python, after its codec has been added to the table."""
    fence = re.compile(r"^ *```python\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
    code = fence.findall(PAGE.read_text())
    module = ModuleType("companded")
    monkeypatch.setitem(sys.modules, "companded", module)  # for dataclass
    exec(code[0], module.__dict__)
    spec = eval(code[1], vars(registry) | {"open_companded": module.open_companded})
    monkeypatch.setattr(registry, "CODECS", (*registry.CODECS, spec))
    monkeypatch.setattr(config, "SELECTABLE_CODECS", (*registry.SELECTABLE_CODECS, spec))
    return code


@pytest.mark.usefixtures("blocks")
def test_the_codec_of_the_page_opens_codes_and_is_fine_near_zero() -> None:
    codec = resolve_codec(CodecConfig("companded", bits_per_dim=4), DIMENSION)
    small = np.random.default_rng(0).normal(0, 0.02, (50, DIMENSION)).astype(np.float32)
    coarse = resolve_codec(CodecConfig("coclico", bits_per_dim=4), DIMENSION)

    def error(coder: Codec) -> float:
        return float(np.abs(coder.decode_vectors(coder.encode_vectors(small)) - small).mean())

    assert error(codec) < error(coarse) / 2
    opened = open_codec(codec.name, codec.parameters(), codec.state)
    assert opened.encode_vectors(small) == codec.encode_vectors(small)
    assert codec.bits_per_image == 4 * DIMENSION + 192


def test_its_golden_file_is_as_the_tests_read_it(
    blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests" / "golden").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    exec(dedent(blocks[2]), {})
    [path] = Path("tests/golden").glob("*x?.json")
    golden = json.loads(path.read_text())
    codec = open_codec(golden["name"], golden["parameters"])
    vectors_hat, colors_hat = codec.decode(
        [bytes.fromhex(golden["clip_code"])], [bytes.fromhex(golden["color_code"])]
    )
    assert vectors_hat[0].tolist() == golden["vector_hat"]
    assert colors_hat.ravel().tolist() == golden["colors_hat"]
