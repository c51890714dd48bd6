"""What a model says about a street picture: a class for each pixel, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.camera.classes import SegmentationClass
from services.camera.familiarity import Blindness

# At a time: NumPy makes eight bytes of each pixel that it counts.
_COUNTED_PIXELS: Final = 1_000_000


@dataclass(frozen=True)
class Segmentation:
    """The class map of one picture, at the picture's own size.

    Attributes
    ----------
    mask : array of uint8, shape (height, width)
        Positions in ``classes``.
    confidence_pct : array of uint8, shape (height, width)
        The model's share of the class it chose, 0 to 100.
    took_ms : float
        Wall time from the RGB picture to this.
    familiarity : float or None
        How like the pictures it learnt from this one is to the model, from 1 down to 0; None
        where nobody knows.
    blindness : {"uniform", "noise"} or None
        Why nothing can be seen, whatever the model says.
    """

    mask: NDArray[np.uint8]
    confidence_pct: NDArray[np.uint8]
    classes: tuple[SegmentationClass, ...]
    model_version: str
    took_ms: float
    familiarity: float | None = None
    blindness: Blindness | None = None

    def shares(self) -> dict[str, float]:
        """Share of the picture that each class covers, 0 to 1, in the model's order."""
        pieces = np.array_split(self.mask.ravel(), 1 + self.mask.size // _COUNTED_PIXELS)
        counts = np.sum([np.bincount(p, minlength=len(self.classes)) for p in pieces], axis=0)
        return {
            item.name: float(count / self.mask.size)
            for item, count in zip(self.classes, counts, strict=True)
        }
