"""The zones model as something to be challenged: its days, its champion, its training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from models.catalogue import CHAMPION_NAME, ModelKind
from models.contest import Contest
from models.day_split import split_days
from models.training import Decide
from models.training_command import Report, Trained
from models.zones.comparison import objection
from models.zones.dataset import load_zone_history
from models.zones.features import Cells
from models.zones.kind import ZONES
from models.zones.train import DEFAULT_EPOCHS, train_on
from services.base.errors import ForecastUnavailable
from services.forecast.zone_forecasts import DAYS, HOURS, ForecastTable, read_table
from services.operations.tables import Reason
from services.plain.statuses import ZONE_STATUSES


class TableForecaster:
    """A version as it serves, by its table: no Keras, and no model file that may not load."""

    name: Final = CHAMPION_NAME

    def __init__(self, table: ForecastTable) -> None:
        shares = [forecast.shares for day in table.forecasts.values() for forecast in day]
        self._probabilities = np.array(shares).reshape(-1, DAYS, HOURS, len(ZONE_STATUSES))

    def predict(self, cells: Cells) -> NDArray[np.float64]:
        """See :class:`models.zones.forecaster.Forecaster`."""
        chosen: NDArray[np.float64] = self._probabilities[cells.zone, cells.day, cells.hour]
        return chosen


@dataclass(frozen=True)
class ZonesChallenge(Contest):
    """See :class:`models.contest.Contest`."""

    kind: ClassVar[ModelKind] = ZONES

    epochs: int = DEFAULT_EPOCHS

    def train(self, evaluated: list[date], decide: Decide, report: Report) -> Trained:
        """See :class:`models.contest.Contest`."""
        report(f"reading the history of source {self.source!r} in {self.data_dir}")
        history = load_zone_history(self.city, self.data_dir, self.source, self.map_days)
        days = [day for day in history.dates() if day <= evaluated[-1]]
        learned = [day for day in days if day < evaluated[0]]
        split = split_days(days, self.seed, [day for day in days if day in evaluated])
        return train_on(
            history.on(days),
            split,
            self.roots.local,
            trained_on=history.on(learned).description(),
            epochs=self.epochs,
            seed=self.seed,
            report=report,
            decide=decide,
            rivals=self._rivals(report),
        )

    def objection(self, comparison: dict[str, Any]) -> Reason | None:
        """See :class:`models.contest.Contest`."""
        return objection(comparison)

    def _rivals(self, report: Report) -> list[TableForecaster]:
        champion = self.champion()
        if champion is None:
            return []
        try:
            table = read_table(self.city, champion.root, champion.version)
        except ForecastUnavailable as error:
            # It cannot serve either: the one that was shipped is of one city's zones.
            report(f"the champion is not there to be compared with: {error}")
            return []
        return [TableForecaster(table)]
