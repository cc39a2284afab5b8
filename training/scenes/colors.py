"""Colors: red, green, blue as floats 0..255, and the paints a caption can name.

The named paints are far enough apart that each still shows as its name in evening or moonlight.
"""

from __future__ import annotations

Color = tuple[float, float, float]

PAINTS: dict[str, Color] = {
    "red": (212, 52, 46),
    "orange": (241, 136, 40),
    "yellow": (250, 204, 62),
    "green": (66, 148, 80),
    "turquoise": (46, 178, 176),
    "blue": (44, 104, 190),
    "purple": (126, 78, 172),
    "pink": (242, 138, 168),
    "white": (248, 245, 238),
    "black": (46, 46, 54),
    "brown": (142, 90, 54),
    "grey": (148, 152, 158),
}

WHITE: Color = (255, 253, 247)
INK: Color = (38, 36, 48)  # the darkest dark: never pure black, as in print


def mix(first: Color, second: Color, share: float) -> Color:
    """share 0 → first, share 1 → second."""
    keep = 1.0 - share
    return (
        first[0] * keep + second[0] * share,
        first[1] * keep + second[1] * share,
        first[2] * keep + second[2] * share,
    )


def tinted(color: Color, tint: Color) -> Color:
    """The color under a light: each channel times the tint's, a factor around 1."""
    return (
        min(255.0, color[0] * tint[0]),
        min(255.0, color[1] * tint[1]),
        min(255.0, color[2] * tint[2]),
    )


def darker(color: Color, share: float) -> Color:
    """Toward a cool shadow: blue keeps longer than red, as under an open sky."""
    return tinted(color, (1 - share, 1 - share * 0.94, 1 - share * 0.72))


def lighter(color: Color, share: float) -> Color:
    """Toward a warm white."""
    return mix(color, WHITE, share)


def gray_of(color: Color) -> Color:
    """The color without its color."""
    level = 0.3 * color[0] + 0.55 * color[1] + 0.15 * color[2]
    return (level, level, level)


def rounded(color: Color) -> tuple[int, int, int]:
    """Whole channels 0..255, as Pillow takes them."""
    return (
        max(0, min(255, round(color[0]))),
        max(0, min(255, round(color[1]))),
        max(0, min(255, round(color[2]))),
    )
