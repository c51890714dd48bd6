"""A plot of lines as an SVG image, made on the server: no script has to draw it.

Across, everything is a share of the width, so that the image fits any screen while its words keep
their size; the heights are pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from dash import html

_PLOT_HEIGHT_PX: Final = 220
_ROW_PX: Final = 20
_LEFT_PERCENT: Final = 17.0
_WIDTH_PERCENT: Final = 75.0
# Both themes' text and grid lines, as assets/base.css has them: an image reads no style sheet of
# its page. The lines' colours are read on both, and each has a pattern of its own as well.
_STYLE: Final = """
text{font:13px system-ui,sans-serif;fill:#131a24}
.grid{stroke:#dce1e7}
polyline{fill:none;stroke-width:2.5;vector-effect:non-scaling-stroke}
@media screen and (prefers-color-scheme:dark){text{fill:#eef2f7}.grid{stroke:#2b3544}}
"""
_LOOKS: Final = (
    ("#3f7ae0", "none"),
    ("#c2570c", "7 4"),
    ("#2f8f5b", "2 4"),
    ("#9a4fc4", "9 3 2 3"),
)
_REFERENCE_LOOK: Final = ("#78818f", "3 3")


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes
    ----------
    points : sequence of pairs
        Across and up, in the units of the axes; where up is None the line is broken.
    radii : sequence of float
        Of the dot at each point, pixels; empty for a line without dots.
    is_reference : bool
        Whether it is what the others are held against, and no measure.
    """

    name: str
    points: Sequence[tuple[float, float | None]]
    radii: Sequence[float] = ()
    is_reference: bool = False


@dataclass(frozen=True)
class Axis:
    """From where to where an axis goes, its ticks with their words, and what it tells."""

    first: float
    last: float
    ticks: Sequence[tuple[float, str]]
    title: str

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        return (value - self.first) / (self.last - self.first)


def build_plot(lines: Sequence[Line], across: Axis, up: Axis, described: str) -> html.Img:
    """The image.

    Parameters
    ----------
    described : str
        The plot in words, for who cannot see it.
    """
    svg, height = draw_plot(lines, across, up)
    return html.Img(
        src=f"data:image/svg+xml,{quote(svg)}",
        alt=described,
        height=height,
        className="quality-plot",
    )


def draw_plot(lines: Sequence[Line], across: Axis, up: Axis) -> tuple[str, int]:
    """The image as SVG, and its height in pixels."""
    looks = _looks(lines)
    top = _ROW_PX * (len(lines) + 1) + 16
    bottom = top + _PLOT_HEIGHT_PX
    height = bottom + 2 * _ROW_PX + 8
    parts = [
        *(_legend(line.name, looks[place], place) for place, line in enumerate(lines)),
        _words(0, top - 14, up.title, "start"),
        *(_level(top, up, tick) for tick in up.ticks),
        *(
            _words(_x(across, value), bottom + _ROW_PX, told, "middle")
            for value, told in across.ticks
        ),
        _words(_LEFT_PERCENT + _WIDTH_PERCENT / 2, height - 6, across.title, "middle"),
        f'<svg x="{_LEFT_PERCENT}%" y="{top}" width="{_WIDTH_PERCENT}%"',
        f' height="{_PLOT_HEIGHT_PX}" viewBox="0 0 1000 1000" preserveAspectRatio="none"',
        ' overflow="visible">',
        *(_strokes(line, looks[place], across, up) for place, line in enumerate(lines)),
        "</svg>",
        *(_dots(line, looks[place][0], across, up, top) for place, line in enumerate(lines)),
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{height}">'
        f"<style>{_STYLE}</style>{''.join(parts)}</svg>"
    )
    return svg, height


def _looks(lines: Sequence[Line]) -> list[tuple[str, str]]:
    measured = iter(_LOOKS)
    return [_REFERENCE_LOOK if line.is_reference else next(measured, _LOOKS[-1]) for line in lines]


def _legend(name: str, look: tuple[str, str], row: int) -> str:
    middle = _ROW_PX * row + _ROW_PX // 2
    colour, dashes = look
    return (
        f'<line x1="0" x2="28" y1="{middle}" y2="{middle}" stroke="{colour}" stroke-width="2.5"'
        f' stroke-dasharray="{dashes}"/>'
        f'<text x="36" y="{middle + 5}">{escape(name)}</text>'
    )


def _level(top: int, up: Axis, tick: tuple[float, str]) -> str:
    value, told = tick
    y = top + _PLOT_HEIGHT_PX * (1 - up.share(value))
    right = _LEFT_PERCENT + _WIDTH_PERCENT
    return (
        f'<line class="grid" x1="{_LEFT_PERCENT}%" x2="{right}%" y1="{y:.1f}" y2="{y:.1f}"/>'
        + _words(_LEFT_PERCENT - 1.5, y + 4, told, "end")
    )


def _words(x_percent: float, y: float, told: str, anchor: str) -> str:
    return f'<text x="{x_percent:.2f}%" y="{y:.1f}" text-anchor="{anchor}">{escape(told)}</text>'


def _strokes(line: Line, look: tuple[str, str], across: Axis, up: Axis) -> str:
    runs = [
        [(x, y) for x, y in run if y is not None]
        for is_known, run in groupby(line.points, key=lambda point: point[1] is not None)
        if is_known
    ]
    colour, dashes = look
    return "".join(
        f'<polyline stroke="{colour}" stroke-dasharray="{dashes}" points="'
        + " ".join(f"{1000 * across.share(x):.1f},{1000 * (1 - up.share(y)):.1f}" for x, y in run)
        + '"/>'
        for run in runs
    )


def _dots(line: Line, colour: str, across: Axis, up: Axis, top: int) -> str:
    return "".join(
        f'<circle cx="{_x(across, x):.2f}%" cy="{top + _PLOT_HEIGHT_PX * (1 - up.share(y)):.1f}"'
        f' r="{radius:.1f}" fill="{colour}"/>'
        for (x, y), radius in zip(line.points, line.radii, strict=False)
        if y is not None
    )


def _x(across: Axis, value: float) -> float:
    return _LEFT_PERCENT + _WIDTH_PERCENT * across.share(value)
