"""A snapshot beside what is usual at its hour, and the file that tells it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.traffic.status import Status
from services.traffic.usual import Comparison
from services.traffic.usual_hour import compare_traffic, decode_usual_hour, encode_usual_hour
from services.web.latest import LatestTraffic
from tests.factories import (
    OBSERVED_AT,
    UNHINDERED,
    make_network,
    make_snapshot_for,
    make_usual_hour,
)
from tests.hanging import hanging_file
from tests.waiting import wait_until

# Free flow is the limit there.
NETWORK = replace(make_network(), city=UNHINDERED)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.FREE_FLOW, Comparison.QUIETER),
        (Status.HEAVY, Comparison.USUAL),
        (Status.CONGESTED, Comparison.BUSIER),
        (Status.UNKNOWN, Comparison.NOT_TOLD),
        # A closed road has no speed, whatever the feed writes beside it.
        (Status.IMPOSSIBLE, Comparison.NOT_TOLD),
    ],
)
def test_segments_and_zones_are_compared_by_their_speed_ratios(status, expected):
    snapshot = make_snapshot_for(NETWORK, status)
    compared = compare_traffic(NETWORK, snapshot, make_usual_hour(NETWORK))
    assert set(compared.segments) == {expected}
    assert compared.zones.tolist() == [expected] * len(RENNES.zones)


def test_usual_speeds_follow_each_segment_s_limit():
    compared = compare_traffic(NETWORK, make_snapshot_for(NETWORK), make_usual_hour(NETWORK))
    for name, ratio in (("p10", 0.4), ("p50", 0.5), ("p90", 0.6)):
        assert compared.usual_kmh[name] == pytest.approx(ratio * NETWORK.speed_limit_kmh)


def test_with_little_history_neither_a_comparison_nor_a_usual_speed_is_told():
    usual = make_usual_hour(NETWORK, observations=59)
    compared = compare_traffic(NETWORK, make_snapshot_for(NETWORK), usual)
    assert set(compared.segments) == set(compared.zones) == {Comparison.NOT_TOLD}
    assert np.isnan(compared.usual_kmh["p50"]).all()


def test_a_zone_of_which_hardly_anything_is_known_is_not_told():
    network = make_network(400)
    codes = np.full(len(network), Status.UNKNOWN, np.uint8)
    ring, centre = RENNES.zones.index("rocade"), RENNES.zones.index("centre-ville")
    codes[np.flatnonzero(network.zone_codes == ring)[:2]] = Status.CONGESTED
    codes[np.flatnonzero(network.zone_codes == centre)[:8]] = Status.CONGESTED
    snapshot = make_snapshot_for(network, codes)
    compared = compare_traffic(network, snapshot, make_usual_hour(network))
    assert compared.zones[ring] == Comparison.NOT_TOLD
    assert compared.zones[centre] == Comparison.BUSIER


def test_the_usual_of_another_hour_source_or_network_is_not_taken():
    usual = make_usual_hour(NETWORK)
    snapshot = make_snapshot_for(NETWORK)
    assert usual.tells_of(snapshot)
    later = make_snapshot_for(NETWORK, observed_at=OBSERVED_AT + timedelta(minutes=17))
    assert not usual.tells_of(later)
    assert not usual.tells_of(make_snapshot_for(NETWORK, source="demo"))
    # What an old snapshot showed is not how traffic is now.
    assert not usual.tells_of(snapshot.with_source("archive"))
    assert not usual.tells_of(make_snapshot_for(make_network(24)))
    # The same by name, and of another size all the same: nothing that could be compared.
    assert not usual.tells_of(make_snapshot_for(make_network(24, version=NETWORK.version)))


def test_what_is_written_reads_back_the_same(store):
    usual = make_usual_hour(NETWORK)
    assert store.usual_hour() is None
    store.write_usual_hour(usual)
    read = store.usual_hour()
    assert (read.source, read.network_version, read.start) == (
        "live", NETWORK.version, usual.start,
    )  # fmt: skip
    for part, original in ((read.segments, usual.segments), (read.zones, usual.zones)):
        assert part.p10.tolist() == original.p10.tolist()
        assert part.observations.tolist() == original.observations.tolist()


@pytest.mark.parametrize(
    "document", [b"", b"PAR1 cut", encode_usual_hour(make_usual_hour(NETWORK))[:-9]]
)
def test_a_damaged_file_is_a_clear_error(document):
    with pytest.raises(StorageError, match="not a file of usual traffic"):
        decode_usual_hour(RENNES, document)


def test_the_web_role_compares_with_what_the_worker_left(store, caplog):
    traffic = LatestTraffic(store)
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    assert traffic.view().compared is None
    store.write_usual_hour(make_usual_hour(NETWORK))
    store.publish(NETWORK, make_snapshot_for(NETWORK, Status.CONGESTED))
    compared = traffic.view().compared
    assert set(compared.segments) == {Comparison.BUSIER}
    assert traffic.view().compared is compared

    (store.data_dir / "usual" / "current.parquet").write_bytes(b"half of a fi")
    store.publish(NETWORK, make_snapshot_for(NETWORK, Status.HEAVY))
    assert traffic.view().snapshot.status_codes()[0] == Status.HEAVY
    assert traffic.view().compared is None
    assert caplog.text.count("nothing is compared") == 1


def test_a_usual_whose_reading_never_ends_holds_no_news(store):
    traffic = LatestTraffic(store)
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    traffic.view()
    news = make_snapshot_for(NETWORK, Status.HEAVY)
    store.publish(NETWORK, news)
    (store.data_dir / "usual").mkdir(exist_ok=True)
    with hanging_file(store.data_dir / "usual" / "current.parquet") as is_being_read:
        reader = threading.Thread(target=traffic.view, daemon=True)
        reader.start()
        wait_until(is_being_read)
        assert traffic.view().snapshot.version == news.version
        assert reader.is_alive()
    reader.join()
