"""Hub ids → local folders. What is in the local cache is used without asking the network.

The hub's own client retries for most of a minute where there is no network; one short question comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archive.errors import ModelMissing

QUESTION_SECONDS = 5.0  # for the hub to answer at all


def local_folder(hub_ids: Sequence[str], patterns: Sequence[str], *, need: Sequence[str]) -> Path:
    """The first of these repositories (mirrors of each other) that can be had → its files on this disk.

    `need` are paths inside, any of which proves the copy complete. Raises ModelMissing if none can be had.
    """
    for hub_id in hub_ids:
        folder = cached_folder(hub_id, patterns, need=need)
        if folder is not None:
            return folder
    if not _answers():
        raise ModelMissing(
            f"the weights of {hub_ids[0]} are not on this machine and the model hub cannot be reached; download "
            f"{' or '.join(need)} and what lies beside it from there and name the folder, or use `--model pocket`, "
            "which works now"
        )
    refusals = []
    for hub_id in hub_ids:
        try:
            folder = _download(hub_id, patterns)
        except Exception as error:
            refusals.append(f"{hub_id}: {type(error).__name__}")
            continue
        if _has(folder, need):
            return folder
        refusals.append(f"{hub_id}: {' or '.join(need)} is not in it")
    raise ModelMissing(
        f"no copy of the weights could be fetched ({'; '.join(refusals)}); name a local folder instead"
    )


def cached_folder(hub_id: str, patterns: Sequence[str], *, need: Sequence[str]) -> Path | None:
    """The repository's files in the local cache, or None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(
            snapshot_download(hub_id, allow_patterns=list(patterns), local_files_only=True)
        )
    except LocalEntryNotFoundError:
        return None
    return folder if _has(folder, need) else None


def _has(folder: Path, need: Sequence[str]) -> bool:
    return any((folder / one).exists() for one in need)


def _answers() -> bool:
    """Whether the hub can be reached, through whatever proxy the environment names."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined]  # public by its documentation

    try:
        get_session().head(constants.ENDPOINT, timeout=QUESTION_SECONDS)
    except Exception:
        return False
    return True


def _download(hub_id: str, patterns: Sequence[str]) -> Path:
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(hub_id, allow_patterns=list(patterns)))
