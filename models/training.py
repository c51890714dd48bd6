"""A training by hand: run and told, of any kind of model that learns from the history; recorded."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from models.catalogue import Found, ModelKind, champion_in_use, figures_of, roots_of, version_record
from models.training_command import Trained, quieten_tensorflow, say, tell_outcome
from services.base.clock import utc_now
from services.base.errors import TrafficError
from services.base.settings import load_settings
from services.operations.database import Operations, open_operations
from services.operations.decisions import record_decision
from services.operations.tables import Action, Decision, Reason

NOT_RECORDED: Final = "the database could not record it: the journal and this line are the record"


@dataclass(frozen=True)
class Ruling:
    """What becomes of a version, and why: codes of ``services.operations.tables``."""

    action: Action
    reason: Reason


Decide = Callable[[dict[str, Any]], Ruling]


@dataclass(frozen=True)
class Training:
    """What differs between the kinds of models when one is trained by hand.

    Attributes
    ----------
    train : callable
        Takes the data directory and the directory of models; writes a version.
    table : callable
        The measures on the days held out, for people.
    who_is_better : str
        Why a version is refused, if it is.
    """

    kind: ModelKind
    train: Callable[[Path, Path], Trained]
    table: Callable[[dict[str, Any]], str]
    who_is_better: str


def run_training(training: Training, options: argparse.Namespace) -> int:
    """Train, put on record what became of the version, and tell; returns the exit code.

    Parameters
    ----------
    options : argparse.Namespace
        With those of ``add_options``. A version for another place (``out``), such as
        the repository, is no decision of this installation and is not recorded.
    """
    started_at = utc_now()
    quieten_tensorflow()
    try:
        settings = load_settings(**({"data_dir": options.data_dir} if options.data_dir else {}))
        previous = champion_in_use(roots_of(settings.data_dir, training.kind))
        trained = training.train(settings.data_dir, options.out or settings.data_dir / "models")
    except TrafficError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if options.out is None:
        operations = open_operations(settings)
        if not record_training(operations, training.kind, trained, previous, started_at):
            say(NOT_RECORDED)
    say(training.table(trained.measures["test"]))
    tell_outcome(trained, training.kind.name, training.who_is_better)
    return 0


def record_training(
    operations: Operations, kind: ModelKind, trained: Trained, previous: Found | None, now: datetime
) -> bool:
    """Put on record what became of a version that was trained by hand.

    Returns
    -------
    bool
        As for ``services.operations.record_decision``.
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
