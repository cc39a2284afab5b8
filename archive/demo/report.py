"""One HTML page that shows an archive at work: queries with their hits, and originals beside their
restorations.

The page and its images are in one folder and need nothing else: no script, no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from archive.evaluate.stats import Stats

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1c2420, #e6ebe7); --soft: light-dark(#5d6a63, #9aa69f);
  --paper: light-dark(#f6f7f4, #151917); --card: light-dark(#ffffff, #1e2421); --line: light-dark(#dfe4df, #323a36);
  --leaf: light-dark(#2f6f4f, #7cc49b); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 3rem 1.5rem 5rem; max-width: 66rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 2rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 3rem 0 .75rem; }
p { margin: .25rem 0 1rem; color: var(--soft); max-width: 46rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
dl div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem 1rem; }
dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; font-size: 1.35rem; font-weight: 600; color: var(--leaf); }
.hits { display: grid; grid-template-columns: repeat(5, 1fr); gap: .6rem; }
figure { margin: 0; } figcaption { font-size: .8rem; color: var(--soft); padding-top: .3rem; }
img { display: block; width: 100%; border-radius: .4rem; background: var(--line); }
.hits img { aspect-ratio: 4 / 3; object-fit: cover; }
.row { display: grid; grid-template-columns: repeat(4, 1fr); gap: .9rem; padding: 1rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin-bottom: 1rem; }
.row p { grid-column: 1 / -1; margin: 0; max-width: none; font-size: .85rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) { .hits, .row { grid-template-columns: repeat(2, 1fr); } }
"""


@dataclass(frozen=True)
class Thumbnail:
    """A hit; `image` is a path relative to the page."""

    image: str
    score: float
    name: str


@dataclass(frozen=True)
class Comparison:
    """An original and its restorations: images, paths relative to the page, and what each costs."""

    original: str
    original_bytes: int
    restorations: Sequence[tuple[str, int]]
    width: int
    height: int
    note: str


def write_page(
    path: Path,
    *,
    title: str,
    note: str,
    stats: Stats,
    answers: Sequence[tuple[str, Sequence[Thumbnail]]],
    comparisons: Sequence[Comparison],
) -> None:
    """Writes the page; the images must already be where it links to."""
    parts = [f"<h1>{escape(title)}</h1><p>{escape(note)}</p>", _figures(stats)]
    for query, hits in answers:
        thumbnails = "".join(map(_thumbnail, hits))
        parts.append(f"<h2>“{escape(query)}”</h2><div class=hits>{thumbnails}</div>")
    parts.append("<h2>Restored</h2>")
    parts.append(
        "<p>Left: the original. Beside it, what its row alone gives back, which means the same and "
        "shows something else; then with a detail, cut to two lengths.</p>"
    )
    parts += [_comparison(comparison) for comparison in comparisons]
    head = (
        "<meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title>"
    )
    body = "".join(parts)
    page = f"<!doctype html><html lang=en>{head}<style>{STYLE}</style>{body}</html>"
    path.write_text(page, "utf-8")


def _figures(stats: Stats) -> str:
    code_bits = stats.clip_bits_per_image + stats.color_bits_per_image
    code_bytes = (code_bits + stats.choice_bits_per_image) / 8
    figures = {
        "images": f"{stats.images:,}",
        "codes per image": f"{code_bytes:.0f} bytes",
        "originals": f"{stats.original_bytes / 1e6:.1f} MB",
        "all codes": f"{stats.images * code_bytes / 1e3:.1f} kB",
        "database and index": f"{stats.archive_bytes / 1e3:.0f} kB",
        "model": stats.model,
    }
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in figures.items()
    )
    return f"<dl>{cells}</dl>"


def _thumbnail(hit: Thumbnail) -> str:
    name = escape(hit.name)
    image = f"<img src='{escape(hit.image)}' alt='{name}'>"
    return f"<figure>{image}<figcaption>{hit.score:.2f} {name}</figcaption></figure>"


def _comparison(row: Comparison) -> str:
    shape = f"style='aspect-ratio:{row.width}/{row.height}'"
    images = [(row.original, "original", f"{row.original_bytes:,} bytes")]
    images += [(file, "reconstruction", f"{size} bytes") for file, size in row.restorations]
    parts = ["<div class=row>"]
    for file, name, size in images:
        image = f"<img {shape} src='{escape(file)}' alt='{name} of {size}'>"
        parts.append(f"<figure>{image}<figcaption>{name}, {size}</figcaption></figure>")
    return "".join([*parts, f"<p>{escape(row.note)}</p></div>"])
