"""CamVid's twelve classes as the eight groups: the one table that says which is which.

The SegNet split keeps these twelve of CamVid's 32 classes (Brostow et al., 2009).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.camera.classes import GROUPS

GROUP_NAMES: Final = tuple(item.name for item in GROUPS)
# Ignored by the loss and by every measure: nobody said what is there.
VOID: Final = GROUP_NAMES.index("void")
VEHICLE: Final = GROUP_NAMES.index("vehicle")

# (value in the class map, class of CamVid, group of Cityscapes)
CAMVID_GROUPS: Final = (
    (0, "sky", "sky"),
    (1, "building", "construction"),
    (2, "pole", "object"),
    (3, "road", "flat"),
    (4, "pavement", "flat"),
    (5, "tree", "nature"),
    (6, "sign", "object"),
    (7, "fence", "construction"),
    (8, "car", "vehicle"),
    (9, "pedestrian", "human"),
    # Rider and bicycle are one class in CamVid; the rider is what matters near a road.
    (10, "bicyclist", "human"),
    (11, "unlabelled", "void"),
)


def to_groups(class_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn a class map of CamVid into one of the groups.

    Returns
    -------
    array of uint8
        Positions in ``services.camera.classes.GROUPS``.

    Raises
    ------
    ValueError
        When a value is not in the table.
    """
    highest = int(class_map.max(initial=0))
    if highest >= len(CAMVID_GROUPS):
        raise ValueError(f"class value {highest} is none of CamVid's {len(CAMVID_GROUPS)}")
    table = np.array([GROUP_NAMES.index(group) for _, _, group in CAMVID_GROUPS], dtype=np.uint8)
    groups: NDArray[np.uint8] = table[class_map]
    return groups
