"""The page of hits needs no other file, shows every picture, and takes no name for HTML."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from archive.archive import Archive
from archive.gallery.page import SIDE, write_hit_page
from archive.gallery.pictures import hit_pictures
from archive.index.hits import Hit
from tests.gallery.conftest import AWAY, HOSTILE
from tests.support.browser import chromium, needs_chromium

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "h1", "main", "p"),
    *("ol", "li", "a", "div", "img", "span", "bdi"),
}
TITLE = "“<i>a house” − “snow & ice”"


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str, name: str) -> list[str]:
        """The attribute `name` of all tags that have it."""
        return [value for kind, attrs in self.tags if kind == tag and (value := attrs.get(name))]


@pytest.fixture
def page(filled: Archive, hits: list[Hit], tmp_path: Path) -> Path:
    file = tmp_path / "hits.html"
    write_hit_page(file, TITLE, "12 hits", hit_pictures(filled, hits, side=SIDE))
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_it_holds_every_picture_and_links_to_the_originals(page: Path, hits: list[Hit]) -> None:
    parsed = Tags(page.read_text("utf-8"))
    sources = parsed.attributes("img", "src")
    for source in sources:
        encoded = source.removeprefix("data:image/jpeg;base64,")
        with Image.open(io.BytesIO(base64.b64decode(encoded, validate=True))) as image:
            assert image.size == (240, 160)
    assert len(sources) == 12
    links = [unquote(urlsplit(link).path) for link in parsed.attributes("a", "href")]
    assert links == [hit.path for hit in hits if hit != hits[AWAY]]
    assert parsed.text.count("color map only") == 1
    assert not re.search(r"https?:|<script|<link|url\(", page.read_text("utf-8"))


def test_names_and_words_are_text(page: Path, hits: list[Hit]) -> None:
    parsed = Tags(page.read_text("utf-8"))
    assert {tag for tag, _ in parsed.tags} == TAGS
    alternatives = parsed.attributes("img", "alt")
    assert HOSTILE in alternatives
    assert HOSTILE in parsed.text
    away = Path(hits[AWAY].path).name
    assert alternatives[AWAY] == f"the color map of {away}, whose original is not here"
    assert parsed.text.count(TITLE) == 2


def test_words_that_are_no_utf8_are_question_marks(tmp_path: Path) -> None:
    write_hit_page(tmp_path / "hits.html", "“\udcfc”", "0 hits", [])
    assert "<h1>“?”</h1>" in (tmp_path / "hits.html").read_text("utf-8")


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_and_axe_hears_nothing(
    browser: Browser, page: Path, scheme: Literal["light", "dark"]
) -> None:
    viewport: ViewportSize = {"width": 390, "height": 800}
    with browser.new_page(color_scheme=scheme, viewport=viewport) as tab:
        messages: list[str] = []
        tab.on("console", lambda message: messages.append(message.text))
        tab.goto(page.as_uri())
        widths = tab.eval_on_selector_all("img", "all => all.map(image => image.naturalWidth)")
        assert widths == [240] * 12
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        assert messages == []
        assert Axe().run(tab).response["violations"] == []
