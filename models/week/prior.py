"""What is known before a network is asked: counts, each level shrunk towards the one above it.

all segments → road class × type of day × hour → segment × type of day × hour → segment × hour
of the week. A level with few observations says nearly what the level above says, one with many
says what it saw: with a Dirichlet prior of ``strength`` observations from the level above, the
mean of the posterior is ``(counts + strength * above) / (observations + strength)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.history.averages import shrunk
from services.history.hour_of_week import HOURS_PER_DAY, HOURS_PER_WEEK

# Working days, Saturdays, Sundays.
DAY_TYPES: Final = np.array([0, 0, 0, 0, 0, 1, 2])
DAY_TYPE_OF_HOUR: Final = DAY_TYPES[np.arange(HOURS_PER_WEEK) // HOURS_PER_DAY]
_TYPES: Final = 3


@dataclass(frozen=True)
class Strengths:
    """How many observations the level above is worth; chosen on another simulation.

    Observations of one segment within an hour resemble one another, so that 48 are
    twelve visits of that hour and not 48 of them.
    """

    uniform: float = 1.0
    network: float = 100.0
    road_class: float = 4.0
    segment: float = 48.0


@dataclass(frozen=True)
class Prior:
    """Shares of the ratio bins that are expected, each distribution summing to 1.

    Attributes
    ----------
    week : array, shape (HOURS_PER_WEEK, segments, bins)
        Of each segment and hour of the week.
    day_type : array, shape (HOURS_PER_WEEK, segments, bins)
        Of each segment at that hour of that type of day: one level above.
    observations : array, shape (HOURS_PER_WEEK, segments)
        How many the first is made of.
    """

    week: NDArray[np.float32]
    day_type: NDArray[np.float32]
    observations: NDArray[np.float32]


def hierarchical_prior(
    counts: NDArray[np.integer], class_codes: NDArray[np.intp], strengths: Strengths
) -> Prior:
    """Shrink counts level by level.

    Parameters
    ----------
    counts : array of int, shape (HOURS_PER_WEEK, segments, bins)
    class_codes : array of int, shape (segments,)
        Road class of each segment.
    """
    _, segments, bins = counts.shape
    hour_of_type = DAY_TYPE_OF_HOUR * HOURS_PER_DAY + np.arange(HOURS_PER_WEEK) % HOURS_PER_DAY
    by_type = np.zeros((_TYPES * HOURS_PER_DAY, segments, bins), np.float32)
    np.add.at(by_type, hour_of_type, counts)
    classes = range(int(class_codes.max()) + 1)
    by_class = np.stack([by_type[:, class_codes == code].sum(axis=1) for code in classes], axis=1)
    everything = by_class.sum(axis=(0, 1))
    whole = shrunk(everything, np.full(bins, 1.0 / bins), strengths.uniform)
    of_class = shrunk(by_class, whole, strengths.network)
    of_type = shrunk(by_type, of_class[:, class_codes], strengths.road_class)
    day_type = of_type[hour_of_type]
    return Prior(
        week=shrunk(counts, day_type, strengths.segment).astype(np.float32),
        day_type=day_type.astype(np.float32),
        observations=counts.sum(axis=-1).astype(np.float32),
    )


def class_codes_of(road_classes: NDArray[np.str_]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """A code for the road class of each segment, and the classes' names in order."""
    names, codes = np.unique(road_classes, return_inverse=True)
    return codes.astype(np.intp), tuple(names.tolist())
