"""From a picture's bytes to an answer: decode, segment, read the traffic, write the PNGs."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.camera.classes import SegmentationClass, palette_of
from services.camera.errors import ModelRefused, PictureRefused
from services.camera.messages import Answer, Order, Refusal, Reply
from services.camera.picture import decode_picture
from services.camera.segmentation import Segmentation
from services.camera.traffic_reader import read_traffic

log = logging.getLogger(__name__)

# A picture that is sent back is for looking at: four megapixels take 100 ms to write.
RETURNED_SIDE: Final = 2_048
# Photographs hardly shrink, so the fastest there is; masks shrink to a hundredth in no time.
_PICTURE_COMPRESSION: Final = 1

Segment = Callable[[NDArray[np.uint8]], Segmentation]
"""A model: from a picture in RGB to its class map."""


def look(order: Order, load: Callable[[], Segment]) -> Reply:
    """Answer an order; every fault is an answer, and each is journalled without a name.

    Parameters
    ----------
    load : callable
        Gives the model, of which no time is counted; it may raise ModelRefused.
    """
    try:
        answer = _answered(order, load)
    except PictureRefused as error:
        log.info("picture refused: %s", error)
        return Refusal(error.fault, str(error))
    except ModelRefused as error:
        log.error("the camera's model cannot be used: %s", error)
        return Refusal("model", "the camera's model cannot be used; the journal says why")
    # A picture that brings the model to its knees must not end the process for all others.
    except Exception:
        log.exception("a picture could not be segmented")
        return Refusal("failed", "the picture could not be segmented; the journal says why")
    log.info("segmentation ok %d×%d in %.0f ms", answer.width, answer.height, answer.took_ms)
    return answer


def encode_mask(mask: NDArray[np.uint8], classes: tuple[SegmentationClass, ...]) -> bytes:
    """A class map as PNG: its values are the classes, its palette their colours."""
    image = Image.fromarray(mask)
    image.putpalette(palette_of(classes).tobytes())
    return _png(image)


def encode_picture(rgb: NDArray[np.uint8]) -> bytes:
    """A picture as PNG, reduced to fit a square of RETURNED_SIDE pixels."""
    image = Image.fromarray(rgb)
    image.thumbnail((RETURNED_SIDE, RETURNED_SIDE))
    return _png(image, compress_level=_PICTURE_COMPRESSION)


def _answered(order: Order, load: Callable[[], Segment]) -> Answer:
    started = time.perf_counter()
    rgb = decode_picture(order.picture)
    decoding_s = time.perf_counter() - started
    segment = load()
    started = time.perf_counter() - decoding_s
    found = segment(rgb)
    reading = read_traffic(found)
    took_ms = (time.perf_counter() - started) * 1_000
    height, width = found.mask.shape
    return Answer(
        width=width,
        height=height,
        mask_png=encode_mask(found.mask, found.classes),
        picture_png=encode_picture(rgb) if order.wants_picture else None,
        classes=found.classes,
        shares=tuple(found.shares().values()),
        reading=reading,
        model_version=found.model_version,
        took_ms=took_ms,
    )


def _png(image: Image.Image, **options: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()
