"""What the operating system tells of changes below folders. watchdog's door.

Events only make an ingest sooner; what they miss, a scan finds. They are told of a file that is
created, written to, closed or moved here, and of a folder that is created or moved here. Network
drives tell only of what this machine does, some file systems nothing at all, and Linux tells of no
more folders than fs.inotify.max_user_watches. Links to folders are not followed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from archive.errors import UsageError
from archive.ingest.mounts import mount_of

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent


class FolderEvents:
    """Calls `changed` with the path of everything new or changed, from a thread of its own."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        """Raises UsageError where watchdog is not installed."""
        try:
            from watchdog import events, observers
        except ModuleNotFoundError as error:
            raise UsageError(
                "watching folders needs watchdog; run `pip install 'coldframe[watch]'`"
            ) from error
        self._library: tuple[Any, Any] = (events, observers)
        self._changed = changed
        self._observer: Any = None

    def restart(self, folders: Sequence[str]) -> list[str]:
        """Real paths of folders → those of them whose events are missing, or not all there are.

        Folders that were watched before, and are not among them, are left alone from now on.
        """
        self.stop()
        events, observers = self._library
        handler = events.FileSystemEventHandler()
        handler.on_any_event = self._tell
        kinds = [events.FileCreatedEvent, events.FileModifiedEvent, events.FileClosedEvent]
        kinds += [events.FileMovedEvent, events.DirCreatedEvent, events.DirMovedEvent]
        mute = [folder for folder in folders if mount_of(folder).is_network]
        try:
            self._observer = observers.Observer()
            self._observer.start()
        except OSError:
            return list(folders)
        for folder in folders:
            try:
                self._observer.schedule(handler, folder, recursive=True, event_filter=kinds)
            except OSError:  # it is away, or there are too many watches
                mute.append(folder)
        return mute

    def stop(self) -> None:
        """Ends the thread."""
        if self._observer is not None and self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
        self._observer = None

    def _tell(self, event: FileSystemEvent) -> None:
        self._changed(os.fsdecode(event.dest_path or event.src_path))
