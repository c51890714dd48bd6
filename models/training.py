"""A training by hand: run and told, of any kind of model that learns from the history; recorded."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from models.catalogue import Found, ModelKind, champion_in_use, figures_of, roots_of, version_record
from models.training_command import (
    Report,
    Trained,
    quieten_tensorflow,
    say,
    settings_of,
    tell_outcome,
)
from services.base.clock import utc_now
from services.city.city import City
from services.history.by_day import DayMap
from services.operations.database import Operations, open_operations
from services.operations.decisions import record_decision
from services.operations.tables import Action, Decision, Reason
from services.traffic.snapshot import Source

NOT_RECORDED: Final = "the database could not record it: the journal and this line are the record"


@dataclass(frozen=True)
class Ruling:
    """What becomes of a version, and why: codes of ``services.operations.tables``."""

    action: Action
    reason: Reason


Decide = Callable[[dict[str, Any]], Ruling]
"""Says what becomes of a version, from its comparison with the others."""
Objection = Callable[[dict[str, Any]], Reason | None]
"""Which baseline did better than a version on the evaluated days; None if none did."""


class Train(Protocol):
    """Trains a kind of model by hand."""

    def __call__(
        self,
        city: City,
        data_dir: Path,
        source: Source,
        root: Path,
        *,
        seed: int,
        report: Report,
        map_days: DayMap,
    ) -> Trained:
        """Train on a history, measure on days held out, and write the version.

        Parameters
        ----------
        city : City
        data_dir : Path
            Holds the history and its networks.
        source : {"live", "archive", "demo"}
            Which history; simulated and observed traffic are never mixed.
        root : Path
            Directory of the models; the version is written into its kind's folder there.
        seed : int
            Of the split and of the weights.
        map_days : DayMap
            How the days of the history are read.

        Raises
        ------
        HistoryTooShort
            When there are too few days to learn from and to evaluate by.
        StorageError
            When the history cannot be read or the version not be written.
        """


def decide_by(objection: Objection) -> Decide:
    """Promote what no baseline did better than."""

    def decide(comparison: dict[str, Any]) -> Ruling:
        reason = objection(comparison)
        if reason is None:
            return Ruling("promoted", "no_worse_than_average")
        return Ruling("refused", reason)

    return decide


def run_training(
    city: City,
    kind: ModelKind,
    train: Train,
    options: argparse.Namespace,
    *,
    table: Callable[[dict[str, Any]], str],
    who_is_better: str,
) -> int:
    """Train, put on record what became of the version, and tell; returns the exit code.

    Parameters
    ----------
    options : argparse.Namespace
        Of a ``training_parser``. A version for another place (``out``), such as
        the repository, is no decision of this installation and is not recorded.
    table : callable
        The measures on the days held out, for people.
    who_is_better : str
        Why a version is refused, if it is.
    """
    started_at = utc_now()
    quieten_tensorflow()
    settings = settings_of(city, options)
    previous = champion_in_use(roots_of(settings.data_dir, kind))
    root = options.out or settings.data_dir / "models"
    trained = train(
        city,
        settings.data_dir,
        options.source,
        root,
        seed=options.seed,
        report=say,
        map_days=DayMap(settings.dask_scheduler),
    )
    if options.out is None and not record_training(
        open_operations(settings), kind, trained, previous, started_at
    ):
        say(NOT_RECORDED)
    say(table(trained.measures["test"]))
    tell_outcome(trained, kind.name, who_is_better)
    return 0


def record_training(
    operations: Operations, kind: ModelKind, trained: Trained, previous: Found | None, now: datetime
) -> bool:
    """Put on record what became of a version that was trained by hand.

    Returns
    -------
    bool
        As for ``services.operations.decisions.record_decision``.
    """
    version = trained.directory.name
    decision = Decision(
        kind=kind.name,
        version=version,
        previous=None if previous is None else previous.version,
        action=trained.measures["decision"]["action"],
        reason=trained.measures["decision"]["reason"],
        decided_by="training",
        decided_at=now,
        figures=figures_of(kind, trained.measures["test"]),
    )
    record = (
        version_record(kind, version, trained.measures, now) if kind.learns_from_history else None
    )
    return record_decision(operations, decision, record)
