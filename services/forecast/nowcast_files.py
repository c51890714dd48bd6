"""Where nowcasts lie, and the web role's way to the current one.

forecasts/nowcast/current.parquet                         the next hour, as of the last snapshot
forecasts/nowcast/state.json                              why there is none, if there is none
forecasts/nowcast/source=live/date=2026-11-23/064300.parquet   each one issued, to be scored

Only the learner writes; every file is replaced by atomic rename.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Final, Literal

import orjson

from services.base.errors import ForecastUnavailable, StorageError
from services.base.files import read_if_present, stamp_of, write_atomically, write_under_both
from services.base.watched import Watched
from services.city.city import City
from services.forecast.nowcasts import NowcastTable, decode_nowcast, encode_nowcast
from services.traffic.snapshot import Source

NowcastState = Literal["ready", "waiting", "outdated", "none"]
"""Whether there is a next hour to show: yes; soon; not any more; not without a model."""

KEPT_DAYS: Final = 9
"""Days of issued nowcasts that are kept: a week to be scored by, and a weekend's delay."""

_TIME_FORMAT: Final = "%H%M%S"


@dataclass(frozen=True)
class LearnerState:
    """Whether the learner has a model for the network of today, and why not.

    Attributes
    ----------
    reason : str or None
        For the operator; None with a model.
    """

    has_model: bool
    reason: str | None = None


def nowcast_dir(data_dir: Path) -> Path:
    """The directory of all nowcasts."""
    return data_dir / "forecasts" / "nowcast"


def current_file(data_dir: Path) -> Path:
    """The file of the current one."""
    return nowcast_dir(data_dir) / "current.parquet"


def issued_file(data_dir: Path, source: Source, observed_at: datetime) -> Path:
    """The file of the one issued for an observation time (aware)."""
    moment = observed_at.astimezone(UTC)
    partition = nowcast_dir(data_dir) / f"source={source}" / f"date={moment:%Y-%m-%d}"
    return partition / f"{moment:{_TIME_FORMAT}}.parquet"


def issued_times(data_dir: Path, source: Source, day: date) -> list[datetime]:
    """Observation times of the nowcasts kept of a UTC day; aware, UTC, in order."""
    partition = issued_file(data_dir, source, datetime.combine(day, time(), UTC)).parent
    found = []
    for path in sorted(partition.glob("*.parquet")):
        # A file of another name was not put here by the learner.
        with contextlib.suppress(ValueError):
            moment = datetime.strptime(path.stem, _TIME_FORMAT).time()
            found.append(datetime.combine(day, moment, UTC))
    return found


def write_nowcast(data_dir: Path, table: NowcastTable) -> Path:
    """Keep a nowcast and make it the current one: what is shown is also on record.

    Raises
    ------
    StorageError
    """
    document = encode_nowcast(table)
    path = issued_file(data_dir, table.source, table.observed_at)
    write_under_both(path, current_file(data_dir), document)
    return path


def read_nowcast(city: City, path: Path) -> NowcastTable | None:
    """The nowcast of a file; None when there is none.

    Raises
    ------
    ForecastUnavailable
        When it cannot be read.
    """
    try:
        document = read_if_present(path)
        return None if document is None else decode_nowcast(city, document)
    except (StorageError, ForecastUnavailable) as error:
        raise ForecastUnavailable(f"{path}: {error}") from error


def prune_nowcasts(data_dir: Path, today: date) -> list[date]:
    """Remove the days that are too old to be scored; returns them, in order.

    Raises
    ------
    StorageError
        When one cannot be removed.
    """
    removed = []
    for directory in sorted(nowcast_dir(data_dir).glob("source=*/date=*")):
        with contextlib.suppress(ValueError):
            day = date.fromisoformat(directory.name.removeprefix("date="))
            if (today - day).days >= KEPT_DAYS:
                _remove(directory)
                removed.append(day)
    return removed


def write_learner_state(data_dir: Path, state: LearnerState) -> None:
    """Say whether there is a model.

    Raises
    ------
    StorageError
    """
    write_atomically(nowcast_dir(data_dir) / "state.json", orjson.dumps(asdict(state)))


def learner_state(data_dir: Path) -> LearnerState | None:
    """What the learner said last; None when it never did, or nothing that can be read."""
    try:
        document = read_if_present(nowcast_dir(data_dir) / "state.json")
        return None if document is None else LearnerState(**orjson.loads(document))
    except (StorageError, orjson.JSONDecodeError, TypeError):
        return None


class CachedNowcasts:
    """Gives the current nowcast; reads it again only when it changed.

    One that cannot be read is journalled once and the last good one stays, as long as
    it is current. Safe to share between threads.

    Parameters
    ----------
    data_dir : Path
        Nothing is read before the first question.
    is_expected : bool
        Whether a learner is meant to run.
    """

    def __init__(self, city: City, data_dir: Path, *, is_expected: bool = True) -> None:
        self._data_dir = data_dir
        self._is_expected = is_expected
        path = current_file(data_dir)
        self._table = Watched(
            "the current nowcast", partial(stamp_of, path), lambda _: read_nowcast(city, path)
        )

    def current(self, network_version: str, now: datetime) -> NowcastTable | None:
        """The next hour of a network; None when there is none that is of now."""
        table = self._table.value()
        if table is None or not table.is_current(network_version, now):
            return None
        return table

    def state(self, network_version: str, now: datetime) -> NowcastState:
        """Whether there is a next hour to show, or why not."""
        table = self._table.value()
        if table is not None and table.network_version == network_version:
            return "ready" if table.is_current(network_version, now) else "outdated"
        said = learner_state(self._data_dir)
        has_hope = self._is_expected and (said is None or said.has_model)
        return "waiting" if has_hope else "none"


def _remove(directory: Path) -> None:
    try:
        shutil.rmtree(directory)
    except OSError as error:
        raise StorageError(f"cannot remove {directory}: {error.strerror}") from error
