"""`coldframe stats --plot`: what an archive holds, in four pictures.

bytes of an image   mean of the originals, of the database, the index, and of each code
formats             images by the format of their original
taken               images by year, as far as their year is known
fidelity            CLIP similarity of audited rows with what was archived
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.shared.output import escaped, plural, size
from cli.shared.plots import load_pyplot

if TYPE_CHECKING:
    from archive.archive import Archive

BAR = "#4a7fa5"
INK = "#22262b"
SOFT_INK = "#5b6470"
SIZE = (11, 7.5)  # inches
FORMATS = 10  # that have a bar; the others share one
BINS = [step / 40 for step in range(-40, 41)]  # of the histogram
SIMILARITIES: dict[str, dict[str, Any]] = {  # scores of audits → their histograms
    "clip_similarity": {"label": "with what the row says", "color": BAR, "alpha": 0.5},
    "original_similarity": {"label": "with the original", "color": INK, "histtype": "step"},
}


@dataclass(frozen=True)
class Holdings:
    """What is plotted."""

    bytes_per_image: Mapping[str, float]  # by part, the largest first
    formats: Mapping[str, int]  # images
    years: Mapping[int, int]  # images
    images: int
    audited: int  # rows
    similarities: Mapping[str, Sequence[float]]  # by score; of audited rows that have it, −1 … 1


def count_holdings(archive: Archive, bytes_per_image: Mapping[str, float]) -> Holdings:
    """Counts over all rows and audits."""
    formats, years = archive.store.images.formats_and_years()
    images = sum(formats.values())
    audits = [audit.scores or {} for audit in archive.store.restorations.worst_audits(images)]
    similarities = {
        name: [scores[name] for scores in audits if name in scores] for name in SIMILARITIES
    }
    return Holdings(bytes_per_image, formats, years, images, len(audits), similarities)


def draw(holdings: Holdings) -> Any:
    """→ a figure of matplotlib. Raises UsageError where it is not installed."""
    pyplot = load_pyplot()
    figure, ((sizes, formats), (years, fidelity)) = pyplot.subplots(2, 2, figsize=SIZE)
    _draw_bars(sizes, holdings.bytes_per_image, list(map(size, holdings.bytes_per_image.values())))
    sizes.set(title="Bytes of an image, on average", xscale="log", xlabel="bytes", xlim=(1, None))
    common = _common(holdings.formats)
    _draw_bars(formats, common, [f"{count:,}" for count in common.values()])
    formats.set(title=f"{plural(holdings.images, 'image')} by format", xlabel="images")
    _draw_years(years, holdings)
    _draw_fidelity(fidelity, holdings)
    for axis in (sizes, formats, years, fidelity):
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(colors=SOFT_INK)
        axis.xaxis.label.set_color(SOFT_INK)
        axis.yaxis.label.set_color(SOFT_INK)
        axis.title.set_fontweight("bold")
    figure.tight_layout(h_pad=2.5, w_pad=2.5)
    return figure


def _common(formats: Mapping[str, int]) -> dict[str, int]:
    """The most common formats, and the sum of the others."""
    ordered = Counter(formats).most_common()
    common = dict(ordered[:FORMATS])
    if rest := sum(count for _, count in ordered[FORMATS:]):
        common["others"] = rest
    return common


def _draw_bars(axis: Any, values: Mapping[str, float], labels: Sequence[str]) -> None:
    """Horizontal bars from the top, each with its label."""
    names = [escaped(name).replace("$", r"\$") for name in values]  # $ begins a formula
    bars = axis.barh(names, list(values.values()), color=BAR)
    axis.bar_label(bars, labels, padding=4, color=SOFT_INK)
    axis.invert_yaxis()
    axis.margins(x=0.15)


def _draw_years(axis: Any, holdings: Holdings) -> None:
    from matplotlib.ticker import MaxNLocator

    known = sum(holdings.years.values())
    axis.set(title=f"Taken, by year ({known:,} of {holdings.images:,} are dated)", ylabel="images")
    if not known:
        _say_instead(axis, "no image has a date")
        return
    axis.bar(list(holdings.years), list(holdings.years.values()), color=BAR)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_fidelity(axis: Any, holdings: Holdings) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set(title=f"Fidelity of {plural(holdings.audited, 'audited row')}")
    if not holdings.audited:
        _say_instead(axis, "no row has been audited yet;\nrun `coldframe audit`")
        return
    for name, values in holdings.similarities.items():
        axis.hist(values, bins=BINS, linewidth=1.5, **SIMILARITIES[name])
    lowest = min(min(values, default=1.0) for values in holdings.similarities.values())
    axis.set(xlabel="CLIP similarity", ylabel="rows", xlim=(min(lowest, 0.5) - 0.025, 1))
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(frameon=False, loc="upper left")


def _say_instead(axis: Any, sentence: str) -> None:
    """Where there is nothing to plot."""
    axis.text(0.5, 0.5, sentence, ha="center", va="center", color=SOFT_INK)
    axis.set(xticks=[], yticks=[])
