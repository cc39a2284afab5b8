"""The recipes of docs/watching.md are what systemd, launchd and Compose can read, and name options
that exist.
"""

from __future__ import annotations

import configparser
import plistlib
import re
import shlex

import click
import pytest
import yaml

from cli.main import coldframe
from tests.support.sources import ROOT

PAGE = (ROOT / "docs" / "watching.md").read_text("utf-8")


def block(language: str) -> str:
    """The page's only block of a language."""
    [text] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def commands() -> dict[str, list[str]]:
    """Where it is run → the words after `coldframe`."""
    unit = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(block("ini"))
    service = yaml.safe_load(block("yaml"))["services"]["coldframe"]
    arguments = plistlib.loads(block("xml").encode())["ProgramArguments"]
    cron = block("text").partition(" coldframe ")[2]
    return {
        "systemd": shlex.split(unit["Service"]["ExecStart"])[1:],
        "launchd": arguments[1:],
        "compose": shlex.split(service["command"]),
        "cron": shlex.split(cron),
    }


@pytest.mark.parametrize("place", ["systemd", "launchd", "compose", "cron"])
def test_the_command_of_a_recipe_is_understood(place: str) -> None:
    name, *words = commands()[place]
    group = click.Context(coldframe)
    command = coldframe.get_command(group, name)
    assert command is not None
    command.make_context(name, words, parent=group, auto_envvar_prefix="NONE")


def test_a_terminated_service_is_no_failure_for_systemd() -> None:
    assert "SuccessExitStatus=143" in block("ini")
    assert "kill -HUP $MAINPID" in block("ini")
