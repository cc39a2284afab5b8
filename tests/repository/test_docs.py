"""The documentation says what the program does, and every link leads somewhere."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

import coldframe
from archive import errors
from archive.codecs import CODECS
from archive.models.pairs import PAIRS
from tests.support.beforehand import hurry
from tests.support.pages import ROOT, links, run_page

SAMPLES = ROOT / "archive" / "demo" / "samples"
EXTERNAL = ("http://", "https://", "mailto:")
REPOSITORY_PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.md")])


PROSE = [*REPOSITORY_PAGES, *sorted((ROOT / "docs").rglob("*.md"))]


class Page(HTMLParser):
    """Ids, links, and what the browser loads by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in ("img", "script", "iframe") and "src" in values:
            self.loaded.append(values["src"])
        if tag == "link" and values.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.loaded.append(values["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The site as `mkdocs build --strict` makes it, by file."""
    folder = tmp_path_factory.mktemp("site").resolve()
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path: Page(path) for path in folder.rglob("*.html")}


def test_the_cli_reference_is_what_click_says() -> None:
    reference = runpy.run_path(str(ROOT / ".ci" / "cli_reference.py"))["reference"]
    written = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert written == reference(), "run `python .ci/cli_reference.py`"


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    base = errors.ColdframeError
    codes = {base.exit_code} | {kind.exit_code for kind in base.__subclasses__()}
    constants = (value for name, value in vars(errors).items() if name.isupper())
    codes |= {value for value in constants if isinstance(value, int)}
    for code in codes:
        assert re.search(rf"^\| {code} \|", page, re.MULTILINE), code


def test_every_codec_is_on_its_page() -> None:
    page = (ROOT / "docs" / "concepts" / "codecs.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)`", page, re.MULTILINE)
    assert listed == [spec.name for spec in CODECS if spec.name != "float16"]  # only a waiting room


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    names = re.findall(r"^::: archive\.(\w+)$", page, re.MULTILINE)
    assert sorted(names) == sorted(set(coldframe.__all__) - {"__version__"})


def test_every_link_of_the_site_leads_somewhere(site: dict[Path, Page]) -> None:
    for path, page in site.items():
        for link in page.links:
            if link.startswith(EXTERNAL) or path.name == "404.html":
                continue
            file, anchor = urldefrag(link)
            target = (path.parent / unquote(file)).resolve() if file else path
            if target.is_dir():
                target /= "index.html"
            assert target.is_file(), f"{path.name} → {link}"
            if anchor and target in site:
                assert unquote(anchor) in site[target].ids, f"{path.name} → {link}"


def test_the_site_loads_nothing_from_elsewhere(site: dict[Path, Page]) -> None:
    loaded = {link for page in site.values() for link in page.loaded}
    assert loaded
    assert not [link for link in loaded if link.startswith((*EXTERNAL, "//"))]


@pytest.mark.parametrize("page", REPOSITORY_PAGES, ids=lambda page: page.name)
def test_every_link_in_the_repository_leads_somewhere(page: Path) -> None:
    for link in links(page):
        file, _ = urldefrag(link)
        if file and not link.startswith(EXTERNAL):
            assert (page.parent / file).exists(), link


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_are_short(page: Path) -> None:
    """Up to 120 columns, except tables, code, and what cannot be broken."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for line in text.splitlines():
        assert len(line) <= 120 or line.startswith(("|", "    ")) or " " not in line.strip(), line


def test_links_of_the_readme_work_where_it_is_read() -> None:
    """A package index shows it without the repository: once that has an address, links need it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    address = project.get("urls", {}).get("Repository")
    for link in links(ROOT / "README.md"):
        assert address is None or link.startswith(EXTERNAL), (
            f"{link}: write {address}/blob/main/{link}"
        )


def test_the_picture_of_the_readme_is_light() -> None:
    assert (ROOT / "docs" / "assets" / "readme.webp").stat().st_size <= 200_000


def test_commits_that_blame_passes_over_exist() -> None:
    lines = (ROOT / ".git-blame-ignore-revs").read_text().splitlines()
    commits = [line for line in lines if line and not line.startswith("#")]
    ask = ["git", "rev-parse", "--is-shallow-repository"]
    answer = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.stdout.strip() != "false":
        pytest.skip("no full clone of the repository")
    for commit in commits:
        subprocess.run(["git", "cat-file", "-e", f"{commit}^{{commit}}"], cwd=ROOT, check=True)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md"])
def test_every_block_runs_as_shown(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path / "photos", tmp_path / "home" / "Pictures"):
        folder.mkdir(parents=True)
        for number in range(1, 13):
            shutil.copy(SAMPLES / f"{number:02}.webp", folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("archive.models.pairs.PAIRS", dict(PAIRS))
    hurry()
    run_page(ROOT / page)
