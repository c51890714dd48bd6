"""Bytes to a checked RGB picture, to a model's size, and back: once for training, page and API.

A picture is decoded in memory and leaves as bare pixels: its name, EXIF and every other
annotation stay behind here.
"""

from __future__ import annotations

import contextlib
import io
import re
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from services.camera.errors import (
    NotAPicture,
    PictureDamaged,
    PictureRefused,
    PictureTooCostly,
    PictureTooLarge,
)
from services.camera.limits import DECODE_SECONDS, MAX_BYTES, MAX_PIXELS, MAX_SCANS, MAX_SEGMENTS

# Only these decoders are ever tried, whatever else Pillow can read.
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF87a", b"GIF89a")
_JPEG_SIGNATURE: Final = _SIGNATURES[0]
# What begins a segment: neither escaped data nor padding nor one that stands alone, which restarts
# inside a scan do (ITU-T T.81, B.1.1).
_JPEG_MARKER: Final = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])")
_START_OF_SCAN: Final = b"\xda"
_END_OF_IMAGE: Final = b"\xd9"
# A decoder is given so many at a time: between two pieces the clock is looked at.
_PIECE_BYTES: Final = 2_048
# So many are made RGB at a time, for memory (services/camera/limits.py).
_STRIP_PIXELS: Final = 1_000_000
# Below this nothing in a street can be told.
MIN_SIDE: Final = 16
# Grey bands, as far from every colour of a street as one constant can be.
PADDING: Final = 128
# What is behind transparent pixels.
_BACKDROP: Final = (255, 255, 255, 255)


@dataclass(frozen=True)
class Placement:
    """Where a picture lies inside the model's input; lengths in pixels."""

    picture_height: int
    picture_width: int
    height: int
    width: int
    top: int
    left: int

    @property
    def content(self) -> tuple[slice, slice]:
        """Rows and columns that hold the picture."""
        rows = slice(self.top, self.top + self.height)
        return rows, slice(self.left, self.left + self.width)


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP or GIF, upright and in RGB; the first frame of an animation.

    Transparent parts are laid over white, 16 bits become 8.

    Parameters
    ----------
    data : bytes
        The file; its name is not asked for, its content decides.

    Returns
    -------
    array of uint8, shape (height, width, 3)

    Raises
    ------
    NotAPicture
        Another format, or none.
    PictureTooLarge
        Too many bytes, or too many pixels once decoded.
    PictureTooCostly
        Too many scans, or too much time once it is decoded.
    PictureDamaged
        Empty, truncated, broken inside, or less than MIN_SIDE pixels wide or high.
    """
    if not data:
        raise PictureDamaged("the file is empty")
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(f"{len(data):,} bytes, at most {MAX_BYTES:,} are taken")
    if data.startswith(_JPEG_SIGNATURE):
        _check_scans(data)
    with _opened(data) as image:
        _check_size(image.width, image.height)
        return _upright_rgb(image)


def letterbox(
    rgb: NDArray[np.uint8], height: int, width: int
) -> tuple[NDArray[np.uint8], Placement]:
    """Fit a picture into a model's input, its proportions kept, grey bands around it.

    Parameters
    ----------
    rgb : array of uint8, shape (picture height, picture width, 3)
    height, width : int
        Of the model's input.

    Returns
    -------
    tuple of array of uint8, shape (height, width, 3), and Placement
        The second one leads back.
    """
    place = placement(rgb.shape[0], rgb.shape[1], height, width)
    fitted = Image.fromarray(rgb).resize(
        (place.width, place.height), Image.Resampling.BILINEAR, reducing_gap=2.0
    )
    canvas = np.full((height, width, 3), PADDING, dtype=np.uint8)
    canvas[place.content] = np.asarray(fitted)
    return canvas, place


def placement(picture_height: int, picture_width: int, height: int, width: int) -> Placement:
    """Where a picture of some size lies inside a model's input: centred, as large as fits."""
    ratio = min(height / picture_height, width / picture_width)
    fitted_height = min(height, max(1, round(picture_height * ratio)))
    fitted_width = min(width, max(1, round(picture_width * ratio)))
    return Placement(
        picture_height=picture_height,
        picture_width=picture_width,
        height=fitted_height,
        width=fitted_width,
        top=(height - fitted_height) // 2,
        left=(width - fitted_width) // 2,
    )


def unletterbox_mask(mask: NDArray[np.uint8], place: Placement) -> NDArray[np.uint8]:
    """Bring a class map of the model's size back to the picture's own size.

    Parameters
    ----------
    mask : array of uint8, shape (height, width)
        As the model sees it, bands included.
    place : Placement
        From :func:`letterbox`.

    Returns
    -------
    array of uint8, shape (picture height, picture width)
        Each pixel the class of the nearest one: classes cannot be mixed.
    """
    content = Image.fromarray(np.ascontiguousarray(mask[place.content]))
    own_size = (place.picture_width, place.picture_height)
    return np.asarray(content.resize(own_size, Image.Resampling.NEAREST))


class _TimedBytes(io.BytesIO):
    """A file that ends its decoder when that has taken DECODE_SECONDS of the processor.

    From now on, of the thread that makes it and reads it.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._until = time.thread_time() + DECODE_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        if time.thread_time() > self._until:
            raise PictureTooCostly("the picture takes too long to decode")
        return super().read(size)


def _check_scans(data: bytes) -> None:
    """Count the scans of a JPEG as its decoder will meet them; those of a preview do not count."""
    scans = place = 0
    for _ in range(MAX_SEGMENTS):
        found = _JPEG_MARKER.search(data, place)
        if found is None or found[1] == _END_OF_IMAGE:
            return
        scans += found[1] == _START_OF_SCAN
        if scans > MAX_SCANS:
            break
        place = found.end() + int.from_bytes(data[found.end() : found.end() + 2])
    raise PictureTooCostly(f"a JPEG of more than {MAX_SCANS} scans or {MAX_SEGMENTS} segments")


def _opened(data: bytes) -> Image.Image:
    try:
        return Image.open(_TimedBytes(data), formats=FORMATS)
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge("the picture has too many pixels") from error
    except UnidentifiedImageError as error:
        if data.startswith(_SIGNATURES):
            raise PictureDamaged("the picture is damaged") from error
        raise NotAPicture("not a JPEG, PNG, WebP or GIF picture") from error
    # Pillow's decoders answer broken bytes with almost any exception.
    except Exception as error:
        raise PictureDamaged("the picture is damaged") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PictureTooLarge(f"{width} × {height} pixels, at most {MAX_PIXELS:,} in all are taken")
    if min(width, height) < MIN_SIDE:
        raise PictureDamaged(f"{width} × {height} pixels, at least {MIN_SIDE} each way are needed")


def _upright_rgb(image: Image.Image) -> NDArray[np.uint8]:
    try:
        if isinstance(image, ImageFile.ImageFile):
            image.decodermaxblock = _PIECE_BYTES
        image.load()
        _turn_upright(image)
        return _rgb_by_strips(image)
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge("the picture has too many pixels") from error
    except Exception as error:  # As in _opened.
        raise PictureDamaged("the picture is truncated or damaged") from error


def _turn_upright(image: Image.Image) -> None:
    # Annotations that cannot be read turn nothing: the pixels are still good.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def _rgb_by_strips(image: Image.Image) -> NDArray[np.uint8]:
    """In RGB, some rows at a time: a pixel takes many times its own bytes on its way there."""
    rgb = np.empty((image.height, image.width, 3), dtype=np.uint8)
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        strip = image.crop((0, top, image.width, bottom))
        rgb[top:bottom] = np.asarray(_to_rgb(strip))
    return rgb


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey; Pillow would cut them off at 255 instead of scaling them.
        shades = np.asarray(image).astype(np.int64) >> 8
        image = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        pixels = image.convert("RGBA")
        backdrop = Image.new("RGBA", pixels.size, _BACKDROP)
        return Image.alpha_composite(backdrop, pixels).convert("RGB")
    return image.convert("RGB")
