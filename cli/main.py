"""`coldframe`: the group of commands, and what surrounds each of them."""

from __future__ import annotations

import logging
import os
import sys
import warnings

import click

from archive.errors import DAMAGE_FOUND
from cli.lazy import LazyGroup
from cli.shared.damaged import damaged_rows
from cli.shared.explain import explain, explain_signal
from cli.shared.signals import raise_on_signals
from cli.shared.streams import flush_stdout, prepare_streams

COMMANDS = (
    "init",
    "ingest",
    "watch",
    "detail",
    "search",
    "restore",
    "ls",
    "show",
    "volumes",
    "stats",
    "verify",
    "audit",
    "recode",
    "forget",
    "serve",
    "models",
    "demo",
    "bench",
)
EPILOG = """Exit codes: 0 success, 1 failure, 2 usage, 3 some inputs skipped, 4 damage found,
10 no archive, 11 locked, 12 model missing, 13 read-only, 14 disk full,
15 database server unreachable, 101 time limit reached, 129 hung up, 130 interrupted,
143 terminated."""


@click.command(
    cls=LazyGroup,
    names=COMMANDS,
    epilog=EPILOG,
    context_settings={
        "auto_envvar_prefix": "COLDFRAME",
        "help_option_names": ["-h", "--help"],
    },
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
    prepare_streams()
    raise_on_signals()
    _quiet_libraries()
    _share_cores()
    try:
        with damaged_rows() as damaged:
            status = coldframe.main(prog_name="coldframe", standalone_mode=False)
        sys.stdout.flush()
        if damaged and not status:
            status = DAMAGE_FOUND
    except BrokenPipeError:  # the reader is gone; write nothing more
        status = 1
    except (KeyboardInterrupt, click.Abort) as error:
        status = explain_signal(error)
    except Exception as error:
        status = explain(error)
    flush_stdout()
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
