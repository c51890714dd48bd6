"""What a kind of model offers to be challenged, and what all kinds have in common there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

from models.catalogue import Found, ModelKind, Roots, champion_in_use
from models.training import Decide
from models.training_command import DEFAULT_SEED, Report, Trained
from services.city.city import City
from services.history import layout
from services.history.by_day import IN_PROCESS, DayMap
from services.operations.tables import Reason
from services.traffic.snapshot import Source


@dataclass(frozen=True)
class Contest(ABC):
    """What a kind of model offers to be challenged: the one adapter that a new kind needs.

    Attributes
    ----------
    data_dir : Path
        Holds the history that is learned from.
    source : {"live", "archive", "demo"}
    seed : int
        Of the weights, and of whatever is drawn.
    map_days : DayMap
        How the days of the history are read.
    """

    kind: ClassVar[ModelKind]
    city: City
    data_dir: Path
    source: Source
    roots: Roots
    seed: int = DEFAULT_SEED
    map_days: DayMap = IN_PROCESS

    @abstractmethod
    def train(self, evaluated: list[date], decide: Decide, report: Report) -> Trained:
        """Train on the days before the evaluated ones, compare on these with the champion as well.

        Raises
        ------
        HistoryTooShort
            When the days before do not suffice.
        TrafficError
        """

    @abstractmethod
    def objection(self, comparison: dict[str, Any]) -> Reason | None:
        """See ``models.training.Objection``."""

    def champion(self) -> Found | None:
        """The one in use, None when none can be used."""
        # A damaged local one does not serve: the shipped one does meanwhile.
        for roots in (self.roots, self.roots.only_shipped()):
            found = champion_in_use(roots)
            if found is not None and not found.problem:
                return found
        return None

    def whole_days(self, now: datetime, after: date | None) -> list[date]:
        """The whole local days observed, in order; those after a day, if there may be enough.

        Cheap, as it is asked every night: by the partitions of the history, whose days are
        UTC's. A local day is whole when the UTC day before it, and its own, are there.
        """
        today = self.city.local(now).date()
        kept = set(layout.days(self.data_dir, self.source))
        return [
            day
            for day in sorted(kept)
            if day < today and (after is None or day > after) and _previous(day) in kept
        ]


def _previous(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
