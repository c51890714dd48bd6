"""The latest snapshot as the web role sees it: read once per change, shared by all requests."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import cached_property

from services.errors import StorageError
from services.indicators import Indicators, compute_indicators
from services.network import Network
from services.snapshot import Snapshot
from services.status import pack_statuses
from services.store import FileStamp, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrafficView:
    """A snapshot with its network and all that follows from them, computed once."""

    network: Network
    snapshot: Snapshot

    @cached_property
    def indicators(self) -> Indicators:
        """The state of the network at a glance."""
        return compute_indicators(self.network, self.snapshot)

    @cached_property
    def packed_statuses(self) -> str:
        """Every status for the browser, see :func:`services.status.pack_statuses`."""
        return pack_statuses(self.snapshot.status_codes())


class LatestTraffic:
    """Gives the current view; re-reads the data directory only when it changed.

    A file that cannot be read is journalled once and the last good view stays.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._stamp: FileStamp | None = None
        self._view: TrafficView | None = None

    def view(self) -> TrafficView | None:
        """The current view, or None before the first snapshot."""
        stamp = self._store.current_stamp()
        if stamp != self._stamp:
            with self._lock:
                if stamp != self._stamp:
                    self._reload()
                    self._stamp = stamp
        return self._view

    def _reload(self) -> None:
        try:
            snapshot = self._store.current_snapshot()
            if snapshot is not None:
                self._view = TrafficView(self._network_of(snapshot), snapshot)
        except StorageError as error:
            log.error("the published snapshot cannot be read, the last one stays: %s", error)

    def _network_of(self, snapshot: Snapshot) -> Network:
        if self._view is not None and self._view.network.version == snapshot.network_version:
            return self._view.network
        return self._store.network(snapshot.network_version)
