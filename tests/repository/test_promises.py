"""What the design promises, held as tests."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from archive.settings import Settings
from cli.main import COMMANDS, coldframe

ROOT = Path(__file__).resolve().parents[2]
LAYERS = (  # wings: each may import from those before it, and from none beside it
    {"errors", "settings", "arrays", "metrics", "records"},
    {"codecs"},
    {"imaging", "models", "store"},
    {"index", "filters", "originals", "detail"},
    {"ingest", "recode", "restore", "preserve"},
    {"evaluate"},
    {"archive"},
    {"demo", "service"},
)
DOORS = {  # library → the only places that may import it
    "sqlalchemy": ("archive/store/", "migrations/"),
    "alembic": ("archive/store/database.py", "migrations/"),
    "torch": (
        "archive/models/",
        "archive/codecs/pqvae",
        "archive/codecs/coders/pqvae",
        "archive/evaluate/iqa.py",
    ),
    "matplotlib": ("cli/commands/bench_plot.py",),
    "pyiqa": ("archive/evaluate/iqa.py",),
    "open_clip": ("archive/models/encoder.py",),
    "diffusers": ("archive/models/decoders/",),
    "transformers": ("archive/models/text.py", "archive/models/decoders/"),
    "huggingface_hub": ("archive/models/hub.py",),
    "faiss": ("archive/index/",),
    "constriction": ("archive/codecs/coders/range_coder.py",),
    "sklearn": ("archive/codecs/",),
    "PIL": ("archive/imaging/", "archive/models/encoder.py"),
    "click": ("cli/",),
    "rich": ("cli/shared/progress.py",),
}
LATE = (
    "migrations/",
    "archive/codecs/coders/pqvae_network.py",
)  # modules that are themselves imported when needed
LAZY = set(DOORS) - {"sqlalchemy", "PIL", "click"}
SOURCES = sorted(
    path for folder in ("archive", "cli", "migrations") for path in (ROOT / folder).rglob("*.py")
)
OURS = sorted(
    path
    for folder in ("archive", "cli", "migrations", "training", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module, whether at the top of the file) of every import that runs."""
    tree = ast.parse(path.read_text())
    checked = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in checked:
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        found += [(name, node in tree.body) for name in names]
    return found


def test_imports_point_one_way() -> None:
    rank = {name: position for position, layer in enumerate(LAYERS) for name in layer}
    for path in (ROOT / "archive").rglob("*.py"):
        own = path.relative_to(ROOT / "archive").parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for module, _ in imports(path):
            package, _, rest = module.partition(".")
            other = rest.split(".")[0]
            assert package not in ("cli", "training", "benchmarks", "tests"), (
                f"{path} imports {module}"
            )
            if package == "archive" and other and other != own:
                assert rank[other] < rank[own], f"{own} imports {other}"


def test_every_heavy_library_has_one_door_and_is_imported_when_needed() -> None:
    for path in SOURCES:
        place = path.relative_to(ROOT).as_posix()
        for module, at_top in imports(path):
            library = module.split(".")[0]
            if library in DOORS:
                assert place.startswith(DOORS[library]), f"{place} imports {library}"
            assert not (library in LAZY and at_top and not place.startswith(LATE)), (
                f"{place} imports {library} at the top"
            )


def test_the_library_never_prints_exits_or_configures_logging() -> None:
    for path in (ROOT / "archive").rglob("*.py"):
        called = {
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
        }
        assert not called & {"print", "sys.exit", "exit", "logging.basicConfig"}, path


def test_help_imports_none_of_the_heavy_libraries() -> None:
    code = "import sys; from cli.main import coldframe; coldframe(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & (LAZY | {"numpy", "sqlalchemy", "PIL"})


def test_files_and_functions_stay_small() -> None:
    for path in OURS:
        text = path.read_text()
        assert len(text.splitlines()) <= 250, path
        if {"scenes", "versions"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= 45, f"{path}: {node.name} has {lines} lines"


def test_migrations_make_exactly_the_models_tables(settings: Settings) -> None:
    from alembic import command

    from archive.store.database import Database, alembic_config

    database = Database(settings)
    database.migrate()
    with database.writing() as connection:
        command.check(alembic_config(connection))  # raises where they differ
        command.downgrade(alembic_config(connection), "base")
        command.upgrade(alembic_config(connection), "head")
    database.close()


def test_the_migrations_are_in_the_package_wherever_it_runs(tmp_path: Path) -> None:
    code = "from archive import Settings, store; store.Store.create(Settings('a')); store.Store.open(Settings('a'))"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_every_command_and_option_says_what_it_does() -> None:
    context = click.Context(coldframe)
    for name in COMMANDS:
        command = coldframe.get_command(context, name)
        assert command is not None
        assert command.help
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert (
                    parameter.help
                    or isinstance(parameter.type, click.Choice)
                    or parameter.type.name != "text"
                ), f"{name} {parameter.opts}"


def test_what_ci_runs_stands_in_the_readme() -> None:
    commands = subprocess.run(
        [sys.executable, ROOT / ".ci" / "readme_commands.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = commands.stdout.splitlines()
    assert "coldframe demo" in first
    assert "pytest" in second


def test_dependencies_are_ranges_not_pins() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for some in project["optional-dependencies"].values() for one in some]
    for requirement in project["dependencies"] + extras:
        assert ">=" in requirement or requirement.startswith("coldframe["), requirement
        assert "==" not in requirement


def test_versions_agree() -> None:
    from importlib.metadata import version

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version("coldframe") == project["version"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), path
