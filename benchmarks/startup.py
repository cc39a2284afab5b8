"""How long a command takes to answer."""

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

IMAGES = 20


def measure(times: int) -> dict[str, object]:
    """→ median seconds."""
    with tempfile.TemporaryDirectory() as temporary:
        album = Path(temporary, "album")
        album.mkdir()
        for number in range(IMAGES):
            save_image(album / f"{number}.jpg", draw_scene(number, size=(320, 240)).pixels)
        environment = os.environ | {"COLDFRAME_ARCHIVE": str(Path(temporary, "archive"))}

        def seconds(*arguments: str, repeat: int = 1) -> float:
            command = [sys.executable, "-m", "cli", *arguments]
            durations = []
            for _ in range(repeat):
                started = time.perf_counter()
                subprocess.run(command, env=environment, check=True, capture_output=True)
                durations.append(time.perf_counter() - started)
            return round(float(np.median(durations)), 3)

        seconds("init", "--model", "pocket")
        return {
            f"first_ingest_of_{IMAGES}_seconds": seconds("ingest", str(album)),
            "help_seconds": seconds("--help", repeat=times),
            "ingest_nothing_new_seconds": seconds("ingest", str(album), repeat=3),
            "search_seconds": seconds("search", "a house", repeat=3),
        }
