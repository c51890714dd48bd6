from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import orjson
import pytest

from services.base.errors import InvalidRequest, StorageError
from services.city.rennes import RENNES
from services.city.zones import zones_of_segments
from services.observe.feeds.reply import check_reply
from services.traffic.network import (
    decode_network,
    encode_network,
    geometry_parts,
    segment_lengths_m,
)
from services.traffic.snapshot import decode_snapshot, encode_snapshot
from services.traffic.status import Status, pack_statuses, status_of_speed_ratio
from tests.factories import make_network, make_snapshot_for
from tests.feed_replies import RECEIVED_AT


def test_lengths_are_in_metres_and_leave_gaps_out():
    degree = [[[-1.7, 48.0], [-1.7, 49.0]]]
    with_gap = [[[-1.7, 48.0], [-1.7, 48.5]], [[-1.7, 48.6], [-1.7, 49.1]]]
    eastward = [[[-1.7, 60.0], [-0.7, 60.0]]]
    lengths = segment_lengths_m([degree, with_gap, eastward])
    assert lengths == pytest.approx([111_195, 111_195, 55_597], rel=1e-3)


def test_a_network_reads_back_the_same_to_a_metre():
    network = make_network()
    read = decode_network(RENNES, encode_network(network), network.version)
    assert read.segment_ids == network.segment_ids
    assert read.version == network.version
    assert read.names.tolist() == network.names.tolist()
    assert read.length_m == pytest.approx(network.length_m, abs=3)
    assert read.zone_codes.tolist() == network.zone_codes.tolist()


def test_the_browser_gets_integer_ids_in_the_fixed_order():
    features = orjson.loads(encode_network(make_network(20)))["features"]
    assert [feature["id"] for feature in features] == list(range(20))
    assert {"name", "speed_limit_kmh", "road_class", "zone", "segment_id"} <= set(
        features[0]["properties"]
    )


SOUND = encode_network(make_network(4, version="v1"))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"version": "v1", "features": []}',
        b'{"version": "v1", "features": [{}]}',
        SOUND[:-9],
        SOUND.replace(b'"v1"', b'"v2"'),
        SOUND.replace(b'"10000_G"', b'"10000_D"'),
        SOUND.replace(b'"10000_G"', b"null"),
        SOUND.replace(b'"name":"', b'"name":null,"x":"', 1),
        SOUND.replace(b'"speed_limit_kmh":90', b'"speed_limit_kmh":null', 1),
        SOUND.replace(b'"speed_limit_kmh":90', b'"speed_limit_kmh":0', 1),
        SOUND.replace(b"[-1.", b'["-1.', 1).replace(b",48", b'",48', 1),
        SOUND.replace(b"[-1.", b"[null,-1.", 1),
        SOUND.replace(b'"LineString"', b'"Point"', 1),
    ],
    ids=lambda document: f"{len(document)} bytes",
)
def test_a_foreign_or_damaged_document_is_no_network(document):
    assert document != SOUND
    decode_network(RENNES, SOUND, "v1")
    with pytest.raises(StorageError, match="not a network document"):
        decode_network(RENNES, document, "v1")


def test_a_bit_that_turned_over_is_seen_in_a_snapshot():
    snapshot = make_snapshot_for(make_network())
    status = np.where(snapshot.columns["status"] == 1, 2, snapshot.columns["status"])
    columns = {**snapshot.columns, "status": status.astype(np.uint8)}
    with pytest.raises(StorageError, match="not that of its version"):
        decode_snapshot(encode_snapshot(replace(snapshot, columns=columns)))


@pytest.mark.parametrize("document", [b"", b"PAR1", encode_network(make_network(2))])
def test_a_foreign_document_is_no_snapshot(document):
    with pytest.raises(StorageError, match="not a snapshot file"):
        decode_snapshot(document)


def test_a_snapshot_reads_back_the_same():
    snapshot = make_snapshot_for(make_network(), source="demo")
    read = decode_snapshot(encode_snapshot(snapshot))
    assert (read.version, read.source, read.observed_at) == (
        snapshot.version,
        "demo",
        snapshot.observed_at,
    )
    for name, values in snapshot.columns.items():
        np.testing.assert_array_equal(read.columns[name], values, err_msg=name)


def test_another_source_is_another_version():
    snapshot = make_snapshot_for(make_network(), source="live")
    assert snapshot.with_source("archive").version != snapshot.version


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "LineString", "coordinates": [[0, 0]]},
        {"type": "MultiLineString", "coordinates": []},
    ],
)
def test_what_is_no_line_is_refused(geometry):
    with pytest.raises(ValueError, match="geometry"):
        geometry_parts(geometry)


def test_every_status_survives_packing():
    codes = np.array([0, 1, 2, 3, 4, 4, 3, 2, 1], dtype=np.uint8)
    bits = np.unpackbits(np.frombuffer(base64.b64decode(pack_statuses(codes)), dtype=np.uint8))
    unpacked = bits[: 3 * len(codes)].reshape(-1, 3) @ [4, 2, 1]
    assert unpacked.tolist() == codes.tolist()


def test_statuses_change_at_the_thresholds_of_the_feed():
    ratios = np.array([0.0, 0.30, 0.31, 0.69, 0.70, 1.4, np.nan])
    assert status_of_speed_ratio(ratios, RENNES.thresholds).tolist() == [3, 3, 2, 2, 1, 1, 0]


def test_names_are_those_of_datex():
    assert [status.datex for status in Status] == [
        "unknown",
        "freeFlow",
        "heavy",
        "congested",
        "impossible",
    ]


def zone_of(name, road_class, lat, lon):
    codes = zones_of_segments(
        RENNES, np.array([name]), np.array([road_class]), np.array([lat]), np.array([lon])
    )
    return RENNES.zones[codes[0]]


@pytest.mark.parametrize(
    ("name", "road_class", "lat", "lon", "zone"),
    [
        ("Route nationale 136", "Réseau national", 48.08, -1.70, "rocade"),
        ("Porte d'Alma", "Réseau national", 48.08, -1.68, "rocade"),
        (
            "Boulevard de la Liberté",
            "Réseau de distribution principale",
            48.105,
            -1.678,
            "centre-ville",
        ),
        ("Route nationale 24", "Réseau national", 48.09, -1.76, "penetrantes"),
        ("Rue de Fougères", "Réseau d'appui", 48.14, -1.64, "penetrantes"),
        ("Route départementale 34", "Réseau d'armature", 48.05, -1.66, "ceinture"),
        ("Rue de Vern", "Réseau de distribution principale", 48.085, -1.65, "quartiers"),
    ],
)
def test_zones_are_those_that_people_name(name, road_class, lat, lon, zone):
    assert zone_of(name, road_class, lat, lon) == zone


def test_zones_are_checked():
    assert RENNES.checked_zone(None) == "centre-ville"
    assert [RENNES.checked_zone(zone) for zone in RENNES.zone_choices] == list(RENNES.zone_choices)
    with pytest.raises(InvalidRequest, match="zone='paris': expected one of centre-ville, rocade"):
        RENNES.checked_zone("paris")


@pytest.mark.realdata
def test_every_zone_of_the_real_network_has_its_roads(rennes_reply):
    network = check_reply(rennes_reply, city=RENNES, source="live", received_at=RECEIVED_AT).network
    km = (
        np.bincount(network.zone_codes, weights=network.length_m, minlength=len(RENNES.zones))
        / 1_000
    )
    by_zone = dict(zip(RENNES.zones, km, strict=True))
    # Both directions of a ring of some 31 km, and its interchanges.
    assert 60 <= by_zone["rocade"] <= 100
    assert all(length > 25 for length in by_zone.values())
