"""Issues a nowcast for every new snapshot: the job of the learner that people wait for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.average_hour import with_average
from models.nowcast.city_table import recent_ratios, step_ends, to_row_times
from models.nowcast.features import HORIZONS, LAGS
from models.nowcast.leads import quantiles_at_leads
from models.versions import NOWCASTER_FILE
from services.base.files import FileStamp, stamp_of
from services.base.watched import Watched
from services.city.city import City
from services.forecast.champions import CHAMPION_FILE, champion_version, set_aside_version
from services.forecast.nowcast_files import (
    LearnerState,
    prune_nowcasts,
    write_learner_state,
    write_nowcast,
)
from services.forecast.nowcasts import NowcastTable, to_percent
from services.forecast.observed_counts import corrects
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot
from services.traffic.store import Store, watched_references

if TYPE_CHECKING:
    from models.nowcast.stored_nowcaster import StoredNowcaster

log = logging.getLogger(__name__)

_ANY_NOWCASTER: Final = f"*/{NOWCASTER_FILE}"
# With fewer of its segments known to the model, a network is another one.
MIN_KNOWN_SEGMENTS_SHARE: Final = 0.5


class NowcastIssuer:
    """Forecasts each new snapshot once, and looks for a new champion before each.

    Parameters
    ----------
    roots : sequence of Path
        Directories of nowcast models, that of those trained here first; the first one that has a
        fitting champion wins.
    """

    def __init__(self, city: City, data_dir: Path, roots: Sequence[Path]) -> None:
        self._store = Store(city, data_dir)
        self._local_root = roots[0]
        self._references = watched_references(self._store)
        self._champions = [_watched_champion(root) for root in roots]
        self._seen: FileStamp | None = None
        self._network: Network | None = None
        self._state: LearnerState | None = None
        self._pruned_on: object = None

    def run(self) -> None:
        """Issue a nowcast if there is a snapshot that has none; else do nothing.

        Raises
        ------
        TrafficError
            When something cannot be read or written; the next snapshot tries again.
        """
        stamp = self._store.current_stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        snapshot = self._store.current_snapshot()
        # An archive is of the past: its next hour is over.
        if snapshot is None or snapshot.source == "archive":
            return
        network = self._network_of(snapshot)
        stored = self._model_for(network)
        if stored is None:
            return
        table = make_nowcast(self._store.data_dir, stored, snapshot, network)
        if self._is_set_aside(stored, snapshot):
            table = with_average(self._store.data_dir, table, network)
        write_nowcast(self._store.data_dir, table)
        self._prune(snapshot.observed_at)

    def _network_of(self, snapshot: Snapshot) -> Network:
        if self._network is None or self._network.version != snapshot.network_version:
            self._network = self._store.network(snapshot.network_version)
        self._network = self._network.with_reference(self._references[snapshot.source].value())
        return self._network

    def _model_for(self, network: Network) -> StoredNowcaster | None:
        """The first champion that knows the network; journals and notes when there is none."""
        problems = []
        for champion in self._champions:
            stored = champion.value()
            if champion.problem is not None:
                problems.append(str(champion.problem))
            if stored is None:
                continue
            share = known_share(stored, network)
            if share >= MIN_KNOWN_SEGMENTS_SHARE:
                self._note(LearnerState(has_model=True))
                return stored
            problems.append(
                f"a model that knows {share:.0%} of the segments of network {network.version}"
            )
        self._note(LearnerState(has_model=False, reason="; ".join(problems) or "no model"))
        return None

    def _is_set_aside(self, stored: StoredNowcaster, snapshot: Snapshot) -> bool:
        """Whether the average of what was observed is issued instead, where there is one."""
        version = set_aside_version(self._local_root)
        return version == stored.version and corrects(stored.trained_on.source, snapshot.source)

    def _note(self, state: LearnerState) -> None:
        if state == self._state:
            return
        if not state.has_model:
            log.warning("no nowcast: %s", state.reason)
        write_learner_state(self._store.data_dir, state)
        self._state = state

    def _prune(self, now: datetime) -> None:
        today = now.date()
        if self._pruned_on != today:
            prune_nowcasts(self._store.data_dir, today)
            self._pruned_on = today


def known_share(stored: StoredNowcaster, network: Network) -> float:
    """Share of a network's segments that a model was trained on."""
    known = set(stored.city.segment_ids)
    return sum(name in known for name in network.segment_ids) / max(1, len(network))


def make_nowcast(
    data_dir: Path, stored: StoredNowcaster, snapshot: Snapshot, network: Network
) -> NowcastTable:
    """The next hour after a snapshot, from the hour of history that ends with it.

    Raises
    ------
    StorageError
        When the history cannot be read.
    """
    ratio = recent_ratios(data_dir, snapshot.source, snapshot.observed_at, network, steps=LAGS)
    quantiles = forecast_next_hour(stored, network, ratio, snapshot.observed_at)
    zones = stored.zones.quantiles(network, quantiles[:, None])[:, 0]
    return NowcastTable(
        city=network.city,
        model_version=stored.version,
        trained_on=stored.trained_on,
        network_version=network.version,
        snapshot_version=snapshot.version,
        source=snapshot.source,
        observed_at=snapshot.observed_at,
        percent=to_percent(quantiles),
        zone_ratios=zones,
    )


def forecast_next_hour(
    stored: StoredNowcaster, network: Network, ratio: NDArray[np.float32], observed_at: datetime
) -> NDArray[np.float32]:
    """Quantiles of the speed ratio of every segment of a network at the lead times.

    Parameters
    ----------
    stored : StoredNowcaster
        Segments are found by their ids: it may have been trained on another network.
    ratio : array, shape (LAGS, segments)
        The steps up to the observation; NaN where unknown.

    Returns
    -------
    array of float32, shape (3, leads, segments)
        NaN for segments that the model knows nothing of.
    """
    city = stored.city
    times = to_row_times(network.city, step_ends(observed_at, 1 - LAGS, HORIZONS))

    def forecast(own: NDArray[np.float32]) -> NDArray[np.float32]:
        return quantiles_at_leads(city.forecast(own, times, np.array([LAGS - 1])))[:, 0]

    return city.on_network(network, ratio, forecast)


def _watched_champion(root: Path) -> Watched[StoredNowcaster]:
    """The nowcaster in use of one directory of models, loaded again when it is another one.

    A version whose bands were learnt anew is another one under the same name.
    """

    def load(_last: StoredNowcaster | None) -> StoredNowcaster | None:
        version = champion_version(root)
        return None if version is None else _load(root / version)

    def stamp() -> Sequence[FileStamp | None]:
        return [stamp_of(root / CHAMPION_FILE), *map(stamp_of, sorted(root.glob(_ANY_NOWCASTER)))]

    return Watched("a nowcaster", stamp, load)


def _load(directory: Path) -> StoredNowcaster:
    # TensorFlow takes seconds and 600 MB: only where there is a model to load.
    from models.nowcast.stored_nowcaster import load_nowcaster  # noqa: PLC0415

    stored = load_nowcaster(directory)
    log.info("nowcaster %s loaded", stored.version)
    return stored
