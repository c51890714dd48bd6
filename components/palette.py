"""The five statuses as they are drawn: order, colours of both themes, widths.

Green, orange, red and grey, never alone: jams are thick, free roads thin,
unknown ones dashed and closed ones dashed and dark. Who tells red, green or blue badly
still sees differences of 15 and more (``tests/components/test_colour_vision.py``).
``assets/base.css`` holds the same colours for what is not the map; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# How people read them: from good to bad, then what cannot be said.
LEGEND_ORDER: Final = ("freeFlow", "heavy", "congested", "impossible", "unknown")


@dataclass(frozen=True)
class Palette:
    """Colours of one theme, as CSS writes them."""

    background: str
    casing: str
    highlight: str
    roadwork: str
    own_place: str
    name: str
    status: dict[str, str]
    raster: dict[str, float]


# The backdrop is greyed so that the only colours on the map are the traffic's.
LIGHT: Final = Palette(
    background="#eef0f2",
    casing="#ffffff",
    highlight="#10233f",
    roadwork="#6a2fb5",
    own_place="#1a4fc4",
    name="#3c4858",
    status={
        "unknown": "#78818f",
        "freeFlow": "#33976c",
        "heavy": "#ee8500",
        "congested": "#c81e2c",
        "impossible": "#2c2438",
    },
    raster={
        "raster-saturation": -0.85,
        "raster-contrast": -0.15,
        "raster-brightness-min": 0.15,
        "raster-brightness-max": 1.0,
        "raster-opacity": 0.75,
    },
)
# A minimum above the maximum turns the tiles' lightness round.
DARK: Final = Palette(
    background="#161b22",
    casing="#0b0e13",
    highlight="#f2f5f9",
    roadwork="#c39bff",
    own_place="#8fb4ff",
    name="#c3ccd8",
    status={
        "unknown": "#7a8493",
        "freeFlow": "#3eb180",
        "heavy": "#ffa12e",
        "congested": "#f2313d",
        "impossible": "#d9cfe8",
    },
    raster={
        "raster-saturation": -0.9,
        "raster-contrast": -0.1,
        "raster-brightness-min": 0.75,
        "raster-brightness-max": 0.05,
        "raster-opacity": 0.55,
    },
)
THEMES: Final = {"light": LIGHT, "dark": DARK}

# Width in pixels of each status by zoom; jams widest, so that they show without colour.
WIDTH_PX: Final = {
    10: {"unknown": 0.9, "freeFlow": 1.3, "heavy": 2.0, "congested": 3.2, "impossible": 2.4},
    13: {"unknown": 1.4, "freeFlow": 2.4, "heavy": 3.4, "congested": 5.2, "impossible": 4.0},
    16: {"unknown": 2.2, "freeFlow": 4.5, "heavy": 6.0, "congested": 9.0, "impossible": 7.0},
}
# How far each direction is pushed to its right, so that both show.
OFFSET_PX: Final = {10: 0.7, 12: 1.3, 14: 3.0, 16: 6.0}
