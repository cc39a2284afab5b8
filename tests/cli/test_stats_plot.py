"""`coldframe stats --plot`: what an archive holds, as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from archive.archive import Archive
from archive.settings import Settings
from archive.store import Store, schema
from cli.shared.stats_plot import FORMATS, Holdings, count_holdings, draw
from tests.cli.test_escapes import HOSTILE
from tests.support.rows import forge
from tests.support.shell import Shell


@pytest.mark.parametrize("name", ["plot.png", "plot.svg", "plot.pdf"])
def test_a_plot_is_written_beside_the_figures(
    filled_shell: Shell, tmp_path: Path, name: str
) -> None:
    done = filled_shell.run("stats", "--plot", tmp_path / name)
    assert (done.returncode, done.stderr) == (0, f"plot written to {tmp_path / name}\n")
    assert done.stdout == filled_shell("stats")
    if name.endswith("png"):
        with Image.open(tmp_path / name) as image:
            assert image.width > image.height > 500
    if name.endswith("svg"):
        assert "<svg" in (tmp_path / name).read_text()


@pytest.mark.slow
def test_it_counts_formats_years_and_audits(plain: Shell) -> None:
    plain("audit", "--sample", "2")
    store = Store.open(Settings(plain.location))
    forge(store, schema.Image.id == 1, format="TIFF")
    store.close()
    with Archive(plain.location) as archive:
        holdings = count_holdings(archive, {"originals": 12_000.0})
        scores = [scores for _, scores in archive.worst(4)]
    assert holdings.formats == {"TIFF": 1, "PNG": 3}
    assert (holdings.images, holdings.years, holdings.audited) == (4, {}, 2)
    for name, values in holdings.similarities.items():
        assert values == [score[name] for score in scores]
    figure = draw(holdings)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == [
        "Bytes of an image, on average",
        "4 images by format",
        "Taken, by year (0 of 4 are dated)",
        "Fidelity of 2 audited rows",
    ]


def test_rare_formats_share_a_bar_and_hostile_names_are_text(tmp_path: Path) -> None:
    formats = {f"kind {number}": number for number in range(1, 14)} | {f"{HOSTILE} $x^$": 50}
    empty: dict[str, list[float]] = {"clip_similarity": [], "original_similarity": []}
    figure = draw(Holdings({"originals": 5.0}, formats, {2019: 3, 1987: 1}, 141, 0, empty))
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert len(labels) == FORMATS + 1
    assert labels[0].endswith(r"\$x^\$")
    assert labels[-1] == "others"
    figure.savefig(tmp_path / "plot.png")
    bars = {
        round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in figure.axes[2].patches
    }
    assert bars == {2019: 3, 1987: 1}


def test_nothing_is_plotted_of_an_empty_archive(pocket_shell: Shell, tmp_path: Path) -> None:
    assert "expected a name with .png" in pocket_shell("stats", "--plot", "plot.gif", code=2)
    assert "nothing to plot" in pocket_shell("stats", "--plot", tmp_path / "plot.png")
    assert not (tmp_path / "plot.png").exists()
