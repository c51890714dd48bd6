"""The latest snapshot as the web role sees it: read once per change, shared by all requests."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.watched import Watched
from services.traffic.corridor_times import CorridorTime, corridor_times
from services.traffic.indicators import Indicators, compute_indicators
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot, check_fits
from services.traffic.status import pack_statuses
from services.traffic.store import Store, WorkerState, watched_references
from services.traffic.usual import Comparison
from services.traffic.usual_hour import ComparedTraffic, UsualHour, compare_traffic
from services.traffic.zone_ratios import travel_times_s
from services.traffic.zone_states import ZoneState, zone_state

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrafficView:
    """A snapshot with its network and all that follows from them, computed once.

    ``usual`` is what the snapshot may be compared with, None where nothing is known.
    """

    network: Network
    snapshot: Snapshot
    usual: UsualHour | None = None

    @cached_property
    def indicators(self) -> Indicators:
        """The state of the network at a glance."""
        return compute_indicators(self.network, self.snapshot, self.usual_time_s)

    @cached_property
    def zone_states(self) -> tuple[ZoneState | None, ...]:
        """The state of each of ``City.zone_choices``; None where too little is known.

        The whole network, which is the last, is not compared with the usual.
        """
        ratios = [*self.indicators.zone_ratios.values(), self.indicators.speed_ratio]
        speeds = self.network.zone_free_flow_kmh.tolist()
        against: list[tuple[Comparison, float]] = [(Comparison.NOT_TOLD, math.nan)] * len(speeds)
        if self.usual is not None and self.compared is not None:
            codes = map(Comparison, self.compared.zones.tolist())
            medians = np.asarray(self.usual.zones.p50).tolist()
            against[:-1] = zip(codes, medians, strict=True)
        return tuple(
            None if ratio is None else zone_state(ratio, speed, *usual)
            for ratio, speed, usual in zip(ratios, speeds, against, strict=True)
        )

    @cached_property
    def corridor_times(self) -> tuple[CorridorTime, ...]:
        """How long the corridors take."""
        return corridor_times(self.network, self.snapshot, self.usual_time_s)

    @cached_property
    def usual_time_s(self) -> NDArray[np.float64] | None:
        """Seconds that each segment usually takes at this hour; None where nothing is compared."""
        if self.compared is None:
            return None
        return travel_times_s(self.network, self.compared.usual_kmh["p50"])

    @cached_property
    def packed_statuses(self) -> str:
        """Every status for the browser, see :func:`services.traffic.status.pack_statuses`."""
        return pack_statuses(self.snapshot.status_codes())

    @cached_property
    def compared(self) -> ComparedTraffic | None:
        """The snapshot beside the usual; None where the usual is of another hour or source."""
        if self.usual is None or not self.usual.tells_of(self.snapshot):
            return None
        return compare_traffic(self.network, self.snapshot, self.usual)


class LatestTraffic:
    """Gives the current view; re-reads the data directory only when it changed.

    A file that cannot be read is journalled once and the last good view stays.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._view = Watched("the published snapshot", store.current_stamp, self._read_view)
        self._references = watched_references(store)
        self._usual = Watched("the usual traffic", store.usual_stamp, self._read_usual)
        self._worker = Watched(
            "how the worker fares", store.worker_state_stamp, lambda _last: store.worker_state()
        )

    @property
    def problem(self) -> str | None:
        """Why what was published last cannot be shown; None where it can, or nothing was."""
        problem = self._view.problem
        return None if problem is None else str(problem)

    def view(self) -> TrafficView | None:
        """The current view, or None before the first snapshot."""
        # Apart from the snapshot: where reading it hangs, it holds one thread and no news.
        self._usual.value(wait=False)
        for reference in self._references.values():
            reference.value(wait=False)
        return self._view.value()

    def worker_state(self) -> WorkerState | None:
        """How the worker's last attempts went; None where nothing tells, or while that hangs."""
        return self._worker.value(wait=False)

    def _read_view(self, last: TrafficView | None) -> TrafficView | None:
        snapshot = self._store.current_snapshot()
        if snapshot is None:
            return last
        return TrafficView(self._network_of(snapshot, last), snapshot, self._usual.last)

    def _network_of(self, snapshot: Snapshot, last: TrafficView | None) -> Network:
        if last is None or last.network.version != snapshot.network_version:
            network = self._store.network_of(snapshot)
        else:
            network = last.network
            check_fits(snapshot, network)
        return network.with_reference(self._references[snapshot.source].last)

    def _read_usual(self, _last: UsualHour | None) -> UsualHour | None:
        """The usual as last written: read once an hour, and its loss hides no news."""
        try:
            return self._store.usual_hour()
        except StorageError as error:
            log.error("the usual traffic cannot be read, nothing is compared: %s", error)
            return None
