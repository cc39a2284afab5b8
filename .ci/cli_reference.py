"""The command-line reference, from what click knows: `python .ci/cli_reference.py` rewrites
docs/cli.md.

A test compares the file with `reference()`, so the page never disagrees with `coldframe --help`.
"""
# ruff: noqa: E501  the page has lines of up to 120 columns

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from archive import errors  # noqa: E402  the checkout, whatever is installed
from cli.main import coldframe  # noqa: E402

PAGE = ROOT / "docs" / "cli.md"
WIDTH = 120  # columns
HEAD = """\
# Command line

<!-- Generated from the commands by `python .ci/cli_reference.py`. Edit the help texts in cli/, not this page. -->

```console
$ coldframe COMMAND --help
```

| command | what it does |
|---|---|
{commands}

## Conventions

* **Where the archive is**: `--archive`, else the variable `COLDFRAME_ARCHIVE`, else `./coldframe`. It is a directory
  (SQLite) or a database URL (`postgresql://…`).
* **Options in the environment**: every option can be set as `COLDFRAME_<COMMAND>_<OPTION>`, for example
  `COLDFRAME_SEARCH_LIMIT=20`.
* **Data on stdout, everything else on stderr.** Progress is a bar on a terminal and one line a minute otherwise.
* **On a terminal** `ls` and `stats` print tables of its width, and paths below the current folder are relative to it.
  Pipes and files get lines, and absolute paths.
* **`--json`** prints one document, or, for commands that run long, one JSON object a line with a `message_type`. A path
  that is not valid UTF-8 comes with its bytes as `path_b64`.
* **Interrupting is safe.** What was committed stays; the same command continues where it stopped.
* `COLDFRAME_DEBUG=1` shows the traceback of an internal error.

## Exit codes

| exit code | meaning |
|---|---|
{exit_codes}
"""
EXIT_CODES = {
    errors.DONE: "done",
    errors.ColdframeError.exit_code: "failed",
    errors.UsageError.exit_code: "wrong usage",
    errors.SOME_SKIPPED: "done, but some inputs were skipped",
    errors.DAMAGE_FOUND: "`verify` found damage",
    errors.NoArchive.exit_code: "no archive at that location",
    errors.ArchiveLocked.exit_code: "locked by another process for longer than `--lock-seconds`",
    errors.ModelMissing.exit_code: "model weights are missing",
    errors.ArchiveReadOnly.exit_code: "the archive can only be read",
    errors.DiskFull.exit_code: "the disk is full; what was committed is safe",
    errors.DatabaseUnreachable.exit_code: "the database server cannot be reached, or refuses",
    errors.TIME_LIMIT_REACHED: "time limit reached; run it again to continue",
    errors.HUNG_UP: "hung up (SIGHUP); what was committed is safe",
    errors.INTERRUPTED: "interrupted; what was committed is safe",
    errors.TERMINATED: "terminated (SIGTERM); what was committed is safe",
}


def reference() -> str:
    """The whole page, Markdown."""
    commands = list(_commands(coldframe, "coldframe"))
    summaries = [f"| [`{name}`](#{_anchor(name)}) | {_summary(cmd)} |" for name, cmd in commands]
    codes = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    head = HEAD.format(commands="\n".join(summaries), exit_codes="\n".join(codes))
    sections = [_section(name, command) for name, command in commands]
    return "\n".join([head, *sections])


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        elif command is not None:
            yield f"{path} {name}", command


def _section(name: str, command: click.Command) -> str:
    options = [param for param in command.params if isinstance(param, click.Option)]
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    usage = " ".join([name, "[OPTIONS]", *(_placeholder(argument) for argument in arguments)])
    lines = [f"## {name}", "", f"```text\n{usage}\n```", "", _help(command), ""]
    lines += [_option(option) for option in options if not option.hidden]
    return "\n".join([*lines, ""])


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _summary(command: click.Command) -> str:
    """The first sentence of the help text."""
    first = " ".join(inspect.cleandoc(command.help or "").partition("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", first)[0].rstrip(".")


def _help(command: click.Command) -> str:
    """The help text, click's \\b paragraphs as they are."""
    text = inspect.cleandoc(command.help or "").partition("\f")[0]
    paragraphs = [paragraph.strip("\n") for paragraph in text.split("\n\n")]
    blocks = [
        "```text\n" + paragraph.removeprefix("\b\n") + "\n```"
        if paragraph.startswith("\b")
        else paragraph
        for paragraph in paragraphs
    ]
    return "\n\n".join(blocks)


def _placeholder(argument: click.Argument) -> str:
    if argument.metavar:
        return argument.metavar
    name = (argument.name or "").upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _option(option: click.Option) -> str:
    """One item of the list: names, value, help, range, default."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {_value(option)}"
    details = [_sentence(option.help or ""), _range(option.type)]
    details += ["Required."] if option.required else []
    details += ["Repeatable."] if option.multiple and "Repeatable." not in details[0] else []
    default = option.default
    if option.show_default and isinstance(default, str | int | float):
        details.append(f"Default: `{default}`.")
    text = " ".join(filter(None, details))
    return _wrapped(f"* `{names}{value}`" + (f": {text}" if text else ""))


def _value(option: click.Option) -> str:
    kind = option.type
    if option.metavar:
        return option.metavar
    if isinstance(kind, click.Choice):
        return "|".join(map(str, kind.choices))
    if isinstance(kind, click.types.IntParamType):
        return "N"
    if isinstance(kind, click.types.FloatParamType):
        return "X"
    if isinstance(kind, click.Path):
        return "FILE" if not kind.dir_okay else "PATH" if kind.file_okay else "FOLDER"
    return kind.name if kind.name != "text" else (option.name or "").upper()


def _range(kind: click.ParamType) -> str:
    """What numbers are allowed; a bound above a million is no news."""
    if not isinstance(kind, click.IntRange | click.FloatRange) or kind.min is None:
        return ""
    if kind.max is None or kind.max > 1_000_000:
        return f"At least {kind.min:g}." if kind.min else ""
    return f"{kind.min:g} to {kind.max:g}."


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "]")) else text + "."


def _wrapped(text: str) -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
    )


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")
