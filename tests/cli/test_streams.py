"""Commands live with whatever streams, home, user and folder they get."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.shell import COMMAND, Done, Shell

NOBODY = 54321  # a user id without an entry in passwd


def run(shell: Shell, line: str, folder: Path, **variables: str | None) -> Done:
    """A line of shell, in which `coldframe` is the command; a variable that is None is unset."""
    environment = {**shell.environment, **variables}
    return subprocess.run(
        ["sh", "-c", line.replace("coldframe", shlex.join(COMMAND))],
        check=False,
        cwd=folder,
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("coldframe ls 2>&-", 0, ""),
        ("coldframe ls -0 >&-", 0, ""),
        ("coldframe ls <&-", 0, ""),
        ("coldframe ls <&- >&- 2>&-", 0, ""),
        ("coldframe show 99 2>&-", 1, ""),
        ("coldframe show 99 2>/dev/full", 1, ""),
        ("coldframe ls --bogus >&- 2>&-", 2, ""),
        ("coldframe ls >/dev/full", 14, "the output cannot be written: No space left on device"),
        ("coldframe ls --json >/dev/full", 14, "the output cannot be written"),
        ("coldframe ls -0 >/dev/full", 14, "the output cannot be written"),
        ("coldframe --help >/dev/full", 14, "No space left on device"),
        ("coldframe --version >/dev/full", 14, "No space left on device"),
        ("coldframe ls | true", 0, ""),
    ],
)
def test_closed_and_full_streams_are_success_or_a_sentence(
    filled_shell: Shell, tmp_path: Path, line: str, code: int, message: str
) -> None:
    done = run(filled_shell, line, tmp_path)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == bool(message)


def test_a_reader_that_has_gone_is_no_error_to_talk_about(
    filled_shell: Shell, tmp_path: Path
) -> None:
    loop = "(for turn in 1 2; do coldframe ls; echo $? >>codes; done) | head -n 1"
    done = run(filled_shell, loop, tmp_path)
    assert done.stderr == ""


def test_a_closed_stderr_does_not_write_into_the_archive(
    filled_shell: Shell, tmp_path: Path, image_folder: Path
) -> None:
    """The database must not get the number of a closed stream."""
    archive = shutil.copytree(filled_shell.location, tmp_path / "archive")
    place = {"COLDFRAME_ARCHIVE": str(archive)}
    line = f"coldframe ingest --rescan {shlex.quote(str(image_folder))} >&- 2>&-"
    assert run(filled_shell, line, tmp_path, **place).returncode == 0
    assert "no errors found" in run(filled_shell, "coldframe verify", tmp_path, **place).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_what_an_encoding_lacks_is_escaped(pocket_shell: Shell, album: Path, encoding: str) -> None:
    (album / "scene 0.jpg").rename(album / "é 犬.jpg")
    pocket_shell("ingest", album)
    done = run(pocket_shell, "coldframe ls", album, PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\\u72ac.jpg" in done.stdout
    listed = run(pocket_shell, "coldframe ls --json", album, PYTHONIOENCODING=encoding)
    assert "\\u72ac.jpg" in listed.stdout
    assert run(pocket_shell, "coldframe --help", album, PYTHONIOENCODING=encoding).returncode == 0


@pytest.mark.parametrize("home", [None, "", "/nonexistent", "/proc/1"])
def test_no_command_needs_a_home(filled_shell: Shell, tmp_path: Path, home: str | None) -> None:
    done = run(filled_shell, "coldframe search 'a house'", tmp_path, HOME=home, XDG_CACHE_HOME=None)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") > 1
    assert done.stderr == ""


@pytest.fixture
def other_user(filled_shell: Shell, tmp_path: Path) -> str:
    """What a line begins with to run as a user who can read the archive, and has no name."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root becomes another user, with setpriv (Debian: util-linux)")
    for folder in (Path(filled_shell.location), tmp_path):
        for parent in (folder, *folder.parents):
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                parent.chmod(mode | stat.S_IXOTH | stat.S_IROTH)
    user = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "
    if run(filled_shell, f"{user} coldframe --version", Path("/")).returncode != 0:
        pytest.skip("the program is in a folder that others may not enter")
    return user


@pytest.mark.parametrize("line", ["ls", "search 'a house'", "stats", "restore 1 --steps 1"])
def test_users_without_an_entry_in_passwd_are_users(
    filled_shell: Shell, other_user: str, line: str, tmp_path: Path
) -> None:
    """As in many containers: no name, no home, and a folder that can only be read."""
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o777)
    option = f" --out {shlex.quote(str(out))}" if line.startswith("restore") else ""
    line = f"{other_user} coldframe {line}{option}"
    done = run(filled_shell, line, Path("/"), HOME=None, XDG_CACHE_HOME=None)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_only_others_may_write_to_is_named(
    filled_shell: Shell, other_user: str
) -> None:
    done = run(filled_shell, f"{other_user} coldframe restore 1 --steps 1", Path("/"), HOME=None)
    assert done.returncode == 2, done.stderr
    assert "restored cannot be a folder for output: Permission denied" in done.stderr
