"""Pictures drawn by code that are no street, or one unlike those that were learnt.

They measure how often the camera is sure where it is wrong (``models/camera/certainty.py``);
nothing is fitted to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from services.camera.street_drawing import draw_street

WIDTH: Final = 480
HEIGHT: Final = 360
_GRAIN: Final = 4.0  # Standard deviation of a camera's noise, of 255.
_WORDS: Final = ("lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit")
_SKINS: Final = ((224, 180, 150), (198, 144, 110), (140, 94, 66), (92, 60, 44))

Picture = NDArray[np.uint8]
Labels = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], Picture]
DrawLabelled = Callable[[np.random.Generator], tuple[Picture, Labels]]
Change = Callable[[Image.Image], Image.Image]
# A queue, and how a camera at a mast looks down on a street.
_QUEUE: Final = tuple((across, far) for far in range(60, 5, -6) for across in (2.0, -2.0))
_MAST: Final[Mapping[str, float]] = {"eye_height_m": 8.0, "horizon": 0.12}
_NIGHT: Final = 0.12  # Light that is left.


def _black(generator: np.random.Generator) -> Picture:
    level = generator.choice((0.0, 0.0, 3.0, 8.0))
    return _clipped(np.full((HEIGHT, WIDTH, 3), level) + _grain(generator, level / 4))


def _uniform(generator: np.random.Generator) -> Picture:
    colour = np.full((HEIGHT, WIDTH, 3), generator.uniform(20, 255, 3))
    return _clipped(colour + _grain(generator, generator.choice((0.0, 2.0, 6.0))))


def _gradient(generator: np.random.Generator) -> Picture:
    angle = generator.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    along = (np.cos(angle) * rows + np.sin(angle) * columns + 1.5) / 3
    first, last = generator.uniform(0, 255, (2, 3))
    return _clipped(first + (last - first) * along[..., None] + _grain(generator, 2))


def _noise(generator: np.random.Generator) -> Picture:
    """Of single pixels, of blocks, or smooth."""
    kind = generator.integers(4)
    if kind == 0:
        return generator.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    if kind == 1:
        grey = generator.normal(generator.uniform(60, 190), 60, (HEIGHT, WIDTH, 1))
        return _clipped(np.repeat(grey, 3, axis=2))
    cells = int(generator.choice((6, 12, 24, 48)))
    small = generator.integers(0, 256, (cells, cells, 3)).astype(np.uint8)
    way = Image.Resampling.NEAREST if kind == 2 else Image.Resampling.BICUBIC
    return np.array(Image.fromarray(small).resize((WIDTH, HEIGHT), way))


def _pattern(generator: np.random.Generator) -> Picture:
    """Stripes, a chequerboard, or bars of colour."""
    step = int(generator.integers(8, 80))
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    shapes = (rows // step, columns // step, rows // step + columns // step)
    colours = generator.uniform(0, 255, (int(generator.integers(2, 8)), 3))
    chosen = shapes[generator.integers(3)] % len(colours)
    return _clipped(colours[chosen] + _grain(generator, 3))


def _sky(generator: np.random.Generator) -> Picture:
    """With clouds or without."""
    down = np.linspace(0, 1, HEIGHT)[:, None, None]
    blue = np.array([90.0, 140.0, 210.0]) + generator.normal(0, 15, 3)
    clear = blue + down * generator.uniform(20, 80)
    cells = generator.normal(0, 1, (5, 8)).astype(np.float32)
    clouds = np.array(Image.fromarray(cells).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    cover = np.clip(clouds - generator.uniform(-0.8, 1.5), 0, 1)[..., None]
    return _clipped(clear * (1 - cover) + 235 * cover + _grain(generator))


def _room(generator: np.random.Generator) -> Picture:
    """Walls, a floor, a bed or a table, a window, a lamp, pictures at the wall."""
    image, pen = _paper(generator.uniform(150, 235, 3))
    corner = HEIGHT * generator.uniform(0.5, 0.7)
    middle = WIDTH * generator.uniform(0.2, 0.8)
    floor = _rgb(generator.uniform((90, 60, 40), (190, 150, 120)))
    pen.polygon(
        [(0, HEIGHT), (0, corner + 70), (middle, corner), (WIDTH, corner + 70), (WIDTH, HEIGHT)],
        fill=floor,
    )
    pen.line([(middle, 0), (middle, corner)], fill=(90, 90, 90), width=2)
    left, top = generator.uniform(20, 120), generator.uniform(20, 60)
    pen.rectangle(
        (left, top, left + 110, top + 120), fill=(226, 236, 246), outline=(250, 250, 250), width=7
    )
    pen.line([(left + 55, top), (left + 55, top + 120)], fill=(245, 245, 245), width=5)
    for _ in range(int(generator.integers(1, 4))):
        x, y = generator.uniform(200, 400), generator.uniform(20, 90)
        frame = _rgb(generator.uniform(30, 220, 3))
        pen.rectangle((x, y, x + 50, y + 40), fill=frame, outline=(40, 30, 20), width=3)
    x, y = generator.uniform(60, 200), corner + generator.uniform(-10, 30)
    cover = _rgb(generator.uniform(30, 230, 3))
    pen.polygon([(x, y), (x + 190, y), (x + 250, y + 110), (x - 30, y + 110)], fill=cover)
    pen.rectangle((x - 30, y + 110, x + 250, y + 150), fill=_rgb(np.array(cover) * 0.7))
    pen.rounded_rectangle((x + 20, y - 25, x + 90, y + 12), 12, fill=(240, 238, 232))
    pen.rounded_rectangle((x + 100, y - 25, x + 170, y + 12), 12, fill=(240, 238, 232))
    pen.rectangle((x + 225, y - 60, x + 229, y + 20), fill=(60, 50, 40))
    pen.polygon(
        [(x + 205, y - 60), (x + 250, y - 60), (x + 240, y - 95), (x + 215, y - 95)],
        fill=(250, 230, 170),
    )
    return _photographed(image, generator)


def _portrait(generator: np.random.Generator) -> Picture:
    """Shoulders and a head, in front of one colour."""
    image, pen = _paper(generator.uniform(60, 230, 3))
    skin = np.array(_SKINS[generator.integers(len(_SKINS))])
    x, y = WIDTH / 2 + generator.normal(0, 30), HEIGHT * generator.uniform(0.35, 0.45)
    size = HEIGHT * generator.uniform(0.18, 0.27)
    clothes, hair = (
        _rgb(generator.uniform(10, 230, 3)),
        _rgb(generator.uniform((20, 15, 10), (140, 110, 70))),
    )
    pen.ellipse((x - 1.15 * size, y - 1.45 * size, x + 1.15 * size, y + 0.9 * size), fill=hair)
    pen.rectangle(
        (x - 0.4 * size, y + 0.6 * size, x + 0.4 * size, y + 1.6 * size), fill=_rgb(skin * 0.85)
    )
    pen.ellipse((x - 2.3 * size, y + 1.3 * size, x + 2.3 * size, y + 5 * size), fill=clothes)
    pen.ellipse((x - 0.9 * size, y - 1.1 * size, x + 0.9 * size, y + 1.2 * size), fill=_rgb(skin))
    for side in (-1, 1):
        eye = x + side * 0.36 * size
        pen.ellipse(
            (eye - 0.13 * size, y - 0.15 * size, eye + 0.13 * size, y), fill=(245, 245, 245)
        )
        pen.ellipse(
            (eye - 0.06 * size, y - 0.14 * size, eye + 0.06 * size, y - 0.02 * size),
            fill=(40, 30, 20),
        )
    pen.line(
        [(x - 0.05 * size, y), (x + 0.08 * size, y + 0.4 * size)], fill=_rgb(skin * 0.75), width=3
    )
    pen.arc(
        (x - 0.35 * size, y + 0.3 * size, x + 0.35 * size, y + 0.8 * size),
        20,
        160,
        fill=(150, 60, 60),
        width=5,
    )
    return _photographed(image, generator)


def _text_page(generator: np.random.Generator) -> Picture:
    image, pen = _paper(generator.uniform(225, 255, 3))
    ink, size = _rgb(generator.uniform(0, 70, 3)), int(generator.integers(9, 18))
    font = ImageFont.load_default(size)
    for top in range(20, HEIGHT - 20, size + 5):
        words = " ".join(generator.choice(_WORDS, 14))
        pen.text((24, top), words[: int(generator.integers(20, 60))], fill=ink, font=font)
    return _photographed(image, generator)


def _screen(generator: np.random.Generator) -> Picture:
    """A window of a program: bars, boxes, a chart."""
    image, pen = _paper(generator.choice((250.0, 240.0, 36.0)) + np.zeros(3))
    pen.rectangle((0, 0, WIDTH, 28), fill=_rgb(generator.uniform(20, 220, 3)))
    pen.rectangle((0, 28, 110, HEIGHT), fill=_rgb(generator.uniform(60, 235, 3)))
    for place in range(9):
        height = generator.uniform(20, 180)
        left = 140 + 34 * place
        pen.rectangle(
            (left, 320 - height, left + 22, 320), fill=_rgb(generator.uniform(20, 235, 3))
        )
    for top in range(50, 330, 24):
        pen.rectangle((12, top, generator.uniform(40, 100), top + 8), fill=(128, 128, 128))
    return np.array(image)


def _leaves(generator: np.random.Generator) -> Picture:
    """A hedge from near."""
    image, pen = _paper(np.array([30.0, 44.0, 20.0]))
    for _ in range(1_500):
        x, y, size = (
            generator.uniform(0, WIDTH),
            generator.uniform(0, HEIGHT),
            generator.uniform(4, 16),
        )
        light = generator.uniform(0.5, 1.4)
        pen.ellipse((x, y, x + size, y + size * 0.6), fill=_rgb(np.array([72, 112, 44]) * light))
    return _photographed(image, generator)


def _fields(generator: np.random.Generator) -> Picture:
    """Sky over meadows, hills or the sea: outside, and no road."""
    image, pen = _paper(generator.uniform((120, 160, 200), (200, 215, 240)))
    horizon = HEIGHT * generator.uniform(0.35, 0.6)
    for depth in range(4):
        top = horizon + depth * (HEIGHT - horizon) / 4
        colour = _rgb(generator.uniform((50, 80, 40), (150, 170, 160)))
        crest = [(x, top + generator.normal(0, 9)) for x in range(0, WIDTH + 60, 60)]
        pen.polygon([*crest, (WIDTH, HEIGHT), (0, HEIGHT)], fill=colour)
    return _photographed(image, generator)


def _things(generator: np.random.Generator) -> Picture:
    """Food, tools, toys on a table: discs and boxes of any colour."""
    image, pen = _paper(generator.uniform(60, 230, 3))
    for _ in range(int(generator.integers(5, 16))):
        x, y = generator.uniform(0, WIDTH), generator.uniform(0, HEIGHT)
        width, height = generator.uniform(20, 160, 2)
        colour, bounds = _rgb(generator.uniform(0, 255, 3)), (x, y, x + width, y + height)
        if generator.integers(2):
            pen.ellipse(bounds, fill=colour, outline=_rgb(np.array(colour) * 0.6), width=3)
        else:
            pen.rounded_rectangle(
                bounds, 10, fill=colour, outline=_rgb(np.array(colour) * 0.6), width=3
            )
    return _photographed(image, generator)


NO_STREET: Final[Mapping[str, Draw]] = {
    "black": _black,
    "uniform": _uniform,
    "gradient": _gradient,
    "noise": _noise,
    "pattern": _pattern,
    "sky": _sky,
    "room": _room,
    "portrait": _portrait,
    "text page": _text_page,
    "screen": _screen,
    "leaves": _leaves,
    "fields": _fields,
    "things": _things,
}


def _street(**view: Any) -> DrawLabelled:
    return lambda generator: draw_street(generator, WIDTH, HEIGHT, **view)


def _night(generator: np.random.Generator) -> tuple[Picture, Labels]:
    picture, labels = draw_street(generator, WIDTH, HEIGHT)
    return _clipped(picture * _NIGHT), labels


STREETS: Final[Mapping[str, DrawLabelled]] = {
    "drawn street": _street(),
    "drawn street, empty": _street(cars=()),
    "drawn street, a queue": _street(cars=_QUEUE),
    "seen from a mast, empty": _street(cars=(), **_MAST),
    "seen from a mast, a queue": _street(cars=_QUEUE, **_MAST),
    "at night": _night,
}


def _blurred(radius: float) -> Change:
    return lambda image: image.filter(ImageFilter.GaussianBlur(radius))


def _darkened(share: float) -> Change:
    return lambda image: Image.eval(image, lambda value: int(value * share))


def _noisy(deviation: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        pixels = np.asarray(image)
        generator = np.random.default_rng(int(pixels.sum()))
        return Image.fromarray(_clipped(pixels + generator.normal(0, deviation, pixels.shape)))

    return change


def _turned(degrees: int) -> Change:
    # What comes in at the corners is black, and void in the class map (void is 0).
    return lambda image: image.rotate(degrees, expand=degrees % 180 == 90)


def _cut(ratio: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        width, height = (
            min(image.width, image.height * ratio),
            min(image.height, image.width / ratio),
        )
        left, top = (image.width - width) / 2, (image.height - height) / 2
        return image.crop((round(left), round(top), round(left + width), round(top + height)))

    return change


def _same(image: Image.Image) -> Image.Image:
    return image


# What is done to a picture of a street, and to its class map.
CHANGES: Final[Mapping[str, tuple[Change, Change]]] = {
    **{f"blur, radius {radius} px": (_blurred(radius), _same) for radius in (1.5, 3, 6)},
    **{f"light × {share}": (_darkened(share), _same) for share in (0.5, 0.25, 0.1)},
    **{f"noise of {deviation}": (_noisy(deviation), _same) for deviation in (20, 60)},
    "cut upright, 9:16": (_cut(9 / 16), _cut(9 / 16)),
    "cut upright, 3:4": (_cut(3 / 4), _cut(3 / 4)),
    "cut across, 16:9": (_cut(16 / 9), _cut(16 / 9)),
    **{f"turned by {turn}°": (_turned(turn), _turned(turn)) for turn in (10, 30, 90, 180)},
}


def _paper(colour: NDArray[np.floating]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (WIDTH, HEIGHT), _rgb(colour))
    return image, ImageDraw.Draw(image)


def _photographed(image: Image.Image, generator: np.random.Generator) -> Picture:
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float64)
    across = np.linspace(-1, 1, WIDTH)[None, :, None] * generator.uniform(-0.25, 0.25)
    return _clipped(soft * (1 + across) + _grain(generator))


def _grain(generator: np.random.Generator, deviation: float = _GRAIN) -> NDArray[np.float64]:
    return generator.normal(0, deviation, (HEIGHT, WIDTH, 1))


def _clipped(values: NDArray[np.floating]) -> Picture:
    clipped: Picture = np.clip(values, 0, 255).astype(np.uint8)
    return clipped


def _rgb(values: NDArray[np.floating]) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in np.clip(values, 0, 255))
    return red, green, blue
