"""How long a user waits for the first answer of a command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from archive.imaging.encode import save_image
from training.scenes import draw_scene


def measure(times: int) -> dict[str, object]:
    """→ median seconds."""
    with tempfile.TemporaryDirectory() as folder:
        album = Path(folder, "album")
        album.mkdir()
        for number in range(20):
            save_image(album / f"{number}.jpg", draw_scene(number, size=(320, 240)).pixels)
        environment = os.environ | {"COLDFRAME_ARCHIVE": str(Path(folder, "archive"))}

        def seconds(*words: str, repeat: int = 1) -> float:
            spent = []
            for _ in range(repeat):
                started = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "cli", *words],
                    env=environment,
                    check=True,
                    capture_output=True,
                )
                spent.append(time.perf_counter() - started)
            return round(float(np.median(spent)), 3)

        seconds("init", "--model", "pocket")
        first = seconds("ingest", str(album))
        return {
            "help_seconds": seconds("--help", repeat=times),
            "first_ingest_of_20_seconds": first,
            "ingest_nothing_new_seconds": seconds("ingest", str(album), repeat=3),
            "search_seconds": seconds("search", "a house", repeat=3),
        }
