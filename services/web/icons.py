"""The icon in pixels, for what takes no SVG: browsers' tabs, home screens, shared links.

Its shapes are those of ``assets/icon.svg`` (a test compares their colours), 32 units wide.
"""

from __future__ import annotations

import io
from typing import Final

# Not in a function, as the rest of Pillow: Plotly asks for each answer of Dash whether it holds a
# picture, once this is among the modules, and fails the answer while it is half imported.
from PIL import Image

_UNITS: Final = 32
_CORNER: Final = 8
# Drawn larger and made smaller again, so that no edge is jagged.
_FINER: Final = 4
GROUND: Final = "#10233f"
LANES: Final = "#ffffff"
_LANE_WIDTH: Final = 2
_LANES: Final = (((9, 26), (14.2, 6)), ((23, 26), (17.8, 6)))
LIGHTS: Final = {9: "#ff4d57", 16: "#ffa12e", 23: "#34b36f"}
_LIGHT_RADIUS: Final = 2.1
_ICO_SIZES: Final = (16, 32, 48)


def png(size: int, *, is_filled: bool = False) -> bytes:
    """The icon as a PNG.

    Parameters
    ----------
    size : int
        Of each side, in pixels.
    is_filled : bool
        Whether its corners are filled: home screens cut their own.
    """
    written = io.BytesIO()
    _drawn(size, is_filled=is_filled).save(written, "PNG", optimize=True)
    return written.getvalue()


def ico() -> bytes:
    """The icon in the sizes of a browser's tab."""
    written = io.BytesIO()
    largest = max(_ICO_SIZES)
    _drawn(largest).save(written, "ICO", sizes=[(size, size) for size in _ICO_SIZES])
    return written.getvalue()


def _drawn(size: int, *, is_filled: bool = False) -> Image.Image:
    # Most processes are never asked for an icon.
    from PIL import ImageDraw  # noqa: PLC0415

    scale = size * _FINER / _UNITS
    side = size * _FINER
    image = Image.new("RGBA", (side, side), GROUND if is_filled else (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if not is_filled:
        draw.rounded_rectangle((0, 0, side - 1, side - 1), _CORNER * scale, fill=GROUND)
    width = _LANE_WIDTH * scale
    for ends in _LANES:
        places = [(x * scale, y * scale) for x, y in ends]
        draw.line(places, fill=LANES, width=round(width))
        for place in places:
            draw.circle(place, width / 2, fill=LANES)
    for y, colour in LIGHTS.items():
        draw.circle((_UNITS / 2 * scale, y * scale), _LIGHT_RADIUS * scale, fill=colour)
    return image.resize((size, size), Image.Resampling.LANCZOS)
