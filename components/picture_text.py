"""Words and signs on a picture, in the one font that Pillow carries.

It has letters without accents: these are put together from the font's own signs.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

INK: Final = "#131a24"
# What the font lacks, by what it has.
_SIGNS: Final = str.maketrans(
    {
        "\N{EM DASH}": "\N{MIDDLE DOT}",
        "\N{EN DASH}": "-",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
    }
)
# Strokes above a letter, in shares of the size: from its middle and the mark's foot.
_ACUTE: Final = ((-0.05, 0.0), (0.07, -0.13))
_GRAVE: Final = ((0.05, 0.0), (-0.07, -0.13))
_STROKES: Final = {
    "\N{COMBINING ACUTE ACCENT}": (_ACUTE,),
    "\N{COMBINING GRAVE ACCENT}": (_GRAVE,),
    "\N{COMBINING CIRCUMFLEX ACCENT}": (
        ((-0.12, 0.0), (0.0, -0.12)),
        ((0.0, -0.12), (0.12, 0.0)),
    ),
    "\N{COMBINING DIAERESIS}": (
        ((-0.14, -0.05), (-0.08, -0.05)),
        ((0.08, -0.05), (0.14, -0.05)),
    ),
}
_CEDILLA: Final = "\N{COMBINING CEDILLA}"
_STROKE: Final = 0.075
_GAP: Final = 0.07
_HOOK: Final = 0.6


class Writer:
    """Writes on a picture, in the picture's own pixels.

    Parameters
    ----------
    draw : ImageDraw
        Of the picture.
    """

    def __init__(self, draw: ImageDraw) -> None:
        from PIL import ImageFont  # noqa: PLC0415 - see components/share_picture.py

        self._draw = draw
        self._fonts: dict[float, FreeTypeFont] = {}
        self._load = ImageFont.load_default

    def write(self, x: float, y: float, text: str, size: float, ink: str = INK) -> float:
        """A line of text from its top left; gives where it ends."""
        font = self._font(size)
        for sign in _signs(text):
            base, marks = sign[0], sign[1:]
            self._draw.text((x, y), base, ink, font)
            for mark in marks:
                self._mark((x, y), base, mark, size, ink)
            x += font.getlength(base)
        return x

    def _mark(self, at: tuple[float, float], base: str, mark: str, size: float, ink: str) -> None:
        left, top, right, bottom = self._draw.textbbox(at, base, self._font(size))
        middle = (left + right) / 2
        if mark == _CEDILLA:
            place = (middle, bottom - _GAP * size)
            self._draw.text(place, ",", ink, self._font(_HOOK * size), anchor="mt")
        foot = top - _GAP * size
        for stroke in _STROKES.get(mark, ()):
            points = [(middle + size * across, foot + size * down) for across, down in stroke]
            self._draw.line(points, ink, round(_STROKE * size))

    def _font(self, size: float) -> FreeTypeFont:
        if size not in self._fonts:
            font = self._load(size)
            self._fonts[size] = font  # type: ignore[assignment]
        return self._fonts[size]


def _signs(text: str) -> list[str]:
    """Letters, each with its marks behind it.

    >>> [len(sign) for sign in _signs("été")]
    [2, 1, 2]
    """
    signs: list[str] = []
    for sign in unicodedata.normalize("NFD", text.translate(_SIGNS)):
        if unicodedata.combining(sign) and signs:
            signs[-1] += sign
        else:
            signs.append(sign)
    return signs
