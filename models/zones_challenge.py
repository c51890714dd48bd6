"""The zones model as something to be challenged: its days, its champion, its training."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.catalogue import CHAMPION_NAME, Found, Roots, champion_in_use, roots_of
from models.dataset import load_zone_history, split_with_newest_judged
from models.features import Cells
from models.train import DEFAULT_EPOCHS, Decide, train_on
from models.training_command import DEFAULT_SEED, Report, Trained
from services.clock import to_paris
from services.forecasts import DAYS, TABLE_SHAPE, ForecastTable, read_table
from services.history import layout
from services.operations import Kind
from services.snapshot import Source
from services.zones import ZONE_CHOICES


class TableForecaster:
    """A version as it serves, by its table: no Keras, and no model file that may not load.

    Parameters
    ----------
    table : ForecastTable
    """

    name: Final = CHAMPION_NAME

    def __init__(self, table: ForecastTable) -> None:
        shares = [
            [[forecast.shares for forecast in table.day(day, zone)] for day in range(DAYS)]
            for zone in ZONE_CHOICES
        ]
        self._probabilities = np.array(shares).reshape(TABLE_SHAPE)

    def predict(self, cells: Cells) -> NDArray[np.float64]:
        """See :class:`models.forecaster.Forecaster`."""
        chosen: NDArray[np.float64] = self._probabilities[cells.zone, cells.day, cells.hour]
        return chosen


class ZonesChallenge:
    """See :class:`models.challenge.Contest`.

    Parameters
    ----------
    data_dir : Path
        Holds the history and the local models.
    source : {"live", "archive", "demo"}
    roots : Roots, optional
        Where the versions are, if not in the data directory and with the code.
    epochs, seed : int
        As for ``models.train.train``.
    """

    kind: Kind = "zones"

    def __init__(
        self,
        data_dir: Path,
        source: Source,
        *,
        roots: Roots | None = None,
        epochs: int = DEFAULT_EPOCHS,
        seed: int = DEFAULT_SEED,
    ) -> None:
        self._data_dir = data_dir
        self.source: Source = source
        self.roots = roots or roots_of(data_dir, self.kind)
        self._epochs = epochs
        self._seed = seed

    def champion(self) -> Found | None:
        """See :class:`models.challenge.Contest`."""
        # A damaged local one does not serve: the shipped one does meanwhile.
        for roots in (self.roots, self.roots.only_shipped()):
            found = champion_in_use(roots)
            if found is not None and not found.problem:
                return found
        return None

    def whole_days(self, now: datetime, after: date | None) -> list[date]:
        """See :class:`models.challenge.Contest`.

        By the partitions of the history, whose days are UTC's: a local day is whole
        when the UTC day before it, and its own, are there.
        """
        today = to_paris(now).date()
        kept = set(layout.days(self._data_dir, self.source))
        return [
            day
            for day in sorted(kept)
            if day < today and (after is None or day > after) and _previous(day) in kept
        ]

    def train(self, judged: list[date], decide: Decide, report: Report) -> Trained:
        """See :class:`models.challenge.Contest`."""
        report(f"reading the history of source {self.source!r} in {self._data_dir}")
        history = load_zone_history(self._data_dir, self.source)
        days = [day for day in history.dates() if day <= judged[-1]]
        learned = [day for day in days if day < judged[0]]
        split = split_with_newest_judged(days, [day for day in days if day in judged], self._seed)
        champion = self.champion()
        rivals = []
        if champion is not None:
            rivals.append(TableForecaster(read_table(champion.root, champion.version)))
        return train_on(
            history.on(days),
            split,
            self.roots.local,
            trained_on=history.on(learned).description(),
            epochs=self._epochs,
            seed=self._seed,
            report=report,
            decide=decide,
            rivals=rivals,
        )


def _previous(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
