"""Image quality metrics: audits store those whose weights exist and leave out the others."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.shell import Shell
from training.scenes import draw_scene

NO_NETWORK = dict.fromkeys(
    ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
)
with_pyiqa = pytest.mark.skipif(
    find_spec("pyiqa") is None, reason="pyiqa is not installed (pip install '.[iqa]')"
)
SAVE_WEIGHTS = """
import os, torch
from pyiqa.archs.musiq_arch import MUSIQ, default_model_urls
from pyiqa.utils.download_util import DEFAULT_CACHE_DIR
torch.manual_seed(0)
os.makedirs(DEFAULT_CACHE_DIR)
name = os.path.basename(default_model_urls["koniq10k"])
torch.save(MUSIQ(pretrained=False).state_dict(), os.path.join(DEFAULT_CACHE_DIR, name))
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Two rows of the pocket pair."""
    made = Shell(str(tmp_path / "archive"), tmp_path)
    (tmp_path / "scenes").mkdir()
    for seed in range(2):
        Image.fromarray(draw_scene(seed, size=(240, 160)).pixels).save(
            tmp_path / "scenes" / f"{seed}.png"
        )
    made("init", "--model", "pocket")
    made("ingest", str(tmp_path / "scenes"))
    return made


@with_pyiqa
def test_measures_whose_weights_are_there_are_stored_and_the_others_left_out(
    shell: Shell, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-c", SAVE_WEIGHTS],
        env=os.environ | {"TORCH_HOME": str(tmp_path)},
        check=True,
    )
    assert "known" not in shell("audit", "--sample", "1")
    only_musiq = NO_NETWORK | {"TORCH_HOME": str(tmp_path)}
    told = shell("audit", "--iqa", "--sample", "2", environment=only_musiq)
    assert "musiq" in told
    assert "known" not in told  # what was audited without it is audited again
    assert not {"dbcnn", "dists", "Loading", "Downloading"} & set(told.split())
    assert "2 already known" in shell("audit", "--iqa", "--sample", "2", environment=only_musiq)
    assert all(np.isfinite(row["musiq"]) for row in shell.json("ls", "--worst", "2"))


@with_pyiqa
def test_without_any_weights_one_sentence_says_so(shell: Shell, tmp_path: Path) -> None:
    told = shell("audit", "--iqa", code=12, environment=NO_NETWORK | {"TORCH_HOME": str(tmp_path)})
    assert "the weights of musiq, dbcnn, dists are not on this machine" in told


@pytest.mark.skipif(find_spec("pyiqa") is not None, reason="pyiqa is installed")
def test_without_pyiqa_one_sentence_says_how_to_get_it(shell: Shell) -> None:
    assert "coldframe[iqa]" in shell("audit", "--iqa", code=2)


@with_pyiqa
def test_the_table_has_a_column_for_each_measure_whose_weights_are_there(
    shell: Shell, tmp_path: Path
) -> None:
    words = ("bench", "table1", tmp_path / "scenes" / "0.png", "--out", tmp_path / "out")
    nothing = NO_NETWORK | {"TORCH_HOME": str(tmp_path / "nothing")}
    told = shell(*words, environment=nothing)
    assert "DBCNN and MUSIQ are left out: the weights of dbcnn, musiq are not on this" in told
    only_musiq = NO_NETWORK | {"TORCH_HOME": str(tmp_path / "musiq")}
    save = [sys.executable, "-c", SAVE_WEIGHTS]
    subprocess.run(save, env=os.environ | only_musiq, check=True)
    told = shell(*words, environment=only_musiq)
    assert "DBCNN is left out: its weights are not on this machine" in told
    assert "    PSNR   MUSIQ\n" in told
