"""Days that a test makes by hand: speeds by the city's clock, in a history without files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from services.base.errors import StorageError
from services.history.quarters import QUARTERS_PER_DAY, STEPS_PER_KMH, Quarters
from services.traffic.network import Network
from services.traffic.reference_speed import ReferenceSpeeds
from services.trends.archive import Archive
from services.trends.counts import Costs
from tests.services.traffic.test_road_matching import street_network

FREE_KMH = 40.0
CLOSED = -1.0
ONE_DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
KmhOf = Callable[[datetime, str], float | None]
"""The speed at a time, as the city's clock shows it, on a segment; None where not known."""


def hand_made_network() -> Network:
    """Five streets on which nothing slower than 40 km/h is free flow."""
    network = street_network()
    size = len(network)
    enough = np.full(size, 1_000)
    return network.with_reference(
        ReferenceSpeeds(network.segment_ids, np.full(size, FREE_KMH), enough, enough, {})
    )


class HandMadeDays:
    """What stands for the files of quarters of an hour."""

    def __init__(self, segment_ids: tuple[str, ...]) -> None:
        self.segment_ids = segment_ids
        self._by_day: dict[date, Quarters] = {}
        self._damaged: set[date] = set()

    def keep(self, first: date, last: date, kmh_of: KmhOf, city, ids=None) -> None:
        """Local days, both included; five observations in each quarter of an hour."""
        at, end = city.midnight(first), city.midnight(last + ONE_DAY)
        while at < end:
            for column, segment_id in enumerate(ids or self.segment_ids):
                self._set(at, column, kmh_of(city.local(at), segment_id), ids or self.segment_ids)
            at += QUARTER

    def damage(self, day: date) -> None:
        """A UTC day that cannot be read."""
        self._damaged.add(day)

    def read(self, _data_dir, _source, day: date) -> Quarters | None:
        """Stands for ``read_quarters``."""
        if day in self._damaged:
            raise StorageError("damaged")
        return self._by_day.get(day)

    def _set(self, at: datetime, column: int, kmh: float | None, ids: tuple[str, ...]) -> None:
        day, quarter = at.astimezone(UTC).date(), (at.hour * 60 + at.minute) // 15
        found = self._by_day.get(day)
        if found is None or found.segment_ids != ids:
            cells = {
                name: np.zeros((len(ids), QUARTERS_PER_DAY), np.uint8)
                for name in ("steps", "known", "heavy", "congested", "closed")
            }
            found = Quarters(ids, cells, np.zeros(QUARTERS_PER_DAY, np.int64))
            self._by_day[day] = found
        found.snapshots[quarter] = 5
        if kmh == CLOSED:
            found.cells["closed"][column, quarter] = 5
        elif kmh is not None:
            found.cells["steps"][column, quarter] = round(kmh * STEPS_PER_KMH)
            found.cells["known"][column, quarter] = 5
            found.cells["congested"][column, quarter] = 5 if kmh < 0.3 * 50 else 0


def hand_made_archive(monkeypatch, tmp_path, today: date) -> tuple[Archive, HandMadeDays]:
    """An archive of such days, and what they are put into."""
    network = hand_made_network()
    days = HandMadeDays(network.segment_ids)
    monkeypatch.setattr("services.trends.archive.read_quarters", days.read)
    noon = datetime.combine(today, time(12), tzinfo=UTC)
    return Archive(network.city, tmp_path, "live", network, today, clock=lambda: noon), days


def with_costs(archive: Archive, **stated) -> Archive:
    """The same where settings say something of traffic and its worth."""
    return replace(archive, costs=Costs(**stated))
