"""Tells how the places that rules name fare, after each round of the worker: one small file."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from services.base.files import write_atomically
from services.observe.observer import journal_error
from services.plain.places_now import FILE
from services.traffic.network import Network
from services.traffic.place_values import places_now
from services.traffic.snapshot import Snapshot
from services.traffic.store import Store, watched_references

log = logging.getLogger(__name__)


class PlaceKeeper:
    """Writes the file of the feed that is shown.

    Parameters
    ----------
    store : Store
        The worker's.
    places : mapping
        The places that are wanted, and by which rules they are, as the journal is told.
    """

    def __init__(self, store: Store, places: Mapping[str, str]) -> None:
        self._store = store
        self._places = places
        self._references = watched_references(store)
        self._network: Network | None = None
        self._told: frozenset[str] = frozenset()

    def follow(self, shown: Snapshot | None) -> None:
        """Bring the file up to what is shown. Never raises: the news is there already."""
        if shown is None or not self._places:
            return
        try:
            network = self._network_of(shown)
            found = places_now(network, shown, self._store.usual_hour(), self._places)
            self._tell({item.place: item.state for item in found.places})
            write_atomically(self._store.data_dir / FILE, msgspec.json.encode(found))
        except Exception as error:  # the next round comes whatever this one met
            journal_error("the places of the rules were not written", error)

    def _network_of(self, shown: Snapshot) -> Network:
        if self._network is None or self._network.version != shown.network_version:
            self._network = self._store.network_of(shown)
        self._network = self._network.with_reference(self._references[shown.source].value())
        return self._network

    def _tell(self, states: Mapping[str, str]) -> None:
        """Say once which places are not there."""
        lost = frozenset(place for place, state in states.items() if state in {"gone", "several"})
        for place in sorted(lost - self._told):
            what = "several places are" if states[place] == "several" else "no place is"
            log.error("%s: %s called %s: it is not judged", self._places[place], what, place)
        self._told = lost
