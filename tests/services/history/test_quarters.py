"""Days by quarters of an hour, with values worked out on paper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.history import layout, upkeep
from services.history.history import History
from services.history.networks import KnownNetworks
from services.history.quarters import quarters_of_rows, read_quarters
from services.traffic.status import Status
from tests.factories import make_network
from tests.services.history.days import append, moments
from tests.services.history.test_reference import FIRST, NOW, at, rows_of

NETWORK = make_network(3)
LIMIT_KMH = float(NETWORK.speed_limit_kmh[0])


def test_speeds_of_a_quarter_are_their_harmonic_mean_and_statuses_are_counted():
    told = [
        # 20 and 30 km/h: as long a way at each takes as long as all of it at 24 km/h.
        (at(7, 0), 0, Status.CONGESTED, 20),
        (at(7, 14), 0, Status.HEAVY, 30),
        # Another quarter.
        (at(7, 15), 0, Status.FREE_FLOW, LIMIT_KMH + 30),
        # No speeds: unknown, and closed.
        (at(7, 3), 1, Status.UNKNOWN, 50),
        (at(7, 6), 1, Status.IMPOSSIBLE, 50),
    ]
    found = quarters_of_rows([rows_of(NETWORK, told)])
    place = {key: index for index, key in enumerate(found.segment_ids)}
    first, second = (place[NETWORK.segment_ids[index]] for index in (0, 1))
    assert found.cells["steps"][first, 28:30].tolist() == [48, 2 * LIMIT_KMH]
    assert found.cells["known"][first, 28:30].tolist() == [2, 1]
    assert found.cells["congested"][first, 28] == 1
    assert found.cells["heavy"][first, 28] == 1
    assert found.cells["steps"][second].sum() == 0
    assert found.cells["closed"][second, 28] == 1
    # 7:00, 7:03, 7:06 and 7:14; then 7:15.
    assert found.snapshots[28:30].tolist() == [4, 1]
    assert found.snapshots.sum() == 5


def test_the_upkeep_makes_a_file_of_each_day_again_when_its_rows_changed(tmp_path):
    start = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC)
    append(tmp_path, NETWORK, moments(start, 10))
    upkeep.keep_up(RENNES, tmp_path, NOW, None)
    before = read_quarters(tmp_path, "live", FIRST)
    assert before is not None
    assert before.snapshots.sum() == 10
    append(tmp_path, NETWORK, [start + timedelta(hours=3)])
    upkeep.keep_up(RENNES, tmp_path, NOW, None)
    after = read_quarters(tmp_path, "live", FIRST)
    assert after is not None
    assert after.snapshots.sum() == 11


@pytest.mark.parametrize("damage", [lambda body: body[: len(body) // 2], lambda _body: b"other"])
def test_a_damaged_file_is_set_aside_and_made_again(tmp_path, damage):
    start = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC)
    append(tmp_path, NETWORK, moments(start, 3))
    upkeep.keep_up(RENNES, tmp_path, NOW, None)
    path = layout.quarters_file(tmp_path, "live", FIRST)
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    assert read_quarters(tmp_path, "live", FIRST) is None
    upkeep.keep_up(RENNES, tmp_path, NOW, None)
    assert path.read_bytes() == sound


def test_files_go_with_their_days(tmp_path):
    start = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC)
    append(tmp_path, NETWORK, moments(start, 3))
    upkeep.keep_up(RENNES, tmp_path, NOW, None)
    assert layout.quarters_file(tmp_path, "live", FIRST).exists()
    append(tmp_path, NETWORK, [start + timedelta(days=60)])
    upkeep.keep_up(RENNES, tmp_path, NOW + timedelta(days=60), 1)
    assert not layout.quarters_file(tmp_path, "live", FIRST).exists()


def test_rows_on_two_networks_count_on_the_same_segments(tmp_path):
    other = make_network(4)
    start = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC)
    append(tmp_path, NETWORK, [start])
    append(tmp_path, other, [start + timedelta(minutes=3)])
    upkeep.keep_up(RENNES, tmp_path, NOW, None)
    found = read_quarters(tmp_path, "live", FIRST)
    assert found is not None
    assert set(found.segment_ids) == set(other.segment_ids)
    assert found.snapshots[24] == 2
    history = History(tmp_path, "live", KnownNetworks(RENNES, tmp_path, source="live"))
    assert history.networks.unreadable == frozenset()
    assert np.all(found.cells["known"] <= 2)
