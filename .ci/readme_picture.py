"""The README's picture: `coldframe demo --out DIR && python .ci/readme_picture.py DIR`.

All that the demo restores, nothing selected: originals; restored from the rows alone, and with 50
and 120 bytes of detail; and WebP files of as many bytes as the longest of these.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "readme.webp"
HEIGHT, GAP, MARGIN = 240, 8, 230  # pixels: of an image, between images, for the names of the rows
PAPER = (255, 255, 255)
INK = (28, 36, 32)
SOFT = (93, 106, 99)
CODE_BYTES = re.compile(r"reconstruction, (\d+) bytes")  # on the demo's page
WEBP_HEADERS = 30  # bytes


def strip(files: Sequence[Path], widths: Sequence[int]) -> Image.Image:
    """Files → one row of images, all of the same height."""
    row = Image.new("RGB", (sum(widths) + GAP * (len(widths) - 1), HEIGHT), PAPER)
    left = 0
    for file, width in zip(files, widths, strict=True):
        image = Image.open(file).convert("RGB").resize((width, HEIGHT), Image.Resampling.LANCZOS)
        row.paste(image, (left, 0))
        left += width + GAP
    return row


def webp(original: Path, max_bytes: int, folder: Path) -> Path:
    """The best WebP of an image of at most so many bytes, headers not counted → a PNG of it."""
    image = Image.open(original).convert("RGB")
    truth = np.asarray(image, np.float32)
    renditions = []
    for side in range(16, 97, 8):
        small = image.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in (0, 5, 15, 30, 50, 75):
            file = BytesIO()
            small.save(file, "WEBP", quality=quality, method=6)
            if file.tell() - WEBP_HEADERS <= max_bytes:
                decoded = Image.open(file).convert("RGB")
                renditions.append(decoded.resize(image.size, Image.Resampling.BICUBIC))
    best = min(renditions, key=lambda px: np.square(np.asarray(px, np.float32) - truth).mean())
    out = folder / f"{original.stem}.png"
    best.save(out)
    return out


def main(demo: Path, scratch: Path) -> None:
    """Writes the picture."""
    page = demo / "page"
    kinds = [sorted((page / kind).glob("*.jpg")) for kind in ("row", "detail-50", "detail-120")]
    originals = [page / f"{file.name.partition('-')[0]}-original.jpg" for file in kinds[0]]
    sizes = [Image.open(file).size for file in originals]
    widths = [round(HEIGHT * width / height) for width, height in sizes]
    code_bytes = sorted(map(int, CODE_BYTES.findall((demo / "index.html").read_text("utf-8"))))
    longest = code_bytes[-1]
    kinds.append([webp(file, longest, scratch) for file in originals])
    kinds.insert(0, originals)
    names = (
        ("original", "a drawing"),
        ("its row alone", f"{code_bytes[0]} to {code_bytes[len(originals) - 1]} bytes"),
        ("and a detail", "50 bytes more"),
        ("longer", "120 bytes more"),
        ("WebP", f"{longest} bytes"),
    )
    width = MARGIN + sum(widths) + GAP * (len(widths) - 1)
    picture = Image.new("RGB", (width, len(kinds) * (HEIGHT + GAP) - GAP), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, (files, (name, note)) in enumerate(zip(kinds, names, strict=True)):
        top = number * (HEIGHT + GAP)
        picture.paste(strip(files, widths), (MARGIN, top))
        middle = top + HEIGHT // 2
        draw.text((0, middle - 18), name, INK, ImageFont.load_default(36), anchor="lm")
        draw.text((0, middle + 24), note, SOFT, ImageFont.load_default(26), anchor="lm")
    picture.save(PICTURE, quality=82, method=6)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(sys.argv[1]), Path(folder))
