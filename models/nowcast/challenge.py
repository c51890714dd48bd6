"""The nowcaster as something to be challenged: its champion, its days, its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from models.catalogue import ModelKind
from models.contest import Contest
from models.day_split import DaySplit
from models.errors import HistoryTooShort, ModelMismatch
from models.nowcast.city_table import CityTable, load_city_table
from models.nowcast.day_parts import split_by_day_type
from models.nowcast.evaluation import objection
from models.nowcast.issuer import MIN_KNOWN_SEGMENTS_SHARE, known_share
from models.nowcast.kind import NOWCAST
from models.nowcast.train import DEFAULT_WEEKS, describe, quantiles_in_parts, train_on
from models.training import Decide
from models.training_command import Report, Trained
from services.operations.tables import Reason

if TYPE_CHECKING:
    from models.nowcast.city_nowcaster import CityOptions

Array = NDArray[np.float32]

# Four weeks to learn from, as the one that was shipped, and the one that it is evaluated by.
READ_WEEKS: Final = DEFAULT_WEEKS + 1


@dataclass(frozen=True)
class NowcastChallenge(Contest):
    """See :class:`models.contest.Contest`."""

    kind: ClassVar[ModelKind] = NOWCAST

    options: CityOptions | None = None

    def train(self, evaluated: list[date], decide: Decide, report: Report) -> Trained:
        """See :class:`models.contest.Contest`."""
        report(f"reading the history of source {self.source!r} in {self.data_dir}")
        table = load_city_table(
            self.city,
            self.data_dir,
            self.source,
            READ_WEEKS,
            report,
            until=evaluated[-1],
            map_days=self.map_days,
        )
        parts = parts_with_newest_evaluated(table, evaluated, self.seed)
        learned = sorted([*parts.train, *parts.validation])
        return train_on(
            table,
            parts,
            self.roots.local,
            trained_on=describe(table, learned),
            weeks=DEFAULT_WEEKS,
            seed=self.seed,
            options=self.options,
            report=report,
            decide=decide,
            rival=self._rival(table, report),
        )

    def objection(self, comparison: dict[str, Any]) -> Reason | None:
        """See :class:`models.contest.Contest`."""
        return objection(comparison)

    def _rival(
        self, table: CityTable, report: Report
    ) -> Callable[[NDArray[np.int64]], Array] | None:
        champion = self.champion()
        if champion is None:
            return None
        # TensorFlow takes seconds: only where there is a champion to load.
        from models.nowcast.stored_nowcaster import load_nowcaster  # noqa: PLC0415

        try:
            stored = load_nowcaster(champion.directory)
        except ModelMismatch as error:
            # It cannot serve either.
            report(f"the champion is not there to be compared with: {error}")
            return None
        share = known_share(stored, table.network)
        if share < MIN_KNOWN_SEGMENTS_SHARE:
            report(f"the champion knows {share:.0%} of the network: it does not serve")
            return None
        city = stored.city
        return lambda rows: city.on_network(
            table.network,
            table.ratio,
            lambda own: quantiles_in_parts(city, own, table.times, rows),
        )


def parts_with_newest_evaluated(table: CityTable, evaluated: list[date], seed: int) -> DaySplit:
    """Learn from, and calibrate by, the days before the evaluated ones.

    Raises
    ------
    HistoryTooShort
        With fewer than three working days or three days off before, or none to evaluate by.
    """
    test = [day for day in evaluated if day in table.dates()]
    if not test:
        raise HistoryTooShort("no day to evaluate by in the history that is read")
    before = split_by_day_type(table, seed, until=min(test))
    # Nobody evaluates by these: what a training by hand would evaluate by is learned from.
    return DaySplit(sorted([*before.train, *before.test]), before.validation, test)
