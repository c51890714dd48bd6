"""What a kind of model offers to be challenged, and what all kinds have in common there."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from models.catalogue import Found, ModelKind, Roots, champion_in_use, roots_of
from models.training import Decide
from models.training_command import DEFAULT_SEED, Report, Trained
from services.city.chosen import CITY
from services.history import layout
from services.operations.tables import Reason
from services.traffic.snapshot import Source


class Contest(Protocol):
    """What a kind of model offers to be challenged: the one adapter that a new kind needs."""

    @property
    def kind(self) -> ModelKind:
        """Which kind of model."""

    @property
    def roots(self) -> Roots:
        """Where its versions are."""

    @property
    def source(self) -> Source:
        """Whose history is learned from."""

    def champion(self) -> Found | None:
        """The one in use, None when none can be used."""

    def whole_days(self, now: datetime, after: date | None) -> list[date]:
        """The whole local days observed, in order; those after a day, if there may be enough.

        Cheap: asked every night.
        """

    def train(self, evaluated: list[date], decide: Decide, report: Report) -> Trained:
        """Train on the days before the evaluated ones, compare on these with the champion as well.

        Raises
        ------
        HistoryTooShort
            When the days before do not suffice.
        TrafficError
        """

    def objection(self, comparison: dict[str, Any]) -> Reason | None:
        """Which baseline did better than the challenger on the evaluated days; None if none did."""


class HistoryContest:
    """What is the same for every kind: whose champion, and which days.

    Parameters
    ----------
    data_dir : Path
        Holds the history and the local models.
    source : {"live", "archive", "demo"}
    roots : Roots, optional
        Where the versions are, if not in the data directory and with the code.
    seed : int
        Of the weights, and of whatever is drawn.
    """

    kind: ClassVar[ModelKind]

    def __init__(
        self,
        data_dir: Path,
        source: Source,
        *,
        roots: Roots | None = None,
        seed: int = DEFAULT_SEED,
    ) -> None:
        self._data_dir = data_dir
        self.source: Source = source
        self.roots = roots or roots_of(data_dir, self.kind)
        self._seed = seed

    def champion(self) -> Found | None:
        """See :class:`Contest`."""
        # A damaged local one does not serve: the shipped one does meanwhile.
        for roots in (self.roots, self.roots.only_shipped()):
            found = champion_in_use(roots)
            if found is not None and not found.problem:
                return found
        return None

    def whole_days(self, now: datetime, after: date | None) -> list[date]:
        """See :class:`Contest`.

        By the partitions of the history, whose days are UTC's: a local day is whole
        when the UTC day before it, and its own, are there.
        """
        today = CITY.local(now).date()
        kept = set(layout.days(self._data_dir, self.source))
        return [
            day
            for day in sorted(kept)
            if day < today and (after is None or day > after) and _previous(day) in kept
        ]


def _previous(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
