"""Streets drawn by code: a picture to try the camera with, and a class map to check it by.

python -m services.camera.street_drawing FILE.jpg

Nobody and nobody's number plate is on them, and nobody's rights either.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from services.base.command_line import run_command, tells_errors
from services.camera.classes import GROUPS

WIDTH: Final = 640
HEIGHT: Final = 480
SAMPLE_SEED: Final = 35
# Drawn twice as large and shrunk: edges come out as soft as a camera's.
_OVERSIZE: Final = 2
# Behind a windscreen: height above the street in metres, horizon as a share of the picture.
_EYE_HEIGHT_M: Final = 1.5
_HORIZON: Final = 0.46
_GROUP: Final = {item.name: place for place, item in enumerate(GROUPS)}
_WALLS: Final = ((146, 112, 92), (170, 150, 128), (128, 104, 88), (182, 170, 152), (112, 96, 90))
_PAINTS: Final = ((150, 22, 28), (30, 48, 96), (196, 198, 202), (42, 44, 48), (88, 100, 112))
_CLOTHES: Final = ((40, 44, 70), (90, 30, 36), (50, 60, 50), (30, 30, 34))
_GRAIN: Final = 4.0  # Standard deviation of the noise, of 255.
_JPEG_QUALITY: Final = 88

# Where its cars are: metres across from the middle, the left ones coming nearer, and ahead.
CARS: Final = ((2.1, 38.0), (-2.1, 30.0), (2.0, 22.0), (-2.2, 16.0), (1.9, 11.5))

Colour = tuple[int, int, int]
Point = tuple[float, float]


def draw_street(
    generator: np.random.Generator,
    width: int = WIDTH,
    height: int = HEIGHT,
    *,
    cars: Sequence[tuple[float, float]] = CARS,
    eye_height_m: float = _EYE_HEIGHT_M,
    horizon: float = _HORIZON,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw a street, as a camera behind a windscreen sees it or as one at a mast does.

    Parameters
    ----------
    generator : numpy.random.Generator
        Decides on houses, trees, cars and people.
    width, height : int
        In pixels.
    cars : sequence of pairs
        Places as of ``CARS``, the farthest first.
    eye_height_m, horizon : float
        Of the camera above the street; where the horizon is, from 0 at the top to 1.

    Returns
    -------
    tuple of array of uint8, shapes (height, width, 3) and (height, width)
        The picture, and the position in ``GROUPS`` of each pixel.
    """
    sheet = _Sheet(width * _OVERSIZE, height * _OVERSIZE, generator, eye_height_m, horizon)
    _draw_sky(sheet)
    _draw_ground(sheet)
    for side in (-1.0, 1.0):
        _draw_houses(sheet, side)
        _draw_trees(sheet, side)
        _draw_posts(sheet, side)
        _draw_people(sheet, side)
    for across, far in cars:
        _draw_car(sheet, across, far + generator.uniform(-1, 1))
    return sheet.finished(width, height)


class _Sheet:
    """Paper for the picture and its class map; every shape goes onto both.

    Places are (across, far): across the street in metres from the camera's axis, and metres
    ahead. The camera looks straight ahead.
    """

    def __init__(
        self,
        width: int,
        height: int,
        generator: np.random.Generator,
        eye_height_m: float,
        horizon: float,
    ) -> None:
        self.width, self.height, self.generator = width, height, generator
        self.eye_height_m = eye_height_m
        self.horizon = height * horizon
        self._focal = width * 0.9
        self._picture = Image.new("RGB", (width, height))
        self._map = Image.new("L", (width, height), _GROUP["sky"])
        self._pens = ImageDraw.Draw(self._picture), ImageDraw.Draw(self._map)

    def at(self, across_m: float, up_m: float, far_m: float) -> Point:
        """Where a point of the street is on the paper."""
        scale = self._focal / far_m
        return (
            self.width / 2 + across_m * scale,
            self.horizon + (self.eye_height_m - up_m) * scale,
        )

    def polygon(self, points: Sequence[Point], colour: Colour, group: str) -> None:
        self._pens[0].polygon(points, fill=colour)
        self._pens[1].polygon(points, fill=_GROUP[group])

    def box(
        self, corners: tuple[Point, Point], colour: Colour, group: str, *, radius: float = 0
    ) -> None:
        (left, top), (right, bottom) = corners
        bounds = (min(left, right), min(top, bottom), max(left, right), max(top, bottom))
        self._pens[0].rounded_rectangle(bounds, radius, fill=colour)
        self._pens[1].rounded_rectangle(bounds, radius, fill=_GROUP[group])

    def disc(self, centre: Point, radius: float, colour: Colour, group: str) -> None:
        bounds = (
            centre[0] - radius,
            centre[1] - radius,
            centre[0] + radius,
            centre[1] + radius,
        )
        self._pens[0].ellipse(bounds, fill=colour)
        self._pens[1].ellipse(bounds, fill=_GROUP[group])

    def shade(self, colour: Colour, spread: float) -> Colour:
        """A colour a little lighter or darker, by chance."""
        change = self.generator.normal(0, spread)
        red, green, blue = (int(np.clip(value + change, 0, 255)) for value in colour)
        return red, green, blue

    def finished(self, width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        soft = self._picture.filter(ImageFilter.GaussianBlur(_OVERSIZE * 0.6))
        small = np.asarray(soft.resize((width, height), Image.Resampling.BOX), dtype=np.float64)
        grain = self.generator.normal(0, _GRAIN, (height, width, 1))
        picture = np.clip(small + grain, 0, 255).astype(np.uint8)
        return picture, np.asarray(self._map.resize((width, height), Image.Resampling.NEAREST))


def _draw_sky(sheet: _Sheet) -> None:
    for row in range(int(sheet.horizon) + 1):
        share = row / sheet.horizon
        colour = (int(186 + 50 * share), int(206 + 34 * share), int(230 + 14 * share))
        sheet.box(((0, row), (sheet.width, row + 1)), colour, "sky")


def _draw_ground(sheet: _Sheet) -> None:
    # As near to the horizon from any height.
    near, far = 1.6, 400.0 * sheet.eye_height_m / _EYE_HEIGHT_M

    def strip(left_m: float, right_m: float, colour: Colour) -> None:
        corners = [(left_m, near), (left_m, far), (right_m, far), (right_m, near)]
        points = [sheet.at(across, 0, away) for across, away in corners]
        sheet.polygon(points, colour, "flat")

    strip(-60, 60, (126, 122, 118))
    strip(-4.2, 4.2, (84, 85, 88))
    for side in (-1, 1):
        strip(side * 4.0, side * 4.2, (168, 166, 160))
        strip(side * 3.7, side * 3.8, (190, 180, 120))
    for start in range(3, 90, 5):
        corners = [(-0.08, start), (-0.08, start + 2), (0.08, start + 2), (0.08, start)]
        sheet.polygon([sheet.at(x, 0, z) for x, z in corners], (214, 214, 210), "flat")


def _draw_houses(sheet: _Sheet, side: float) -> None:
    generator = sheet.generator
    ends = np.cumsum(generator.uniform(8, 14, 12)) + 5
    starts = np.concatenate([[1.6], ends[:-1]])
    wall_m = 7.5
    for start, end in reversed(list(zip(starts, ends, strict=True))):
        roof_m = generator.uniform(6.5, 10.5)
        wall = sheet.shade(_WALLS[generator.integers(len(_WALLS))], 8)
        corners = [(0.0, start), (roof_m, start), (roof_m, end), (0.0, end)]
        points = [sheet.at(side * wall_m, up, far) for up, far in corners]
        sheet.polygon(points, wall, "construction")
        # The gable that faces the camera, beside the street.
        gable = [
            sheet.at(side * across, up, start)
            for across, up in ((wall_m, 0), (wall_m, roof_m), (40, roof_m), (40, 0))
        ]
        sheet.polygon(gable, sheet.shade(wall, 14), "construction")
        _draw_windows(sheet, side * wall_m, (start, end), roof_m)


def _draw_windows(
    sheet: _Sheet, wall_m: float, stretch: tuple[float, float], roof_m: float
) -> None:
    start, end = stretch
    for floor_m in np.arange(0.9, roof_m - 1.6, 2.8):
        for far in np.arange(start + 0.8, end - 1.4, 2.4):
            corners = [
                (floor_m, far),
                (floor_m + 1.5, far),
                (floor_m + 1.5, far + 1.2),
                (floor_m, far + 1.2),
            ]
            points = [sheet.at(wall_m, up, away) for up, away in corners]
            sheet.polygon(points, sheet.shade((58, 66, 78), 12), "construction")


def _draw_trees(sheet: _Sheet, side: float) -> None:
    generator = sheet.generator
    for far in (46.0, 33.0, 23.0):
        across = side * generator.uniform(5.6, 6.4)
        trunk = (sheet.at(across - 0.15, 2.6, far), sheet.at(across + 0.15, 0, far))
        sheet.box(trunk, (66, 54, 44), "nature")
        centre_m = generator.uniform(4.2, 5.0)
        unit = sheet.at(1, 0, far)[0] - sheet.at(0, 0, far)[0]
        for _ in range(420):
            angle, reach = generator.uniform(0, 2 * np.pi), 1.9 * np.sqrt(generator.uniform())
            leaf = sheet.at(
                across + reach * np.cos(angle), centre_m + 1.1 * reach * np.sin(angle), far
            )
            light = 30 * np.sin(angle)
            colour = sheet.shade((int(62 + light * 0.6), int(84 + light), 42), 14)
            sheet.disc(leaf, 0.22 * unit, colour, "nature")


def _draw_posts(sheet: _Sheet, side: float) -> None:
    for far in (28.0, 15.0):
        across = side * 4.7
        post = (sheet.at(across - 0.07, 5.5, far), sheet.at(across + 0.07, 0, far))
        sheet.box(post, (70, 74, 78), "object")
    unit = sheet.at(1, 0, 15.0)[0] - sheet.at(0, 0, 15.0)[0]
    middle = sheet.at(side * 4.7, 2.6, 15.0)
    sheet.disc(middle, 0.36 * unit, (176, 30, 34), "object")
    sheet.disc(middle, 0.24 * unit, (232, 232, 230), "object")


def _draw_people(sheet: _Sheet, side: float) -> None:
    generator = sheet.generator
    for far in (24.0, 13.0):
        across = side * generator.uniform(5.0, 6.2)
        unit = sheet.at(1, 0, far)[0] - sheet.at(0, 0, far)[0]
        dark = _CLOTHES[generator.integers(len(_CLOTHES))]
        for leg in (-0.12, 0.12):
            corners = (sheet.at(across + leg - 0.1, 0.9, far), sheet.at(across + leg + 0.1, 0, far))
            sheet.box(corners, (38, 40, 50), "human", radius=0.08 * unit)
        body = (sheet.at(across - 0.26, 1.5, far), sheet.at(across + 0.26, 0.75, far))
        sheet.box(body, dark, "human", radius=0.14 * unit)
        sheet.disc(sheet.at(across, 1.63, far), 0.13 * unit, (176, 136, 116), "human")


def _draw_car(sheet: _Sheet, across: float, far: float) -> None:
    """The back of a car, or its front on the other side of the street."""
    paint = sheet.shade(_PAINTS[sheet.generator.integers(len(_PAINTS))], 6)
    unit = sheet.at(1, 0, far)[0] - sheet.at(0, 0, far)[0]
    is_oncoming = across < 0

    def box(left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        corners = sheet.at(across + left, top, far), sheet.at(across + right, bottom, far)
        sheet.box(corners, colour, "vehicle", radius=0.07 * unit)

    shadow = [(-1.0, -0.05), (1.0, -0.05), (0.85, 0.14), (-0.85, 0.14)]
    sheet.polygon([sheet.at(across + x, y, far) for x, y in shadow], (30, 30, 32), "flat")
    for wheel in (-0.72, 0.48):
        box(wheel, 0.5, wheel + 0.24, 0.0, (22, 22, 24))
    # The side that shows beyond the end: towards the middle of the picture.
    inwards = -np.sign(across) * 0.16
    cabin = [(-0.78, 0.9), (-0.6, 1.45), (0.6, 1.45), (0.78, 0.9)]
    for shift, colour in ((inwards, sheet.shade(paint, 20)), (0.0, paint)):
        points = [sheet.at(across + x + shift, y, far) for x, y in cabin]
        sheet.polygon(points, colour, "vehicle")
    box(-0.88, 0.98, 0.88, 0.28, paint)
    glass = [(-0.66, 0.96), (-0.53, 1.37), (0.53, 1.37), (0.66, 0.96)]
    sheet.polygon([sheet.at(across + x, y, far) for x, y in glass], (46, 54, 62), "vehicle")
    lamp = (238, 236, 214) if is_oncoming else (196, 26, 24)
    for left in (-0.84, 0.56):
        box(left, 0.84, left + 0.28, 0.66, lamp)
    box(-0.86, 0.44, 0.86, 0.3, (40, 40, 42))
    box(-0.26, 0.66, 0.26, 0.54, (222, 222, 214))


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the picture that the page offers to try; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.camera.street_drawing", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("file", type=Path)
    target = parser.parse_args(arguments).file
    picture, _ = draw_street(np.random.default_rng(SAMPLE_SEED))
    Image.fromarray(picture).save(target, quality=_JPEG_QUALITY)
    return 0


if __name__ == "__main__":
    run_command(main)
