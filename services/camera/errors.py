"""The errors of the camera, in the application's one tree.

TrafficError
 ├── ModelRefused            a segmentation model cannot be used
 │    └── ClassFileRefused   nor can the file of classes beside it
 ├── CameraUnavailable       nobody looks at pictures now (HTTP 503)
 │    └── CameraBusy         every place of the queue is taken (HTTP 503, Retry-After)
 └── PictureRefused          the caller's picture cannot be used; one sentence says why
      ├── NotAPicture        not one of the formats read here (HTTP 415)
      ├── PictureTooLarge    too many bytes or pixels (HTTP 413)
      ├── PictureTooCostly   takes too long to decode, whatever its size (HTTP 413)
      └── PictureDamaged     empty, truncated, too small or broken inside (HTTP 400)
"""

from __future__ import annotations

from typing import ClassVar, Literal

from services.base.errors import TrafficError

PictureFault = Literal["not_a_picture", "too_large", "too_costly", "damaged"]


class PictureRefused(TrafficError):
    """A picture that was handed in cannot be used."""

    fault: ClassVar[PictureFault]


class NotAPicture(PictureRefused):
    """The bytes are in none of the picture formats that are read here."""

    fault = "not_a_picture"


class PictureTooLarge(PictureRefused):
    """The picture has more bytes or pixels than are taken in."""

    fault = "too_large"


class PictureTooCostly(PictureRefused):
    """The picture is made so that decoding it takes much longer than others of its size."""

    fault = "too_costly"


class PictureDamaged(PictureRefused):
    """The bytes begin like a picture but do not give one, or not one to see a street in."""

    fault = "damaged"


class CameraUnavailable(TrafficError):
    """The process that looks at pictures is not there, or cannot do it."""


class CameraBusy(CameraUnavailable):
    """Every place of the queue is taken.

    Parameters
    ----------
    retry_after_s : int
        When to come back.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("too many pictures are waiting")
        self.retry_after_s = retry_after_s


class ModelRefused(TrafficError):
    """A segmentation model is missing, damaged, or not of the shapes that are asked for."""


class ClassFileRefused(ModelRefused):
    """The file of classes beside a model is missing, damaged, or does not fit the model."""
