"""The roadworks as the web role tells them: read once per change, placed once a day."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import Any, Final

import orjson

from services.base.watched import Watched
from services.traffic.network import Network
from services.traffic.placed_roadworks import PlacedRoadwork, likely_causes, place_roadworks
from services.traffic.roadworks import Measure, RoadworksList
from services.traffic.snapshot import FEEDS, Source, feed_of
from services.traffic.store import Store
from services.web.latest import TrafficView

_VERSION_BYTES: Final = 6


@dataclass(frozen=True, eq=False)
class RoadworksView:
    """A list of roadworks as it is on one day, on the network that is shown.

    Attributes
    ----------
    told : RoadworksList
    network : Network
    day : date
        In the city.
    """

    told: RoadworksList
    network: Network
    day: date

    @cached_property
    def version(self) -> str:
        """Changes with all that is told of them but the time at which they were received."""
        parts = f"{self.told.version} {self.network.version} {self.day}".encode()
        return hashlib.blake2b(parts, digest_size=_VERSION_BYTES).hexdigest()

    @cached_property
    def placed(self) -> tuple[PlacedRoadwork, ...]:
        """Those of the day, then those to come."""
        return place_roadworks(self.told, self.network, self.day)

    @property
    def mark(self) -> list[Any]:
        """What a page compares with what it has: the version, and when the list was received."""
        return [self.version, int(self.told.received_at.timestamp())]


class LatestRoadworks:
    """Gives the last good list that goes with what is shown, placed on its network.

    Parameters
    ----------
    store : Store
    is_expected : bool
        Whether there are any to be shown at all.
    """

    def __init__(self, store: Store, *, is_expected: bool) -> None:
        self.is_expected = is_expected
        self._lists = {source: _watched(store, source) for source in FEEDS}
        self._making = threading.Lock()
        self._view: RoadworksView | None = None

    def view(self, traffic: TrafficView | None, day: date) -> RoadworksView | None:
        """The roadworks beside a snapshot on a day; None where nothing is told of them.

        An archive is of the live feed, and what is simulated has roadworks of its own.
        """
        if traffic is None:
            return None
        told = self._lists[feed_of(traffic.snapshot.source)].value()
        if told is None:
            return None
        with self._making:
            last = self._view
            if last is None or (last.told, last.network.version, last.day) != (
                told,
                traffic.network.version,
                day,
            ):
                self._view = RoadworksView(told, traffic.network, day)
            return self._view


def _watched(store: Store, source: Source) -> Watched[RoadworksList]:
    return Watched(
        f"the list of {source} roadworks",
        partial(store.roadworks_stamp, source),
        lambda _last: store.roadworks(source),
    )


def encode_api(view: RoadworksView) -> bytes:
    """The roadworks as a GeoJSON FeatureCollection, as ``/api/v1/roadworks`` promises."""
    ids = view.network.segment_ids
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "source": view.told.source,
            "received_at": view.told.received_at,
            "version": view.told.version,
            "day": view.day,
            "features": [
                {
                    "type": "Feature",
                    "id": one.roadwork.event_id,
                    "geometry": _geometry(one.measures),
                    "properties": {
                        **_properties(one),
                        "segments": [ids[segment] for segment in one.segments],
                        "measures": [_measure(measure) for measure in one.measures],
                    },
                }
                for one in view.placed
            ],
        }
    )


def encode_page(view: RoadworksView) -> bytes:
    """The roadworks for the page: segments by their places in the network's order.

    ``causes`` tells for each segment on whose stretch a roadwork may slow the traffic which one
    that is, as a place in the list.
    """
    return orjson.dumps(
        {
            "version": view.version,
            "source": view.told.source,
            "day": view.day,
            "roadworks": [
                {
                    **_properties(one),
                    "kinds": list(dict.fromkeys(measure.kind for measure in one.measures)),
                    "point": one.point,
                    "geometry": _geometry(one.measures),
                    "segments": one.segments,
                }
                for one in view.placed
            ],
            "causes": {
                str(segment): place
                for segment, place in likely_causes(view.placed, view.network).items()
            },
        }
    )


def _properties(one: PlacedRoadwork) -> dict[str, Any]:
    return {
        "id": one.roadwork.event_id,
        "place": one.place,
        "town": one.roadwork.town,
        "purpose": one.roadwork.purpose,
        "level": one.level,
        "first_day": one.first_day,
        "last_day": one.last_day,
        "active": one.is_active,
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "kind": measure.kind,
        "comment": measure.comment,
        "place": measure.place,
        "level": measure.level,
        "first_day": measure.first_day,
        "last_day": measure.last_day,
    }


def _geometry(measures: Sequence[Measure]) -> dict[str, Any] | None:
    """That of all measures together, each once."""
    geometries = [measure.geometry for measure in measures if measure.geometry is not None]
    found = list({orjson.dumps(geometry): geometry for geometry in geometries}.values())
    if len(found) > 1:
        return {"type": "GeometryCollection", "geometries": found}
    return found[0] if found else None
