"""Draws the pictures that ship with `coldframe demo`: python -m training.scenes.demo_samples

scenes 0 … 47 ─► archive/demo/samples/01.webp … 48.webp; captions.json
"""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from training.scenes import draw_scene

SAMPLES = Path(__file__).parents[2] / "archive" / "demo" / "samples"
COUNT = 48
SIZES = ((768, 512), (640, 640), (512, 768))  # pixels, in turn
QUALITY = 82  # of WebP; keeps the folder below 1.1 MB


def write_samples(folder: Path) -> None:
    """Writes COUNT drawings and their captions into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    captions = {}
    for number in range(COUNT):
        scene = draw_scene(number, size=SIZES[number % len(SIZES)])
        name = f"{number + 1:02}.webp"
        Image.fromarray(scene.pixels).save(folder / name, quality=QUALITY, method=6)
        captions[name] = scene.caption
    (folder / "captions.json").write_text(json.dumps(captions, indent=1) + "\n")


if __name__ == "__main__":
    write_samples(SAMPLES)
