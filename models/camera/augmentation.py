"""One labelled picture as many: flipped, scaled, turned, moved, under another light.

What is drawn resembles other cameras at other hours; a street is never shown upside down.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.camera.camvid import VOID
from services.camera.picture import PADDING

# Size of the picture against the one that just fits, from a whole view to a close one.
_SCALES: Final = (0.8, 2.0)
_STRETCH: Final = 0.12  # Width against height, either way.
_TURN_DEGREES: Final = 5.0
_CONTRAST: Final = (0.6, 1.4)
_BRIGHTNESS: Final = 35.0  # Of 255, either way.
_SATURATION: Final = (0.3, 1.6)
_WHITE_BALANCE: Final = 0.12  # Gain of each channel, either way.
_LUMINANCE: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601.
_NOISE: Final = 8.0  # Largest standard deviation, of 255.


def augment(
    picture: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    size: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw one variant of a labelled picture.

    Parameters
    ----------
    picture : array of uint8, shape (height, width, 3)
    labels : array of uint8, shape (height, width)
    size : int
        Side of the square that is drawn.

    Returns
    -------
    tuple of array of uint8, shapes (size, size, 3) and (size, size)
        Where the picture does not reach: grey as in the letterbox, and void.
    """
    back = _way_back(picture.shape[0], picture.shape[1], size, generator)
    drawn = Image.fromarray(picture).transform(
        (size, size),
        Image.Transform.AFFINE,
        back,
        resample=Image.Resampling.BILINEAR,
        fillcolor=(PADDING, PADDING, PADDING),
    )
    drawn_labels = Image.fromarray(labels).transform(
        (size, size),
        Image.Transform.AFFINE,
        back,
        resample=Image.Resampling.NEAREST,
        fillcolor=VOID,
    )
    return _relit(np.asarray(drawn), generator), np.asarray(drawn_labels)


def _way_back(
    height: int, width: int, size: int, generator: np.random.Generator
) -> tuple[float, ...]:
    """The affine map from a drawn pixel to the picture's, as Pillow takes it."""
    fitting = min(size / height, size / width)
    scale = fitting * np.exp(generator.uniform(*np.log(_SCALES)))
    stretch = np.exp(generator.uniform(-_STRETCH, _STRETCH) / 2)
    angle = np.deg2rad(generator.uniform(-_TURN_DEGREES, _TURN_DEGREES))
    flip = generator.choice((-1.0, 1.0))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([flip / (scale * stretch), stretch / scale])
    # The picture's centre moves as far as its overhang, or the free space, allows.
    room = np.abs(np.array([width, height]) - size / scale) / 2
    centre = np.array([width, height]) / 2 + generator.uniform(-room, room)
    shift = centre - matrix @ np.full(2, size / 2)
    return (*matrix[0], shift[0], *matrix[1], shift[1])


def _relit(picture: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    light: NDArray[np.floating] = picture.astype(np.float32)
    grey = (light @ _LUMINANCE)[..., None]
    light = grey + (light - grey) * np.float32(generator.uniform(*_SATURATION))
    gains = generator.uniform(1 - _WHITE_BALANCE, 1 + _WHITE_BALANCE, 3)
    gains *= generator.uniform(*_CONTRAST)
    middle = np.float32(light.mean())
    light = (light - middle) * np.asarray(gains, dtype=np.float32) + middle
    light += np.float32(generator.uniform(-_BRIGHTNESS, _BRIGHTNESS))
    deviation = np.float32(max(0.0, generator.uniform(-_NOISE, _NOISE)))
    light += deviation * generator.standard_normal(light.shape, dtype=np.float32)
    return np.clip(light, 0, 255).astype(np.uint8)
