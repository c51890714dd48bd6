"""The next hour as something to be scored: what the nowcasts on record had said of each zone."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import ForecastUnavailable
from services.city.city import City
from services.forecast.nowcast_files import issued_file, issued_times, read_nowcast
from services.forecast.nowcasts import LEAD_MINUTES, LeadForecast, NowcastTable
from services.forecast.zone_forecasts import TrainedOn
from services.learn.observations import ObservedZones
from services.learn.protocol import evaluate_zones
from services.learn.tally import Evaluated, Prediction
from services.operations.tables import Kind
from services.plain.statuses import ZONE_STATUSES
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# A feed every 3 minutes, one snapshot missed. It is looked for before the lead time and never
# after it: the model may know no more than persistence, and no later.
ISSUED_AGE: Final = timedelta(minutes=5)

_NUMBERS: Final = 3 + len(ZONE_STATUSES)


@dataclass(frozen=True)
class _Said:
    """One nowcast without its segments, which would fill the memory of a worker that catches up.

    Attributes
    ----------
    trained_on : TrainedOn
        What the model has learned from.
    zones : array, shape (leads, zones, 3 + statuses)
        P10, P50 and P90 of the speed ratio, then the probability of each status.
    """

    model_version: str
    trained_on: TrainedOn
    zones: NDArray[np.float64]


class Nowcasts:
    """What the nowcasts of one source, each kept as it was shown, had said of the zones.

    Parameters
    ----------
    source : {"live", "archive", "demo"}
        Of the snapshots that they were made from.
    """

    kind: Kind = "nowcast"
    leads_minutes: tuple[int, ...] = LEAD_MINUTES

    def __init__(self, city: City, data_dir: Path, source: Source) -> None:
        self._city = city
        self._data_dir = data_dir
        self._source = source
        self._times: dict[date, Sequence[datetime]] = {}
        self._said: dict[datetime, _Said | None] = {}

    def evaluated(
        self, observed: ObservedZones, hour: datetime, lead_minutes: int
    ) -> Evaluated | None:
        """See :class:`services.learn.protocol.ScoredKind`.

        Should the model have changed within the hour, the one that said most of it is evaluated.
        """
        lead = timedelta(minutes=lead_minutes)
        seconds = observed.epoch_s[observed.within(hour)].tolist()
        found = [self._before(datetime.fromtimestamp(at, UTC) - lead) for at in seconds]
        day = self._city.local(hour).date()
        fair = [
            None if said is None or said.trained_on.has_learned(self._source, day) else said
            for said in found
        ]
        versions = Counter(said.model_version for said in fair if said is not None)
        if not versions:
            return None
        (version, _), *_ = versions.most_common(1)
        place = LEAD_MINUTES.index(lead_minutes)
        nothing = np.full((len(self._city.zone_choices), _NUMBERS), np.nan)
        numbers = np.stack(
            [
                said.zones[place] if said is not None and said.model_version == version else nothing
                for said in fair
            ]
        )
        p10, p50, p90 = np.moveaxis(numbers[..., :3], -1, 0)
        prediction = Prediction(numbers[..., 3:], p50, p10, p90)
        return evaluate_zones(observed, hour, lead_minutes, version, prediction)

    def _before(self, moment: datetime) -> _Said | None:
        """The last one issued at or before a moment; None where it is too old or unreadable."""
        for day in sorted({moment.date(), (moment - ISSUED_AGE).date()}, reverse=True):
            if day not in self._times:
                self._times[day] = issued_times(self._data_dir, self._source, day)
            times = self._times[day]
            place = bisect_right(times, moment)
            if place:
                issued_at = times[place - 1]
                return self._read(issued_at) if moment - issued_at <= ISSUED_AGE else None
        return None

    def _read(self, issued_at: datetime) -> _Said | None:
        if issued_at not in self._said:
            path = issued_file(self._data_dir, self._source, issued_at)
            try:
                table = read_nowcast(self._city, path)
            except ForecastUnavailable as error:
                log.warning("a nowcast cannot be scored: %s", error)
                table = None
            self._said[issued_at] = None if table is None else _said(table)
        return self._said[issued_at]


def _said(table: NowcastTable) -> _Said:
    by_zone = [_numbers(table.zone(zone)) for zone in table.city.zone_choices]
    return _Said(table.model_version, table.trained_on, np.moveaxis(np.array(by_zone), 0, 1))


def _numbers(leads: Sequence[LeadForecast] | None) -> list[list[float]]:
    """Numbers of each lead time of a zone; NaN where nothing is known of it."""
    if leads is None:
        return [[np.nan] * _NUMBERS] * len(LEAD_MINUTES)
    return [[lead.p10, lead.p50, lead.p90, *lead.shares] for lead in leads]
