"""The README's picture: `coldframe demo --out DIR && python .ci/readme_picture.py DIR`.

All that the demo restores, nothing selected: originals, stored color maps, restorations.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "readme.webp"
HEIGHT, GAP, MARGIN = 240, 8, 230  # pixels: of an image, between images, for the names of the rows
PAPER = (255, 255, 255)
INK = (28, 36, 32)
SOFT = (93, 106, 99)
CODE_BYTES = re.compile(r"a reconstruction from (\d+) bytes")  # on the demo's page


def strip(
    files: Sequence[Path], widths: Sequence[int], resampling: Image.Resampling
) -> Image.Image:
    """Files → one row of images, all of the same height."""
    row = Image.new("RGB", (sum(widths) + GAP * (len(widths) - 1), HEIGHT), PAPER)
    left = 0
    for file, width in zip(files, widths, strict=True):
        image = Image.open(file).convert("RGB").resize((width, HEIGHT), resampling)
        row.paste(image, (left, 0))
        left += width + GAP
    return row


def main(demo: Path) -> None:
    """Writes the picture."""
    restored = sorted((demo / "page").glob("*.restored.jpg"))
    ids = [file.name.partition("-")[0] for file in restored]
    originals = [demo / "page" / f"{row_id}-original.jpg" for row_id in ids]
    color_maps = [next((demo / "page").glob(f"{row_id}-*.png")) for row_id in ids]
    sizes = [Image.open(file).size for file in originals]
    widths = [round(HEIGHT * width / height) for width, height in sizes]
    strips = [
        strip(originals, widths, Image.Resampling.LANCZOS),
        strip(color_maps, widths, Image.Resampling.NEAREST),
        strip(restored, widths, Image.Resampling.LANCZOS),
    ]
    code_bytes = sorted(map(int, CODE_BYTES.findall((demo / "index.html").read_text("utf-8"))))
    names = (
        ("original", "a drawing"),
        ("color map", "8 x 8"),
        ("restored", f"from {code_bytes[0]} to {code_bytes[-1]} bytes"),
    )
    picture = Image.new("RGB", (MARGIN + strips[0].width, 3 * HEIGHT + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, (row, (name, note)) in enumerate(zip(strips, names, strict=True)):
        top = number * (HEIGHT + GAP)
        picture.paste(row, (MARGIN, top))
        middle = top + HEIGHT // 2
        draw.text((0, middle - 18), name, INK, ImageFont.load_default(38), anchor="lm")
        draw.text((0, middle + 24), note, SOFT, ImageFont.load_default(26), anchor="lm")
    picture.save(PICTURE, quality=82, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
