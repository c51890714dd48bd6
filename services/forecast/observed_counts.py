"""What was observed so far, as counts that enter the forecasts of an initial model.

An initial model came with the code and learned from simulated traffic. What it says counts as
:data:`PRIOR_COUNT` observations of each hour of the week; what was observed there since counts as
often as it was observed: the mean of a Dirichlet distribution. The counts are those of the
roll-ups, of whole days; once they outweigh the model, it hardly matters any more.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import FileStamp, stamp_of
from services.base.watched import Watched
from services.city.city import City
from services.history.averages import SMOOTHING_COUNT
from services.history.cube_files import read_columns, read_cube
from services.history.day_counts import SEGMENT_MEASURES
from services.history.hour_of_week import HOURS_PER_DAY
from services.history.ratio_histogram import ZONE_BIN_PCT, ZONE_BINS
from services.history.rollups import SEGMENTS, ZONE_FORM, ZONES, path_of
from services.plain.statuses import DATEX_NAMES, ZONE_STATUSES
from services.traffic.indicators import zone_status_codes
from services.traffic.network import Network, places_of
from services.traffic.snapshot import Source
from services.traffic.status import SPEED_STATUSES

log = logging.getLogger(__name__)

# An hour of a feed every three minutes: after one week half of what is told is observed, after four
# four fifths. docs/learning.md says what other weights gave.
PRIOR_COUNT: Final = 20.0
# Of a model that is set aside: no more than the average's own smoothing, so that it still speaks
# where nothing was observed.
SET_ASIDE_PRIOR_COUNT: Final = len(ZONE_STATUSES) * SMOOTHING_COUNT

_EDITION_BYTES: Final = 6
ZONE_BIN_CENTRES: Final = np.minimum((np.arange(ZONE_BINS) + 0.5) * ZONE_BIN_PCT / 100, 1.0)
ZONE_STATUSES_OF_BINS: Final = np.eye(len(ZONE_STATUSES))[zone_status_codes(ZONE_BIN_CENTRES)]

# As the forecasts of segments have them.
_STATUS_COLUMNS: Final = tuple(DATEX_NAMES[status] for status in SPEED_STATUSES[::-1])
_RATIO_COLUMNS: Final = tuple(SEGMENT_MEASURES["ratios"].labels)


def prior_count(*, is_set_aside: bool) -> float:
    """How many observations an initial model counts as."""
    return SET_ASIDE_PRIOR_COUNT if is_set_aside else PRIOR_COUNT


def corrects(learned_from: Source, shown: Source) -> bool:
    """Whether what is observed enters: observed traffic is shown, the model never saw any."""
    return learned_from == "demo" and shown != "demo"


@dataclass(frozen=True, eq=False)
class HourCounts:
    """What was counted of every segment of a network at one hour of the week.

    Attributes
    ----------
    statuses : array, shape (segments, 3)
        Observations congested, heavy and free-flowing.
    ratios : array, shape (segments, RATIO_BINS)
        The same observations by their speed ratio.
    """

    statuses: NDArray[np.float32]
    ratios: NDArray[np.float32]


class ObservedSegments:
    """The counts of observed traffic on a network, read day of the week by day of the week."""

    def __init__(self, data_dir: Path, network: Network) -> None:
        self._path = path_of(data_dir, "live", SEGMENTS)
        # Of a function and not of a method: what refers to itself stays in memory for long.
        self._read = lru_cache(maxsize=1)(partial(_read_weekday, self._path, network))

    def edition(self) -> FileStamp | None:
        """What changes with the counts; None while there are none."""
        return stamp_of(self._path)

    def at(self, hour_of_week: int) -> HourCounts | None:
        """The counts of an hour of the week; None while nothing was rolled up, or can be read."""
        weekday, hour = divmod(hour_of_week, HOURS_PER_DAY)
        stamp = self.edition()
        if stamp is None:
            return None
        try:
            statuses, ratios = self._read(weekday, stamp)
        except StorageError as error:
            log.warning("nothing observed enters the week forecast: %s", error)
            return None
        return HourCounts(statuses[hour], ratios[hour])


@dataclass(frozen=True, eq=False)
class ZoneCounts:
    """What was counted of every zone.

    Attributes
    ----------
    statuses : array, shape (HOURS_PER_WEEK, zones, statuses)
        In the order of ``ZONE_STATUSES``.
    edition : str
        Changes with the days that are in it, and with what is in them.
    """

    statuses: NDArray[np.float64]
    edition: str


class ObservedZones:
    """The counts of observed traffic in the zones, read again when there are others."""

    def __init__(self, city: City, data_dir: Path) -> None:
        path = path_of(data_dir, "live", ZONES)
        self._counts = Watched(
            "the roll-up of the zones",
            partial(stamp_of, path),
            lambda _last: _read_zones(city, path),
        )

    def counts(self) -> ZoneCounts | None:
        """The counts; None while nothing was rolled up."""
        return self._counts.value()


def mean_by_length(
    network: Network, shares: NDArray[np.floating], is_shown: NDArray[np.bool_]
) -> float:
    """The mean share of some segments, each as long as it is; 0 where none is shown."""
    length_m = np.where(is_shown, network.length_m, 0.0)
    total = float(length_m.sum())
    return float((length_m * shares).sum()) / total if total else 0.0


def _read_weekday(
    path: Path,
    network: Network,
    weekday: int,
    _stamp: FileStamp,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    found = read_columns(path, [*_STATUS_COLUMNS, *_RATIO_COLUMNS], [weekday])
    keys = [] if found is None else found.keys
    places = places_of(network.segment_ids, keys)
    columns: Mapping[str, NDArray[np.generic]] = {} if found is None else found.columns
    return (
        _placed(columns, _STATUS_COLUMNS, places),
        _placed(columns, _RATIO_COLUMNS, places),
    )


def _placed(
    columns: Mapping[str, NDArray[np.generic]],
    names: tuple[str, ...],
    places: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Columns side by side in a network's order, 0 for segments that they lack."""
    counts = np.zeros((HOURS_PER_DAY, len(places), len(names)), np.float32)
    is_there = places >= 0
    if columns and is_there.any():
        for place, name in enumerate(names):
            counts[:, is_there, place] = columns[name][:, places[is_there]]
    return counts


def _read_zones(city: City, path: Path) -> ZoneCounts | None:
    cube = read_cube(path, ZONE_FORM)
    if cube is None or not set(city.zone_choices) <= set(cube.keys):
        return None
    places = [cube.keys.index(zone) for zone in city.zone_choices]
    statuses = cube.sums["ratios"][:, places] @ ZONE_STATUSES_OF_BINS
    # Marks change with a day's rows, and with the free flow that they are compared with.
    days = "\n".join(f"{day} {mark}" for day, mark in sorted(cube.days.items()))
    edition = hashlib.blake2b(days.encode(), digest_size=_EDITION_BYTES).hexdigest()
    return ZoneCounts(statuses, edition)
