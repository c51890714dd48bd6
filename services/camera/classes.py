"""What a pixel can be: the eight Cityscapes groups, and the file that names other classes.

The file beside a model, ``FILE.json`` beside ``FILE.keras``::

    {
      "classes": [{"name": "flat", "colour": "#804080", "role": "road"}, ...],
      "input": {"channels": "rgb", "scale": 0.00392156862745098, "offset": [0, 0, 0]}
    }

``classes`` come in the order of the model's channels. ``role`` may be left out; the
reading of the traffic looks at ``road``, ``vehicle``, ``person`` and ``void`` alone.
What the model sees is ``(channel - offset) * scale`` of channels from 0 to 255.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.camera.errors import ClassFileRefused

Role = Literal["road", "vehicle", "person", "void"]
# A class map holds one byte a pixel.
MAX_CLASSES: Final = 256


class SegmentationClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One class of pixels.

    Parameters
    ----------
    name : str
        As the model's file gives it; for the eight groups a key of the texts.
    colour : str
        ``#rrggbb``, as the mask shows it.
    role : str, optional
        What it means for the traffic; nothing for most.
    """

    name: str
    colour: str
    role: Role | None = None

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Its colour as three channels from 0 to 255."""
        red, green, blue = bytes.fromhex(self.colour.removeprefix("#"))
        return red, green, blue


class InputScaling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How channels from 0 to 255 become what a model sees: ``(channel - offset) * scale``."""

    channels: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1.0 / 255.0
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def apply(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Scale pictures, shape (..., 3); the offset is in the model's order of channels."""
        ordered = rgb if self.channels == "rgb" else rgb[..., ::-1]
        offset = np.asarray(self.offset, dtype=np.float32)
        return (ordered.astype(np.float32) - offset) * np.float32(self.scale)


class ClassFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file beside a model says."""

    classes: tuple[SegmentationClass, ...]
    input: InputScaling = InputScaling()


# Names and colours of the Cityscapes groups: each takes the colour of its commonest class there
# (road, building, pole, vegetation, sky, person, car).
GROUPS: Final = (
    SegmentationClass("void", "#000000", "void"),
    SegmentationClass("flat", "#804080", "road"),
    SegmentationClass("construction", "#464646"),
    SegmentationClass("object", "#999999"),
    SegmentationClass("nature", "#6b8e23"),
    SegmentationClass("sky", "#4682b4"),
    SegmentationClass("human", "#dc143c", "person"),
    SegmentationClass("vehicle", "#00008e", "vehicle"),
)


def encode_class_file(content: ClassFile) -> bytes:
    """The file as it is stored."""
    return msgspec.json.format(msgspec.json.encode(content)) + b"\n"


def decode_class_file(document: bytes) -> ClassFile:
    """Read and check the file beside a model.

    Raises
    ------
    ClassFileRefused
        Naming the field that is wrong.
    """
    try:
        content = msgspec.json.decode(document, type=ClassFile)
    except msgspec.MsgspecError as error:
        raise ClassFileRefused(str(error)) from error
    _check_classes(content.classes)
    numbers = (content.input.scale, *content.input.offset)
    if not all(map(math.isfinite, numbers)) or content.input.scale == 0:
        raise ClassFileRefused("input: scale and offset must be finite, scale not 0")
    return content


def palette_of(classes: tuple[SegmentationClass, ...]) -> NDArray[np.uint8]:
    """Colours of the classes, shape (classes, 3): ``palette_of(classes)[mask]`` is a picture."""
    return np.array([item.rgb for item in classes], dtype=np.uint8)


def _check_classes(classes: tuple[SegmentationClass, ...]) -> None:
    if not 2 <= len(classes) <= MAX_CLASSES:
        raise ClassFileRefused(f"classes: {len(classes)} of them, expected 2 to {MAX_CLASSES}")
    names = [item.name for item in classes]
    if len(set(names)) != len(names) or not all(names):
        raise ClassFileRefused("classes: every class needs a name of its own")
    for place, item in enumerate(classes):
        if len(item.colour) != 7 or item.colour[0] != "#" or not _is_hexadecimal(item.colour[1:]):
            raise ClassFileRefused(f"classes[{place}].colour: {item.colour!r} is not #rrggbb")


def _is_hexadecimal(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)
