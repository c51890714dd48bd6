"""How the rules on the traffic stand: what the watch on duty tells the pages of all hosts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.orm import Session

from services.base.errors import StorageError
from services.operations.database import Operations
from services.operations.tables import Ending, SharedDocument
from services.watch.states import State
from services.watch.traffic_watcher import TrafficRuleState

log = logging.getLogger(__name__)

_DOCUMENT: Final = "traffic_rules"


@dataclass(frozen=True)
class TrafficRuleOverview:
    """A rule's state now.

    Attributes
    ----------
    source : str
        Whose traffic it is about.
    value : float or None
        Seconds, or a share.
    absent : str
        Why there is no value; empty where there is one.
    words : mapping
        What people call its place, by language.
    """

    name: str
    state: State
    source: str
    value: float | None
    absent: Ending
    words: Mapping[str, str]


@dataclass(frozen=True)
class TrafficOverview:
    """All of them.

    Attributes
    ----------
    written_at : str
        ISO 8601, UTC.
    """

    written_at: str
    rules: Sequence[TrafficRuleOverview] = ()

    @property
    def written(self) -> datetime:
        """When it was written, aware."""
        return datetime.fromisoformat(self.written_at)


def overview_of(states: Iterable[TrafficRuleState], now: datetime) -> TrafficOverview:
    """What is told of some states."""
    return TrafficOverview(
        now.isoformat(),
        [
            TrafficRuleOverview(
                name=one.state.rule.name,
                state=one.state.state,
                source=one.source,
                value=one.judged.value,
                absent=one.judged.absent,
                words={} if one.judged.place is None else one.judged.place.words,
            )
            for one in states
        ],
    )


def write_overview(operations: Operations, overview: TrafficOverview) -> None:
    """Make it the one that pages show.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        found = session.get(SharedDocument, _DOCUMENT)
        version = 1 if found is None else found.version + 1
        content = msgspec.json.encode(overview).decode()
        session.merge(SharedDocument(_DOCUMENT, version, content))


def read_traffic_overview(session: Session) -> TrafficOverview | None:
    """What was written last; None before the first time, or where it is damaged."""
    found = session.get(SharedDocument, _DOCUMENT)
    if found is None:
        return None
    try:
        overview = msgspec.json.decode(found.content, type=TrafficOverview)
        if overview.written.tzinfo is None:
            raise ValueError("a time without zone")
    # What is nested without end is a RecursionError.
    except (ValueError, RecursionError) as error:
        log.warning("how the rules on the traffic stand cannot be read: %s", error)
        return None
    return overview


class TrafficOverviewWriter:
    """Writes it again and again; a database that refuses is journalled once."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._failed = False

    def write(self, overview: TrafficOverview) -> None:
        """Never raises."""
        try:
            write_overview(self._operations, overview)
            self._failed = False
        except StorageError as error:
            if not self._failed:
                log.error("how the rules on the traffic stand is not written: %s", error)
            self._failed = True
