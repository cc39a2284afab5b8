"""`coldframe`: the group of commands, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import logging
import os
import sys
import warnings

import click

from archive.errors import INTERRUPTED, ColdframeError
from cli.lazy import LazyGroup

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
    "models",
    "demo",
    "bench",
)
EPILOG = """Exit codes: 0 done, 1 failed, 2 usage, 3 done but some inputs skipped, 4 verify found damage, 10 no archive
there, 11 locked, 12 model missing, 101 time limit reached, 130 interrupted."""


@click.command(
    cls=LazyGroup,
    names=COMMANDS,
    epilog=EPILOG,
    context_settings={"auto_envvar_prefix": "COLDFRAME"},
)
@click.version_option(package_name="coldframe")
def coldframe() -> None:
    """Archive pictures as about a hundred bytes each, search them by meaning, draw them again on demand.

    \b
    coldframe init --model pocket          make an archive in ./coldframe
    coldframe ingest ~/Pictures            archive a folder; originals are only read
    coldframe search "a dog on the beach"  find
    coldframe restore 12 --out restored    draw row 12 again
    """


def main() -> None:
    """The console script."""
    _quiet_libraries()
    _share_cores()
    try:
        status = coldframe(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except ColdframeError as error:
        click.echo(f"coldframe: {error}", err=True)
        status = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(
            "coldframe: interrupted; what was committed is safe, run the same command to go on",
            err=True,
        )
        status = INTERRUPTED
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # whoever read us has gone; say nothing more
        status = 1
    except Exception as error:
        if os.environ.get("COLDFRAME_DEBUG"):
            raise
        told = f"{type(error).__name__}: {error}"
        click.echo(
            f"coldframe: an error of coldframe itself, {told}; COLDFRAME_DEBUG=1 shows where",
            err=True,
        )
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _quiet_libraries() -> None:
    """stderr is for what concerns the user."""
    warnings.simplefilter("ignore")
    logging.getLogger().setLevel(logging.ERROR)
    for library in ("TRANSFORMERS", "DIFFUSERS", "HF_HUB"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _share_cores() -> None:
    """Threads of libgomp (torch's, faiss's) that wait for each other give up their core 30 times sooner than usual.

    Alone a picture is restored as fast as before, beside another busy program twice as fast. It is read when the
    libraries are loaded, so this comes first; who has an OpenMP setting of their own keeps it.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
