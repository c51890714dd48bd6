"""The table of the champion of any past hour: forecasts are charged to the model of their time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Generic

from services.base.errors import ForecastUnavailable
from services.forecast.champions import Table, champion_version, read_table
from services.operations.tables import Decision

log = logging.getLogger(__name__)


class ChampionTables(Generic[Table]):
    """What the champions of one kind had written, each read once.

    Parameters
    ----------
    roots : sequence of Path
        Directories of models, the one that wins first.
    champions : sequence of Decision
        Every change of champion on record, the oldest first.
    file_name, decode
        As for :class:`services.forecast.champions.CachedChampion`.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        champions: Sequence[Decision],
        file_name: str,
        decode: Callable[[bytes], Table],
    ) -> None:
        self._roots = roots
        self._champions = champions
        self._file_name = file_name
        self._decode = decode
        self._tables: dict[str, Table | None] = {}

    def at(self, hour: datetime) -> Table | None:
        """The table in use when an hour began; None when it cannot be read any more."""
        version = self._version_at(hour)
        if version is None:
            return None
        if version not in self._tables:
            self._tables[version] = self._read(version)
        return self._tables[version]

    def _version_at(self, hour: datetime) -> str | None:
        earlier = [item for item in self._champions if item.decided_at <= hour]
        if earlier:
            return earlier[-1].version
        if self._champions:
            return self._champions[0].previous
        return self._present_champion()

    def _present_champion(self) -> str | None:
        for root in self._roots:
            try:
                version = champion_version(root)
            except ForecastUnavailable as error:
                log.warning("no champion to score: %s", error)
                continue
            if version is not None:
                return version
        return None

    def _read(self, version: str) -> Table | None:
        problem: ForecastUnavailable | None = None
        for root in self._roots:
            try:
                return read_table(root, version, self._file_name, self._decode)
            except ForecastUnavailable as error:
                problem = problem or error
        log.warning("forecasts of model %s cannot be scored: %s", version, problem)
        return None
