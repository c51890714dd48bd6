"""Five kilometres of straight road: a minute a kilometre in free flow, one segment each."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from services.traffic.network import Network
from services.traffic.reference_speed import ReferenceSpeeds
from services.trends import archive
from services.trends.archive import Archive
from tests.services.traffic.test_corridor_times import LIMIT_KMH, road
from tests.services.trends.hand_made import HandMadeDays

PLACE = "corridor:nord"


def straight_road() -> Network:
    """The road, on which 60 km/h is free flow."""
    network = road()
    size = len(network)
    enough = np.full(size, 1_000)
    speeds = ReferenceSpeeds(network.segment_ids, np.full(size, LIMIT_KMH), enough, enough, {})
    return network.with_reference(speeds)


def straight_archive(monkeypatch, tmp_path, now: datetime) -> tuple[Archive, HandMadeDays]:
    """An archive of days made by hand at a time, and what they are put into."""
    network = straight_road()
    days = HandMadeDays(network.segment_ids)
    monkeypatch.setattr(archive, "read_quarters", days.read)
    # Today's as well, of which there is no file yet.
    monkeypatch.setattr(archive.layout, "partition", lambda *_: tmp_path)
    monkeypatch.setattr(archive, "quarters_of_day", lambda _, day: days.read(None, None, day))
    today = network.city.local(now).date()
    return Archive(network.city, tmp_path, "live", network, today, clock=lambda: now), days
