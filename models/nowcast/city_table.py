"""From the history to the nowcaster's table: speed ratios of every segment, every five minutes.

The feed speaks every three minutes or so, and not always; the nowcaster counts in
steps of five, as the literature's data do. A step holds the *mean* of what is known
within the five minutes that end there: one or two observations. The last of them would
be a third older or younger from step to step; interpolating would look into the future.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.errors import HistoryTooShort
from models.nowcast.speed_table import MINUTES_PER_DAY, RowTimes
from models.training_command import Report
from services.city.city import City
from services.city.day_types import DayType, day_type
from services.history import layout
from services.history.by_day import IN_PROCESS, DayMap
from services.history.history import History
from services.history.networks import KnownNetworks
from services.history.window import Window, newest_observation, window
from services.traffic.network import Network
from services.traffic.snapshot import Source
from services.traffic.status import has_speed
from services.traffic.zone_ratios import travel_times_s, zone_times

STEP_MINUTES: Final = 5
STEP_SECONDS: Final = STEP_MINUTES * 60
SLOTS_PER_DAY: Final = MINUTES_PER_DAY // STEP_MINUTES
# A few drivers at twice the limit tell nothing of the traffic; 13 % of rows pass 1.
RATIO_CAP: Final = 1.5
# A day whose last half hour was observed is over; the running one is not learned from.
_END_OF_DAY: Final = timedelta(minutes=30)
_EPOCH: Final = date(1970, 1, 1)
_DAYS_PER_WEEK: Final = 7
_DAYS_OFF: Final = frozenset({DayType.WEEKEND, DayType.PUBLIC_HOLIDAY})
# A window holds its start and not its end, a step the other way round.
_SECOND: Final = timedelta(seconds=1)
_WINDOW_VALUES: Final = ("status", "speed_kmh")


@dataclass(frozen=True)
class CityTable:
    """Speed ratios of a network at equally spaced times.

    Attributes
    ----------
    network : Network
        Whose order the columns follow.
    source : {"live", "archive", "demo"}
    end_s : array of int, shape (rows,)
        When each step ends, seconds since 1970 UTC.
    ratio : array of float32, shape (rows, segments)
        Speed ÷ limit, at most :data:`RATIO_CAP`; NaN where unknown or closed.
    times : RowTimes
        In the city.
    day_snapshots : tuple of int
        Observation times that each day was made of.
    zone_ratio : array of float, shape (rows, zones)
        Of each zone as last observed within the step, which is what pages show and forecasts
        are scored by; NaN where too little was.
    """

    network: Network
    source: Source
    end_s: NDArray[np.int64]
    ratio: NDArray[np.float32]
    times: RowTimes
    day_snapshots: tuple[int, ...]
    zone_ratio: NDArray[np.float64]

    def dates(self) -> list[date]:
        """The local date of each of ``times.day``, from the first row's on."""
        first = self.network.city.local(
            datetime.fromtimestamp(int(self.end_s[0]) - STEP_SECONDS // 2, UTC)
        ).date()
        return [first + timedelta(days=int(day)) for day in np.unique(self.times.day)]

    def is_on(self, days: Sequence[date]) -> NDArray[np.bool_]:
        """Whether each row is of one of some days, shape (rows,)."""
        first = self.dates()[0]
        return np.isin(self.times.day, [(day - first).days for day in days])


def load_city_table(
    city: City,
    data_dir: Path,
    source: Source,
    weeks: int,
    report: Report,
    *,
    until: date | None = None,
    map_days: DayMap = IN_PROCESS,
) -> CityTable:
    """The newest weeks of a history, on its newest network, whole days only.

    Parameters
    ----------
    source : {"live", "archive", "demo"}
    weeks : int
        At most; less where there is less.
    until : date, optional
        The last day to read; default: the last that is over.

    Raises
    ------
    HistoryTooShort
        When there is no history, or no day of it is over.
    StorageError
        When it cannot be read.
    """
    newest = newest_observation(city, data_dir, source)
    if newest is None:
        raise HistoryTooShort(f"no history of source {source!r} in {data_dir}")
    network, latest = newest
    last_midnight = city.midnight(city.local(latest + _END_OF_DAY).date())
    if until is not None:
        last_midnight = min(last_midnight, city.midnight(until + timedelta(days=1)))
    first_day = layout.days(data_dir, source)[0]
    start_day = max(
        city.local(last_midnight).date() - timedelta(weeks=weeks),
        city.local(datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC)).date(),
    )
    days = list(_days(start_day, city.local(last_midnight).date()))
    if not days:
        raise HistoryTooShort(f"no day of the {source} history in {data_dir} is over yet")
    end_s = np.arange(
        int(city.midnight(days[0]).timestamp()) + STEP_SECONDS,
        int(last_midnight.timestamp()) + 1,
        STEP_SECONDS,
    )
    ratio = np.full((len(end_s), len(network)), np.nan, dtype=np.float32)
    zone_ratio = np.full((len(end_s), len(city.zone_choices)), np.nan)
    day_snapshots = []
    history = History(data_dir, source, KnownNetworks(city, data_dir, source=source))
    of_days = map_days(_steps_of_day, history, days, network.version)
    for count, steps in enumerate(of_days, start=1):
        inside = (end_s > steps.start_s) & (end_s <= steps.end_s)
        ratio[inside], zone_ratio[inside] = steps.ratio, steps.zone_ratio
        day_snapshots.append(steps.snapshots)
        if count % _DAYS_PER_WEEK == 0 or count == len(days):
            report(f"read {count} of {len(days)} days, {sum(day_snapshots):,} snapshots")
    return CityTable(
        network, source, end_s, ratio, to_row_times(city, end_s), tuple(day_snapshots), zone_ratio
    )


@dataclass(frozen=True)
class _Steps:
    """The steps that end after one time, up to another one: a local day."""

    start_s: int
    end_s: int
    ratio: NDArray[np.float32]
    zone_ratio: NDArray[np.float64]
    snapshots: int


def _steps_of_day(history: History, day: date, network_version: str) -> _Steps:
    network = history.networks.sure(network_version)
    start, end = network.city.midnight(day), network.city.midnight(day + timedelta(days=1))
    found = window(
        history.data_dir,
        history.source,
        start + _SECOND,
        end + _SECOND,
        network,
        values=_WINDOW_VALUES,
    )
    start_s, stop_s = int(start.timestamp()), int(end.timestamp())
    end_s = np.arange(start_s + STEP_SECONDS, stop_s + 1, STEP_SECONDS)
    return _Steps(
        start_s,
        stop_s,
        ratios_at(found, network, end_s),
        zones_at(found, network, end_s),
        len(found.epoch_s),
    )


def ratios_at(observed: Window, network: Network, end_s: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean speed ratio of each segment within the steps that end at some times.

    Parameters
    ----------
    observed : Window
        With ``status`` and ``speed_kmh``.
    end_s : array of int, shape (rows,)
        Equally spaced by a step; a step holds what was observed after its beginning, up
        to its end.

    Returns
    -------
    array of float32, shape (rows, segments)
        At most :data:`RATIO_CAP`; NaN where nothing is known.
    """
    total = np.zeros((len(end_s), len(network)), dtype=np.float32)
    count = np.zeros_like(total)
    for time, row in _rows_of_times(observed, end_s):
        ratio = _ratio_at(observed, network, time)
        total[row] += np.nan_to_num(ratio)
        count[row] += ~np.isnan(ratio)
    seen = count > 0
    return np.where(seen, total / np.where(seen, count, 1.0), np.nan).astype(np.float32)


def zones_at(observed: Window, network: Network, end_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Speed ratio of each zone at the last observation within the steps of :func:`ratios_at`.

    Returns
    -------
    array, shape (rows, zones)
        NaN where too little is known.
    """
    found = np.full((len(end_s), len(network.city.zone_choices)), np.nan)
    for time, row in _rows_of_times(observed, end_s):
        travel_s = travel_times_s(network, _speed_kmh_at(observed, time))
        found[row] = zone_times(network, travel_s).speed_ratios()
    return found


def _rows_of_times(observed: Window, end_s: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Each observation time within the steps, and its row, in order."""
    row_of_time = -((int(end_s[0]) - observed.epoch_s) // STEP_SECONDS)
    for time, row in enumerate(row_of_time.tolist()):
        if 0 <= row < len(end_s):
            yield time, row


def _ratio_at(observed: Window, network: Network, time: int) -> NDArray[np.float32]:
    """Speed ratio of each segment at one observation time; NaN where unknown."""
    ratio = _speed_kmh_at(observed, time) / network.speed_limit_kmh.astype(np.float32)
    capped: NDArray[np.float32] = np.minimum(ratio, np.float32(RATIO_CAP))
    return capped


def _speed_kmh_at(observed: Window, time: int) -> NDArray[np.float32]:
    speed_kmh: NDArray[np.float32] = observed.values["speed_kmh"][time]
    return np.where(has_speed(observed.values["status"][time]), speed_kmh, np.float32(np.nan))


def recent_ratios(
    data_dir: Path, source: Source, observed_at: datetime, network: Network, steps: int
) -> NDArray[np.float32]:
    """The last steps up to an observation, which ends the last of them.

    Raises
    ------
    StorageError
        When the history cannot be read.
    """
    end_s = step_ends(observed_at, 1 - steps, 0)
    start = observed_at - timedelta(seconds=steps * STEP_SECONDS)
    found = window(
        data_dir, source, start + _SECOND, observed_at + _SECOND, network, values=_WINDOW_VALUES
    )
    return ratios_at(found, network, end_s)


def step_ends(at: datetime, first: int, last: int) -> NDArray[np.int64]:
    """Ends of the steps from one number to another, step 0 ending at some time."""
    ends: NDArray[np.int64] = int(at.timestamp()) + np.arange(first, last + 1) * STEP_SECONDS
    return ends


def to_row_times(city: City, end_s: NDArray[np.int64]) -> RowTimes:
    """Where steps stand in the week of a city, by their middle; public holidays are Sundays.

    The hour that comes twice in October has the same slots twice, the one that never
    comes in March has none.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> from services.city.rennes import RENNES
    >>> armistice = np.array([int(datetime(2026, 11, 11, 7, tzinfo=UTC).timestamp())])
    >>> times = to_row_times(RENNES, armistice)
    >>> int(times.slot[0]) * STEP_MINUTES, bool(times.is_weekend[0])
    (475, True)
    """
    middle = (end_s - STEP_SECONDS // 2).astype("datetime64[s]")
    local = pd.DatetimeIndex(middle, tz="UTC").tz_convert(city.time_zone).tz_localize(None)
    day = local.to_numpy().astype("datetime64[D]").astype(np.int64)
    minute = local.hour.to_numpy(np.int64) * 60 + local.minute.to_numpy(np.int64)
    distinct, place = np.unique(day, return_inverse=True)
    types = [day_type(city, _EPOCH + timedelta(days=int(number))) for number in distinct]
    off = np.array([kind in _DAYS_OFF for kind in types], dtype=bool)
    holiday = np.array([kind is DayType.SCHOOL_HOLIDAY for kind in types], dtype=bool)
    return RowTimes(day - day[0], minute // STEP_MINUTES, off[place], SLOTS_PER_DAY, holiday[place])


def _days(start: date, end: date) -> Iterator[date]:
    for count in range((end - start).days):
        yield start + timedelta(days=count)
