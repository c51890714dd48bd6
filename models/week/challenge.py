"""The week of every segment as something to be challenged: its champion, its days, its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from models.catalogue import CHAMPION_NAME, ModelKind
from models.contest import Contest
from models.errors import HistoryTooShort
from models.training import Decide
from models.training_command import Report, Trained
from models.week.kind import WEEK
from models.week.observations import load_segment_history
from models.week.train import WeekSplit, objection, train_on
from services.base.errors import ForecastUnavailable
from services.city.calendar import Calendar, calendar_of
from services.forecast.champions import read_table
from services.forecast.week_forecasts import WEEK_FILE, WeekOnNetwork, WeekTable, decode_table
from services.forecast.zone_forecasts import DAYS
from services.history.hour_of_week import HOURS_PER_DAY
from services.operations.tables import Reason
from services.traffic.network import Network

# Half a year: habits older than that are of another season, and every day of 2,859 segments
# every 3 minutes takes 2.7 MB of memory while a week is learned.
LEARNED_DAYS: Final = 182
# Each part of the learned days is forecast from the others: two of every weekday at least.
_MIN_OF_EACH_WEEKDAY: Final = 2


@dataclass(frozen=True)
class WeekChallenge(Contest):
    """See :class:`models.contest.Contest`."""

    kind: ClassVar[ModelKind] = WEEK

    def train(self, evaluated: list[date], decide: Decide, report: Report) -> Trained:
        """See :class:`models.contest.Contest`."""
        report(f"reading the history of source {self.source!r} in {self.data_dir}")
        observed = load_segment_history(
            self.city,
            self.data_dir,
            self.source,
            report,
            newest_days=LEARNED_DAYS + len(evaluated),
            until=evaluated[-1],
            map_days=self.map_days,
        )
        parts = parts_with_newest_evaluated(observed.dates(), evaluated, calendar_of(self.city))
        return train_on(
            observed,
            parts,
            self.roots.local,
            trained_on=observed.on(parts.learn).description(),
            seed=self.seed,
            report=report,
            decide=decide,
            rivals=self._rivals(observed.network, report),
        )

    def objection(self, comparison: dict[str, Any]) -> Reason | None:
        """See :class:`models.contest.Contest`."""
        return objection(comparison)

    def _rivals(self, network: Network, report: Report) -> dict[str, NDArray[np.float64]]:
        champion = self.champion()
        if champion is None:
            return {}
        try:
            table = read_table(champion.root, champion.version, WEEK_FILE, decode_table)
        except ForecastUnavailable as error:
            # It cannot serve either.
            report(f"the champion is not there to be compared with: {error}")
            return {}
        return {CHAMPION_NAME: probabilities_on(table, network)}


def parts_with_newest_evaluated(
    days: Sequence[date], evaluated: Sequence[date], calendar: Calendar
) -> WeekSplit:
    """Learn from the days before the evaluated ones; public holidays are in neither part.

    Raises
    ------
    HistoryTooShort
        With fewer than two of some weekday to learn from.
    """
    ordinary = [day for day in days if not calendar.is_public_holiday(day)]
    learn = [day for day in ordinary if day < evaluated[0]]
    test = [day for day in ordinary if day in set(evaluated)]
    fewest = min(sum(day.weekday() == weekday for day in learn) for weekday in range(DAYS))
    if fewest < _MIN_OF_EACH_WEEKDAY or not test:
        raise HistoryTooShort(
            f"{fewest} of some weekday beside the days it is evaluated by: the week needs "
            f"{_MIN_OF_EACH_WEEKDAY} of each to learn from"
        )
    return WeekSplit(learn, test, sorted(set(days) - {*learn, *test}))


def probabilities_on(table: WeekTable, network: Network) -> NDArray[np.float64]:
    """What a table says of a network, shape (HOURS_PER_WEEK, segments, statuses).

    From congested to free-flowing, as it is served; NaN for segments it does not know.
    """
    on_network = WeekOnNetwork(table, network)
    hours = [on_network.at(day, hour) for day in range(DAYS) for hour in range(HOURS_PER_DAY)]
    return np.stack([hour.probabilities for hour in hours])
