"""The confusion matrix as a picture for the model card."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.camera.camvid import GROUP_NAMES, VOID
from models.camera.measures import Counts

_CELL: Final = 72
_MARGIN: Final = 130
_TEXT_SIZE: Final = 15
_INK: Final = (20, 20, 30)
_PAPER: Final = (255, 255, 255)
_FULL: Final = np.array([8, 81, 156])
# White text from here on: its contrast with the shade passes 4.5 to 1.
_DARK_FROM: Final = 0.55


def draw_confusion(counts: Counts, path: Path) -> None:
    """Draw the share of each true group (rows) that was found as each group (columns).

    Parameters
    ----------
    counts : array of int, shape (groups, groups)
        Pixels; void rows and columns are left out.
    """
    known = [place for place in range(len(GROUP_NAMES)) if place != VOID]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = _MARGIN + _CELL * len(known)
    image = Image.new("RGB", (side + _CELL // 2, side + _CELL // 2), _PAPER)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(_TEXT_SIZE)
    pen.text((10, 10), "true (rows)\nfound (columns)", fill=_INK, font=font)
    for row, truth in enumerate(known):
        middle = _MARGIN + _CELL * row + _CELL // 2
        pen.text((_MARGIN - 8, middle), GROUP_NAMES[truth], fill=_INK, font=font, anchor="rm")
        # Two heights in turn, so that long names do not touch.
        height = _MARGIN - 12 - (row % 2) * 22
        pen.text((middle, height), GROUP_NAMES[truth], fill=_INK, font=font, anchor="mm")
        for column, found in enumerate(known):
            _draw_cell(pen, font, (column, row), float(shares[truth, found]))
    image.save(path, optimize=True)


def _draw_cell(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    place: tuple[int, int],
    share: float,
) -> None:
    left, top = (_MARGIN + _CELL * step for step in place)
    shade = tuple(int(value) for value in 255 + (_FULL - 255) * share)
    pen.rectangle((left, top, left + _CELL - 2, top + _CELL - 2), fill=shade)
    pen.text(
        (left + _CELL // 2, top + _CELL // 2),
        f"{share:.1%}",
        fill=_PAPER if share >= _DARK_FROM else _INK,
        font=font,
        anchor="mm",
    )
