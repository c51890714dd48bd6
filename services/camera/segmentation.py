"""What a model says about a street picture: a class for each pixel, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.camera.classes import SegmentationClass


@dataclass(frozen=True)
class Segmentation:
    """The class map of one picture, at the picture's own size.

    Attributes
    ----------
    mask : array of uint8, shape (height, width)
        Positions in ``classes``.
    confidence_pct : array of uint8, shape (height, width)
        The model's share of the class it chose, 0 to 100.
    classes : tuple of SegmentationClass
    model_version : str
    took_ms : float
        Wall time from the RGB picture to this.
    """

    mask: NDArray[np.uint8]
    confidence_pct: NDArray[np.uint8]
    classes: tuple[SegmentationClass, ...]
    model_version: str
    took_ms: float

    def shares(self) -> dict[str, float]:
        """Share of the picture that each class covers, 0 to 1, in the model's order."""
        counts = np.bincount(self.mask.ravel(), minlength=len(self.classes))
        return {
            item.name: float(count / self.mask.size)
            for item, count in zip(self.classes, counts, strict=True)
        }
