"""Hub ids → local folders. What the local cache holds is used without asking the network.

The hub's own client retries for most of a minute without a network, so one quick probe comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archive.errors import ModelMissing

PROBE_SECONDS = 5.0  # time the hub has to answer at all


def local_folder(
    hub_ids: Sequence[str], patterns: Sequence[str], *, required: Sequence[str]
) -> Path:
    """The first available of these repositories, mirrors of each other → its local folder.

    `patterns`: the files to download; `required`: paths of which any proves that a copy is
    complete. Raises ModelMissing if no repository is available.
    """
    for hub_id in hub_ids:
        folder = cached_folder(hub_id, patterns, required=required)
        if folder is not None:
            return folder
    files = " or ".join(required)
    if not _hub_is_reachable():
        raise ModelMissing(
            f"the weights of {hub_ids[0]} are not on this machine and the model hub is "
            f"unreachable; download {files} and the files next to it and name that folder, or use "
            "`--model pocket`, which works offline"
        )
    failures = []
    for hub_id in hub_ids:
        try:
            folder = _download(hub_id, patterns)
        except Exception as error:
            failures.append(f"{hub_id}: {type(error).__name__}")
            continue
        if _has_any(folder, required):
            return folder
        failures.append(f"{hub_id}: no {files}")
    raise ModelMissing(
        f"the weights could not be downloaded ({'; '.join(failures)}); name a local folder instead"
    )


def cached_folder(hub_id: str, patterns: Sequence[str], *, required: Sequence[str]) -> Path | None:
    """A repository's files in the local cache, or None; never asks the network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        path = snapshot_download(hub_id, allow_patterns=list(patterns), local_files_only=True)
    except LocalEntryNotFoundError:
        return None
    folder = Path(path)
    return folder if _has_any(folder, required) else None


def cached_file(hub_id: str, path: str) -> Path | None:
    """A repository's file in the local cache, or None.

    The cache's layout is the hub client's documented one; its own function takes a second to
    import.
    """
    from huggingface_hub import constants

    repository = Path(constants.HF_HUB_CACHE, f"models--{hub_id.replace('/', '--')}")
    try:
        commit = (repository / "refs" / "main").read_text().strip()
    except OSError:
        return None
    file = repository / "snapshots" / commit / path
    return file if file.is_file() else None


def _has_any(folder: Path, paths: Sequence[str]) -> bool:
    return any((folder / path).exists() for path in paths)


def _hub_is_reachable() -> bool:
    """Whether the hub answers, through the environment's proxy if there is one."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined]  # public, it says

    try:
        get_session().head(constants.ENDPOINT, timeout=PROBE_SECONDS)
    except Exception:
        return False
    return True


def _download(hub_id: str, patterns: Sequence[str]) -> Path:
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(hub_id, allow_patterns=list(patterns)))
