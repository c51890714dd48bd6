"""How good a class map is: confusion, intersection over union, precision and recall.

Void pixels of the truth are in no count; the mean goes over the groups but void.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.camera.camvid import GROUP_NAMES, VEHICLE, VOID
from models.camera.dataset import LabelledPictures
from services.camera.picture import letterbox, placement, unletterbox_mask

Counts = NDArray[np.int64]


def confusion(truth: NDArray[np.uint8], found: NDArray[np.uint8]) -> Counts:
    """Count pixels by true class (rows) and found class (columns); void truth left out."""
    seen, classes = truth != VOID, len(GROUP_NAMES)
    pairs = truth[seen].astype(np.int64) * classes + found[seen]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def confusion_over(
    parts: LabelledPictures, segment: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> Counts:
    """Confusion over many pictures, each at its own size.

    Parameters
    ----------
    segment : callable
        Gives the class map of a picture, at the picture's size.
    """
    total = np.zeros((len(GROUP_NAMES),) * 2, dtype=np.int64)
    for picture, labels in parts:
        total += confusion(labels, segment(picture))
    return total


def intersection_over_union(counts: Counts) -> NDArray[np.float64]:
    """Of each class: TP ÷ (TP + FP + FN); NaN for one that neither truth nor forecast has."""
    hits = np.diag(counts).astype(np.float64)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    with np.errstate(invalid="ignore"):
        return np.asarray(hits / np.where(union > 0, union, np.nan))


def mean_iou(counts: Counts) -> float:
    """Mean IoU over the groups that occur, void left out."""
    return float(np.nanmean(np.delete(intersection_over_union(counts), VOID)))


def figures(counts: Counts) -> dict[str, Any]:
    """Everything that a model card tells, as plain numbers."""
    iou = intersection_over_union(counts)
    hits = float(counts[VEHICLE, VEHICLE])
    return {
        "mean_iou": mean_iou(counts),
        "iou": {
            name: None if np.isnan(value) else float(value)
            for place, (name, value) in enumerate(zip(GROUP_NAMES, iou, strict=True))
            if place != VOID
        },
        "pixel_accuracy": float(np.trace(counts) / max(1, counts.sum())),
        "vehicle_precision": hits / max(1, int(counts[:, VEHICLE].sum())),
        "vehicle_recall": hits / max(1, int(counts[VEHICLE].sum())),
        "pixels": int(counts.sum()),
        "confusion": counts.tolist(),
    }


class CommonestByPosition:
    """The baseline: at each place of the letterbox the class that was commonest there.

    Parameters
    ----------
    size : int
        Side of the letterbox, in pixels.
    """

    def __init__(self, parts: LabelledPictures, size: int) -> None:
        counts = np.zeros((len(GROUP_NAMES), size, size), dtype=np.int32)
        groups = np.arange(len(GROUP_NAMES))[:, None, None]
        for labels in parts.labels:
            counts += letterbox_labels(labels, size) == groups
        counts[VOID] = -1
        self._map = counts.argmax(axis=0).astype(np.uint8)

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The class map of a picture, whatever it shows."""
        place = placement(picture.shape[0], picture.shape[1], *self._map.shape)
        return unletterbox_mask(self._map, place)


def letterbox_labels(labels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Fit a class map as its picture is fitted: the nearest pixel's class, void around it."""
    # Classes go through the picture's own way one by one, so that there is only one way.
    shares = [
        letterbox(np.repeat((labels == group)[..., None], 3, axis=2) * np.uint8(255), size, size)
        for group in range(len(GROUP_NAMES))
    ]
    place = shares[0][1]
    fitted = np.full((size, size), VOID, dtype=np.uint8)
    fitted[place.content] = np.stack([item[0][..., 0] for item in shares]).argmax(axis=0)[
        place.content
    ]
    return fitted
