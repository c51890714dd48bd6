"""The networks that the rows of a history refer to, and one segment under all of them.

A network changes: segments come, go or get another limit. Every row says which
version it was observed on; the feed's own id of a segment is what stays, and
by it old rows are read on today's network.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.city.city import City
from services.traffic.network import Network
from services.traffic.reference_speed import ReferenceSpeeds
from services.traffic.snapshot import Source
from services.traffic.store import Store

log = logging.getLogger(__name__)


# One takes 4.3 MB. A network changes about once a year, so that a history needs one or two.
MAX_LOADED: Final = 8


class KnownNetworks:
    """The networks of a data directory, each read when asked for, those asked for last kept.

    Parameters
    ----------
    at_hand : iterable of Network
        Networks that are in memory already.
    max_loaded : int
        How many of the others are kept in memory.
    source : {"live", "archive", "demo"}, optional
        Whose reference speeds they get; without one, or while none can be read, free flow is what
        the city has by class and limit.
    """

    def __init__(
        self,
        city: City,
        data_dir: Path,
        at_hand: Iterable[Network] = (),
        max_loaded: int = MAX_LOADED,
        *,
        source: Source | None = None,
    ) -> None:
        self.city = city
        self._store = Store(city, data_dir)
        self.reference = None if source is None else self._reference_of(source)
        self._at_hand = {network.version: self._with_reference(network) for network in at_hand}
        self._max_loaded = max_loaded
        # In order of use.
        self._loaded: dict[str, Network] = {}
        self._unreadable: set[str] = set()

    @property
    def unreadable(self) -> frozenset[str]:
        """The versions asked for in vain."""
        return frozenset(self._unreadable)

    def get(self, version: str) -> Network | None:
        """A network, or None (journalled once) when it cannot be read."""
        if version in self._at_hand:
            return self._at_hand[version]
        if version in self._unreadable:
            return None
        network = self._loaded.pop(version, None) or self._read(version)
        if network is not None:
            self._hold(network)
        return network

    def sure(self, version: str) -> Network:
        """A network that has to be there.

        Raises
        ------
        StorageError
            When it cannot be read.
        """
        network = self.get(version)
        if network is None:
            raise StorageError(f"network {version} cannot be read")
        return network

    def keep(self, network: Network) -> None:
        """Know a network and keep it for good.

        Raises
        ------
        StorageError
        """
        self._store.keep_network(network)
        self._unreadable.discard(network.version)
        self._hold(network)

    def versions(self) -> list[str]:
        """The versions in the data directory, the last one kept first."""
        return self._store.network_versions()

    def _read(self, version: str) -> Network | None:
        try:
            return self._with_reference(self._store.network(version))
        except StorageError as error:
            log.error("history of network %s cannot be placed: %s", version, error)
            self._unreadable.add(version)
            return None

    def _with_reference(self, network: Network) -> Network:
        return network if self.reference is None else network.with_reference(self.reference)

    def _reference_of(self, source: Source) -> ReferenceSpeeds | None:
        try:
            return self._store.reference(source)
        except StorageError as error:
            log.error("free flow is not told as measured: %s", error)
            return None

    def _hold(self, network: Network) -> None:
        self._loaded[network.version] = network
        while len(self._loaded) > self._max_loaded:
            del self._loaded[next(iter(self._loaded))]


class SegmentNumbers:
    """One number for each segment, whatever the network it was observed on.

    Rows of a network that is not known any more get numbers of their own, so
    that they are kept apart and none is taken for another.
    """

    def __init__(self, networks: KnownNetworks) -> None:
        self._networks = networks
        self._number_of_id: dict[str, int] = {}
        self._of_version: dict[str, NDArray[np.int64]] = {}

    def of(self, version: str, segments: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Numbers of segments given by their place in a network."""
        numbers = self._of_version.get(version)
        if numbers is None or (len(segments) and int(segments.max()) >= len(numbers)):
            numbers = self._numbers(version, int(segments.max()) + 1 if len(segments) else 0)
            self._of_version[version] = numbers
        found: NDArray[np.int64] = numbers[segments]
        return found

    def _numbers(self, version: str, at_least: int) -> NDArray[np.int64]:
        network = self._networks.get(version)
        ids = list(network.segment_ids) if network is not None else []
        ids += [f"{version}#{place}" for place in range(len(ids), at_least)]
        known = self._number_of_id
        return np.array([known.setdefault(name, len(known)) for name in ids], np.int64)
