"""What the design promises, held as tests."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import click

from cli.main import COMMANDS, coldframe
from tests.support.sources import ROOT


def test_the_migrations_are_in_the_package_wherever_it_runs(tmp_path: Path) -> None:
    code = "from archive import Settings; from archive.store import Store; "
    code += "Store.create(Settings('a')); Store.open(Settings('a'))"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_the_library_is_imported_from_any_folder_and_is_typed(tmp_path: Path) -> None:
    code = "import coldframe, archive; print(archive.__file__)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).with_name("py.typed").is_file()


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
