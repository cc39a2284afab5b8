"""Hits → an HTML page that needs nothing else: no file, no script, no network.

Pictures are data URLs; each links to its original by its file:// address. It looks as the page of
`coldframe serve` does, whose style sheet it holds, by day and by night.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path

from archive.gallery.pictures import HitPicture
from archive.imaging.encode import encoded

SIDE = 480  # pixels of a picture's long side
NARROWEST = 0.6  # width / height of the room for a picture
WIDEST = 2.5
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
h1 { overflow-wrap: anywhere; }
.hits { display: flex; flex-wrap: wrap; gap: 1.2rem 1rem; margin: 0; padding: 0; list-style: none; }
.hits::after { content: ""; flex: 1e4 1 0; }
.hits li {
  flex: var(--ratio) 1 calc(var(--ratio) * 13rem); min-width: 9rem;
  max-width: calc(var(--ratio) * 19rem);
}
.frame { display: block; position: relative; overflow: hidden; border-radius: 4px; }
.frame img { display: block; width: 100%; height: auto; }
.hits p { margin: .35rem 0 0; overflow-wrap: anywhere; font-size: .9rem; }
.hits .figures { margin: 0; font-size: .82rem; color: var(--soft-ink); }
"""


def write_hit_page(path: Path, title: str, note: str, pictures: Iterable[HitPicture]) -> None:
    """Pictures → an HTML file, with a heading and a line under it."""
    head = (
        "<meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
        f'<meta http-equiv=Content-Security-Policy content="{POLICY}">'
        f"<title>{escape(title)} – coldframe</title><style>{_style()}</style>"
    )
    body = (
        f"<header><h1>{escape(title)}</h1></header>\n"
        f"<main><p id=status>{escape(note)}</p>\n<ol class=hits>\n"
        f"{''.join(map(_item, pictures))}</ol></main>"
    )
    page = f"<!doctype html><html lang=en><head>{head}</head>\n<body>{body}</body></html>\n"
    path.write_text(page, "utf-8", errors="replace")  # words may be bytes that are no UTF-8


def _style() -> str:
    sheet = files("archive.service") / "web" / "style.css"
    return sheet.read_text("utf-8") + STYLE


def _item(picture: HitPicture) -> str:
    name = escape(picture.name)
    height, width, _ = picture.pixels.shape
    content = base64.b64encode(encoded(picture.pixels, "JPEG")).decode("ascii")
    what = name if picture.original else f"the color map of {name}, whose original is not here"
    image = (
        f'<img src="data:image/jpeg;base64,{content}" alt="{what}" width={width} height={height}>'
    )
    figures = [str(picture.rank), picture.quality]
    if picture.hit.taken_at:
        figures.append(f"{picture.hit.taken_at:%Y-%m-%d}")
    if picture.original:
        address = escape(picture.original.as_uri())
        frame = f'<a class=frame href="{address}">{image}</a>'
    else:
        frame = f"<div class=frame>{image}<span class=label>color map only</span></div>"
    caption = f"<p><bdi>{name}</bdi></p><p class=figures>{' · '.join(figures)}</p>"
    ratio = min(max(width / height, NARROWEST), WIDEST)
    return f"<li style='--ratio:{ratio:.3f}'>{frame}{caption}</li>\n"
