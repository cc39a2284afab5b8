"""The page, in a real browser: by mouse, by keyboard, on a phone, and as axe hears it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from archive.archive import Archive
from tests.support.browser import chromium, needs_chromium
from tests.support.service import HOST, Running, serving

ROWS = 15
PATIENCE = 60_000  # milliseconds
SERIOUS = ("serious", "critical")

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> Iterator[Running]:
    """A service of fifteen scenes, the first of which has a detail."""
    copy = shutil.copytree(scenes / "archive", tmp_path_factory.mktemp("page") / "archive")
    with Archive(copy) as archive:
        list(archive.write_details(archive.rows([1]), max_bytes=24))
    with serving(copy) as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: Running) -> Iterator[Page]:
    """The page, opened; what it complains of fails the test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.set_default_timeout(PATIENCE)
    opened.goto(address(served))
    expect(opened.locator("#status")).to_have_text(f"{ROWS} pictures", timeout=PATIENCE)
    yield opened
    opened.close()
    assert not complaints


def address(served: Running) -> str:
    """Where the page is."""
    return f"http://{HOST}:{served.port}/"


def name_of(page: Page, position: int) -> str:
    """What a tile is called."""
    return page.locator(".tile .open").nth(position).get_attribute("aria-label") or ""


def test_a_search_fills_the_grid_and_back_returns(page: Page) -> None:
    assert page.locator(".tile").count() == ROWS
    page.fill("#words", "a lighthouse")
    page.press("#words", "Enter")
    expect(page.locator("#status")).to_contain_text("a lighthouse", timeout=PATIENCE)
    assert "score" in name_of(page, 0)
    expect(page.locator(".tile .sharp.there").first).to_be_visible(timeout=PATIENCE)
    page.go_back()
    expect(page.locator("#status")).to_have_text(f"{ROWS} pictures", timeout=PATIENCE)
    assert "score" not in name_of(page, 0)


def test_a_picture_is_restored_from_as_many_bytes_as_the_dial_says(page: Page) -> None:
    page.locator(".tile .open").first.click()
    viewer = page.locator("#viewer")
    expect(viewer.locator(".dial input")).to_have_count(3, timeout=PATIENCE)
    viewer.locator(".dial label").first.click()
    restoration = viewer.locator(".restoration")
    expect(restoration).to_be_visible(timeout=PATIENCE)
    row_alone = restoration.get_attribute("src")
    expect(viewer.locator(".label")).to_contain_text("not the original")
    viewer.locator(".dial label").last.click()
    expect(restoration).not_to_have_attribute("src", row_alone or "", timeout=PATIENCE)
    viewer.get_by_role("slider").press("End")
    assert "--split: 100%" in (viewer.locator(".stage").get_attribute("style") or "")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()


def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    first = name_of(page, 0)
    page.keyboard.press("/")
    page.keyboard.type("a red bus")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("a red bus", timeout=PATIENCE)
    page.locator(".tile .open").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    expect(page.locator("#selected")).to_have_text("1 picture")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.locator(".tile .open").first.focus()
    page.keyboard.press("Enter")
    title = page.locator("#viewer-title")
    before = title.inner_text()
    page.keyboard.press("ArrowRight")
    expect(title).not_to_have_text(before)
    page.keyboard.press("s")
    expect(page.locator("#status")).to_contain_text("like picture", timeout=PATIENCE)
    assert first


def test_a_picture_of_ones_own_finds_its_like(page: Page, scenes: Path) -> None:
    page.click("#by-picture")
    page.set_input_files("#files", sorted((scenes / "album").iterdir())[2])
    page.get_by_role("button", name="Find what looks like it").click()
    expect(page.locator("#status")).to_contain_text("like ", timeout=PATIENCE)
    assert float(name_of(page, 0).rsplit(" ", 1)[1]) > 0.8


def test_filters_are_kept_in_the_address(page: Page) -> None:
    page.click("#show-filters")
    page.fill("#filters [name=format]", "TIFF")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#status")).to_have_text("no picture passes these filters")
    assert "format=TIFF" in page.url
    page.get_by_role("button", name="Clear").last.click()
    expect(page.locator("#status")).to_have_text(f"{ROWS} pictures")


def test_the_other_views_have_something_to_say(page: Page) -> None:
    for view, expected in {
        "figures": "When they were taken",
        "volumes": "Last seen",
        "ledger": "Every file was archived",
        "jobs": "",
    }.items():
        page.click(f"nav [data-view={view}]")
        expect(page.locator("#panel")).to_contain_text(expected, timeout=PATIENCE)


def test_figures_are_drawn_and_can_be_read(page: Page) -> None:
    page.click("nav [data-view=figures]")
    drawing = page.get_by_role("img", name="Pictures by time")
    months = "2018-07: 1, 2019-07: 1, 2020-07: 1"
    expect(drawing).to_have_attribute("aria-label", f"Pictures by time. {months}")
    page.locator("#panel .bars a", has_text="JPEG").click()
    expect(page.locator("#status")).to_have_text("7 pictures", timeout=PATIENCE)
    assert "format=JPEG" in page.url


def test_what_nothing_matches_is_told(page: Page) -> None:
    for words, is_nothing in (("purple submarine accountant", True), ("a boat on the sea", False)):
        page.fill("#words", words)
        page.press("#words", "Enter")
        expect(page.locator("#status")).to_contain_text(words, timeout=PATIENCE)
        assert ("Nothing really matches" in page.inner_text("#status")) == is_nothing
        assert page.locator(".tile.weak").count() > 0
        assert (page.locator(".tile:not(.weak)").count() == 0) == is_nothing


def test_a_handle_over_the_timeline_filters_by_date(page: Page) -> None:
    page.click("#show-filters")
    first = page.get_by_role("slider", name="First month")
    expect(first).to_have_attribute("aria-valuetext", "July 2018", timeout=PATIENCE)
    first.press("ArrowRight")
    page.get_by_role("slider", name="Last month").press("ArrowLeft")
    fields = page.locator("#filters")
    assert fields.locator("[name=since]").input_value() == "2018-08"
    assert fields.locator("[name=until]").input_value() == "2020-06"
    assert page.locator("#cameras option").get_attribute("value") == "Canon EOS 5D"
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#status")).to_have_text("1 picture")
    assert "July 14, 2019" in name_of(page, 0)


def test_a_picture_leads_to_those_near_it(page: Page) -> None:
    page.goto(f"{page.url}?since=2020")
    expect(page.locator("#status")).to_have_text("1 picture", timeout=PATIENCE)
    page.locator(".tile .open").first.click()
    page.get_by_role("button", name="Near this place").click()
    expect(page.locator("#filters [name=near]")).to_have_value("52.5163,13.3777,5")
    expect(page.locator("#status")).to_have_text("1 picture", timeout=PATIENCE)


def test_axe_hears_nothing_serious(page: Page, served: Running) -> None:
    page.goto(f"{address(served)}?q=a+house")
    expect(page.locator(".tile").first).to_be_visible(timeout=PATIENCE)
    page.click("#show-filters")
    expect(page.locator("#plot svg")).to_be_visible(timeout=PATIENCE)
    assert serious(page) == []
    page.locator(".tile .open").first.click()
    expect(page.locator("#viewer dl")).to_contain_text("SHA-256", timeout=PATIENCE)
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.click("nav [data-view=figures]")
    expect(page.locator("#panel .charts svg").first).to_be_visible(timeout=PATIENCE)
    assert serious(page) == []


def test_a_phone_is_wide_enough(browser: Browser, served: Running) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto(f"{address(served)}?q=a+house")
    expect(page.locator(".tile").first).to_be_visible(timeout=PATIENCE)
    page.locator("#show-filters").tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".tile .open").first.tap()
    expect(page.locator("#viewer dl")).to_contain_text("SHA-256", timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or worse, in the light and in the dark."""
    violations = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        violations += Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in violations if v["impact"] in SERIOUS]
