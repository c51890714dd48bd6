"""The present state as whoever was sent a link sees it: in a sentence, and as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from components.palette import LEGEND_ORDER, LIGHT
from components.picture_text import INK, Writer
from services.base.texts import Texts, formats
from services.plain.statuses import ZoneStatus

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

SIZE_PX: Final = (1200, 630)
# Drawn larger and made smaller, which smooths lines and letters.
_SCALE: Final = 2
_MARGIN_PX: Final = 24
_MAP_PX: Final = (740, 520)
_COLUMN_PX: Final = 790
_STATUS_PX: Final = 1_000
_FOOT_PX: Final = 576
_SOFT_INK: Final = "#515c6b"
_WARNING: Final = ("#ffdfa8", "#5a3200")
# Thick jams over thin free roads, as on the map.
_WIDTHS_PX: Final = {"unknown": 1.5, "freeFlow": 2.5, "heavy": 4, "impossible": 5, "congested": 7}
_ROAD_STATUS: Final[Mapping[ZoneStatus | None, str]] = {
    "free": "freeFlow",
    "dense": "heavy",
    "blocked": "congested",
    None: "unknown",
}
_COLOURS: Final = 128

Line = Sequence[tuple[float, float]]
"""Points from 0 to 1: eastwards and southwards in the map's box."""


@dataclass(frozen=True)
class SharedState:
    """What is told of the present.

    Attributes
    ----------
    observed_at : datetime
        In the city's time.
    source : str
        ``live``, ``archive`` or ``demo``.
    is_old : bool
        Whether it is no longer of now.
    zones : mapping
        State of each zone that pages show; None where too little is known.
    """

    observed_at: datetime
    source: str
    is_old: bool
    zones: Mapping[str, ZoneStatus | None]


@dataclass(frozen=True)
class RoadMap:
    """The roads of each status, and how many times the map's box is as wide as high."""

    roads: Mapping[str, Sequence[Line]]
    aspect: float


def state_sentence(texts: Texts, state: SharedState) -> str:
    """The state of every zone and when that was, behind what keeps it from being live."""
    wording = texts["share"]
    zones = ", ".join(
        wording["zone"].format(zone=texts["zone"][zone], status=_word(texts, status)).lower()
        for zone, status in state.zones.items()
    )
    told = wording["state"].format(zones=zones[:1].upper() + zones[1:], when=_when(texts, state))
    return " ".join([*(f"{warning}." for warning in _warnings(texts, state)), told])


def draw_picture(texts: Texts, state: SharedState, road_map: RoadMap) -> bytes:
    """The picture: a PNG of :data:`SIZE_PX`."""
    # Not above: a process that nobody asks for a picture does without most of its 8 MB.
    from PIL import Image, ImageDraw  # noqa: PLC0415

    large = (_SCALE * SIZE_PX[0], _SCALE * SIZE_PX[1])
    picture = Image.new("RGB", large, LIGHT.background)
    draw = ImageDraw.Draw(picture)
    _draw_roads(draw, road_map)
    sheet = _Sheet(draw)
    sheet.legend(texts)
    sheet.state(texts, state)
    if state.is_old:
        picture = picture.convert("L").convert("RGB")
    sheet = _Sheet(ImageDraw.Draw(picture))
    sheet.warnings(_warnings(texts, state))
    file = io.BytesIO()
    small = picture.resize(SIZE_PX, Image.Resampling.BOX)
    # So few colours take a third of the bytes, and nobody sees it.
    small.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, "png")
    return file.getvalue()


def _draw_roads(draw: ImageDraw, road_map: RoadMap) -> None:
    width, height = (_SCALE * length for length in _MAP_PX)
    wide = min(width, height * road_map.aspect)
    high = wide / road_map.aspect
    margin = _SCALE * _MARGIN_PX
    left, top = margin + (width - wide) / 2, margin + (height - high) / 2
    for status, width_px in _WIDTHS_PX.items():
        colour = LIGHT.status[status]
        for line in road_map.roads.get(status, ()):
            points = [(left + wide * x, top + high * y) for x, y in line]
            draw.line(points, colour, round(_SCALE * width_px), joint="curve")


class _Sheet:
    """What is beside the map, in pixels of the picture as it is sent.

    Parameters
    ----------
    draw : ImageDraw
        Of the picture as it is drawn.
    """

    def __init__(self, draw: ImageDraw) -> None:
        self._draw = draw
        self._writer = Writer(draw)

    def state(self, texts: Texts, state: SharedState) -> None:
        """When it is, and the state of each zone."""
        top = _MARGIN_PX
        self._text(_COLUMN_PX, top, texts["page"]["title"], 44)
        # Whoever keeps a picture looks at it later: the date is on it in any case.
        if state.is_old:
            self._text(_COLUMN_PX, top + 74, _when(texts, state), 38)
        else:
            end = self._text(_COLUMN_PX, top + 62, _when(texts, state), 64)
            day = formats(texts).day(state.observed_at)
            self._text(end + 20, top + 88, day, 34, _SOFT_INK)
        top += 160
        for zone, status in state.zones.items():
            self._text(_COLUMN_PX, top, texts["zone"][zone], 34, _SOFT_INK)
            self._disc(_STATUS_PX, top + 8, 26, _ROAD_STATUS[status])
            self._text(_STATUS_PX + 38, top, _word(texts, status), 34)
            top += 56

    def legend(self, texts: Texts) -> None:
        """What the colours mean, and whose data these are."""
        left: float = _MARGIN_PX
        for status in LEGEND_ORDER:
            end = left + 36
            width = max(2, round(_SCALE * _WIDTHS_PX[status]))
            middle = _FOOT_PX + 15
            self._draw.line(
                [(_SCALE * left, _SCALE * middle), (_SCALE * end, _SCALE * middle)],
                LIGHT.status[status],
                width,
            )
            left = self._text(end + 10, _FOOT_PX, texts["status"][status], 24) + 26
        self._text(_COLUMN_PX, _FOOT_PX, texts["map"]["attribution_roads"], 24, _SOFT_INK)

    def warnings(self, told: Sequence[str]) -> None:
        """What keeps the state from being live, so that nobody overlooks it."""
        ground, ink = _WARNING
        size, high = 30, 52
        top = _FOOT_PX - 12 - high * len(told)
        for warning in told:
            box = (_COLUMN_PX - 14, top, SIZE_PX[0], top + high)
            self._draw.rectangle([_SCALE * edge for edge in box], ground)
            self._text(_COLUMN_PX, top + 8, warning, size, ink)
            top += high

    def _text(self, x: float, y: float, text: str, size: float, ink: str = INK) -> float:
        return self._writer.write(_SCALE * x, _SCALE * y, text, _SCALE * size, ink) / _SCALE

    def _disc(self, x: float, y: float, size: float, status: str) -> None:
        box = [_SCALE * edge for edge in (x, y, x + size, y + size)]
        self._draw.ellipse(box, LIGHT.status[status])


def _warnings(texts: Texts, state: SharedState) -> list[str]:
    wording = texts["share"]
    simulated = [texts["map"]["attribution_demo"]] if state.source == "demo" else []
    return [*simulated, wording["old"]] if state.is_old else simulated


def _when(texts: Texts, state: SharedState) -> str:
    """The time of day; with the date and its year where it is not of now."""
    written, at = formats(texts), state.observed_at
    if not state.is_old:
        return written.clock(at)
    when: str = texts["share"]["when"]
    return when.format(date=written.day(at), time=written.clock(at))


def _word(texts: Texts, status: ZoneStatus | None) -> str:
    word: str = texts["zone_status"][status or "unknown"]
    return word
