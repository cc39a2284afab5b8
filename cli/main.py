"""`coldframe`: the group of commands, and the one place where an error becomes a message and an
exit code.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings

import click

from archive.errors import DAMAGE_FOUND, DONE, INTERRUPTED, ColdframeError
from cli.lazy import LazyGroup
from cli.shared.damaged import damaged_rows

COMMANDS = (
    "init",
    "ingest",
    "search",
    "restore",
    "ls",
    "show",
    "stats",
    "verify",
    "audit",
    "recode",
    "forget",
    "models",
    "demo",
    "bench",
)
EPILOG = """Exit codes: 0 success, 1 failure, 2 usage, 3 some inputs skipped, 4 damage found,
10 no archive, 11 locked, 12 model missing, 13 read-only, 14 disk full,
15 database server unreachable, 101 time limit reached, 130 interrupted."""


@click.command(
    cls=LazyGroup,
    names=COMMANDS,
    epilog=EPILOG,
    context_settings={"auto_envvar_prefix": "COLDFRAME"},
)
@click.version_option(package_name="coldframe")
def coldframe() -> None:
    """Archive images as about a hundred bytes each, search them by meaning, regenerate them on
    demand.

    \b
    coldframe init --model pocket          create an archive in ./coldframe
    coldframe ingest ~/Pictures            archive a folder; originals are only read
    coldframe search "a dog on the beach"  search by meaning
    coldframe restore 12 --out restored    regenerate image 12
    """


def main() -> None:
    """The console script."""
    _quiet_libraries()
    _share_cores()
    try:
        with damaged_rows() as damaged:
            status = coldframe.main(prog_name="coldframe", standalone_mode=False)
        status = status or (DAMAGE_FOUND if damaged else DONE)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except ColdframeError as error:
        click.echo(f"coldframe: {error}", err=True)
        status = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(
            "coldframe: interrupted; what was committed is safe, run the same command to resume",
            err=True,
        )
        status = INTERRUPTED
    except BrokenPipeError:  # the reader is gone; write nothing more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:
        if os.environ.get("COLDFRAME_DEBUG"):
            raise
        cause = f"{type(error).__name__}: {error}"
        hint = "set COLDFRAME_DEBUG=1 for a traceback"
        click.echo(f"coldframe: internal error: {cause} ({hint})", err=True)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _quiet_libraries() -> None:
    """Keeps library chatter off stderr."""
    warnings.simplefilter("ignore")
    logging.getLogger().setLevel(logging.ERROR)
    for library in ("TRANSFORMERS", "DIFFUSERS", "HF_HUB"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _share_cores() -> None:
    """Makes idle OpenMP threads (libgomp: torch, faiss) yield their core 30 times sooner than by
    default.

    A restoration alone is as fast as before; beside another busy program it is twice as fast.
    libgomp reads this when it is loaded, so it is set first; an OpenMP setting of the user's wins.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
