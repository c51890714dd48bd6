"""Reading the traffic from a segmented picture: how much road is covered, by how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.camera.classes import Role, SegmentationClass
from services.camera.reading import BANDS, TrafficReading, UnknownBecause, status_of_occupancy
from services.camera.segmentation import Segmentation

# Below this share of the picture there is no road to speak of.
MIN_ROAD_SHARE: Final = 0.05
# Smaller patches are specks of the model: 0.1 % is 8 × 8 pixels of its 256 × 256.
MIN_VEHICLE_SHARE: Final = 0.001
# Somebody a road's width away is thinner than a vehicle.
MIN_PERSON_SHARE: Final = 0.0003
# How near to the road a person counts, of the picture's longer side.
NEAR_ROAD_SHARE: Final = 0.03
# The model is surer of itself than it is right: its own range held the true occupancy of a fifth
# of CamVid's pictures. With this on both sides it holds four fifths (docs/camera.md).
RANGE_MARGIN: Final = 0.02
# Counting needs no more than what the model saw.
_COUNTED_SIDE: Final = 256
_EVERY_NEIGHBOUR: Final = np.ones((3, 3), dtype=bool)


def read_traffic(segmentation: Segmentation) -> TrafficReading:
    """Read the traffic in a segmented picture.

    Parameters
    ----------
    segmentation : Segmentation
        Of a model whose classes name a road and vehicles by their ``role``; without
        them the status is unknown, as where the picture is none to ask the model about.
    """
    if segmentation.blindness is not None or segmentation.familiarity == 0:
        return _unknown(segmentation, segmentation.blindness or "unfamiliar")
    step = max(1, max(segmentation.mask.shape) // _COUNTED_SIDE)
    mask = segmentation.mask[::step, ::step]
    shares = segmentation.confidence_pct[::step, ::step] / 100.0
    road = _is_of(mask, segmentation.classes, "road")
    vehicle = _is_of(mask, segmentation.classes, "vehicle")
    person = _is_of(mask, segmentation.classes, "person")
    vehicles = count_patches(vehicle, MIN_VEHICLE_SHARE)
    people = count_patches(person & _near(road | vehicle), MIN_PERSON_SHARE)
    surface = int(road.sum() + vehicle.sum())
    if not road.any() or surface < MIN_ROAD_SHARE * mask.size:
        return _unknown(segmentation, "no_road", vehicles, people)
    occupancy = float(vehicle.sum()) / surface
    low = max(0.0, float(shares[vehicle].sum()) / surface - RANGE_MARGIN)
    high = min(1.0, occupancy + float((1.0 - shares[road]).sum()) / surface + RANGE_MARGIN)
    status = status_of_occupancy(occupancy)
    trust = 1.0 if segmentation.familiarity is None else segmentation.familiarity
    return TrafficReading(
        status=status,
        occupancy=occupancy,
        occupancy_low=low,
        occupancy_high=high,
        confidence=_share_within(low, high, BANDS[status]) * trust,
        vehicles=vehicles,
        people=people,
        familiarity=segmentation.familiarity,
    )


def _unknown(
    segmentation: Segmentation,
    reason: UnknownBecause,
    vehicles: int | None = None,
    people: int | None = None,
) -> TrafficReading:
    familiarity = segmentation.familiarity
    return TrafficReading("unknown", None, None, None, None, vehicles, people, familiarity, reason)


def count_patches(pixels: NDArray[np.bool_], min_share: float) -> int:
    """Connected patches, by edges and corners, of at least a share of the picture."""
    patches, count = ndimage.label(pixels, structure=_EVERY_NEIGHBOUR)
    sizes = np.bincount(patches.ravel(), minlength=count + 1)[1:]
    return int((sizes >= max(1.0, min_share * pixels.size)).sum())


def _is_of(
    mask: NDArray[np.uint8], classes: Sequence[SegmentationClass], role: Role
) -> NDArray[np.bool_]:
    has_role = np.array([item.role == role for item in classes])
    return np.asarray(has_role[mask])


def _near(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reach = max(1, round(NEAR_ROAD_SHARE * max(pixels.shape)))
    grown = ndimage.binary_dilation(pixels, structure=_EVERY_NEIGHBOUR, iterations=reach)
    return np.asarray(grown)


def _share_within(low: float, high: float, band: tuple[float, float]) -> float:
    if high <= low:
        return 1.0
    return max(0.0, min(high, band[1]) - max(low, band[0])) / (high - low)
