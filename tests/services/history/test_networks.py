from __future__ import annotations

import gc
import os
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.base.files import set_aside, write_atomically
from services.city.rennes import RENNES
from services.history import retention, upkeep
from services.history.networks import MAX_LOADED, KnownNetworks
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for
from tests.services.history.days import append, keep_network, moments

LATER = datetime.now(UTC) + timedelta(days=2)
START = datetime(2026, 11, 20, 6, tzinfo=UTC)


def kept(data_dir):
    return {path.name for path in (data_dir / "networks").iterdir()}


@pytest.fixture
def data_dir(tmp_path):
    """A network for a folded day, one for snapshots, two published ones, two for nobody."""
    store = Store(RENNES, tmp_path)
    append(tmp_path, make_network(version="folded"), moments(START, 2))
    upkeep.keep_up(RENNES, tmp_path, START + timedelta(days=1), None)
    append(tmp_path, make_network(version="observed"), moments(START + timedelta(days=9), 2))
    for source, version in (("live", "archived"), ("demo", "shown")):
        network = make_network(version=version)
        store.publish(network, make_snapshot_for(network, source=source))
    keep_network(tmp_path, make_network(version="unused"))
    write_atomically(tmp_path / "networks" / "shown.geojson.unreadable-2", b"cut")
    return tmp_path


USED = {f"{version}.geojson" for version in ("folded", "observed", "archived", "shown")}


def test_networks_stay_as_long_as_history_or_a_snapshot_refers_to_them(data_dir):
    retention.remove_unused_networks(RENNES, data_dir, datetime.now(UTC) + timedelta(hours=1))
    # An import writes the network first: it has a day to write the rows.
    assert kept(data_dir) == USED | {"unused.geojson", "shown.geojson.unreadable-2"}
    retention.remove_unused_networks(RENNES, data_dir, LATER)
    assert kept(data_dir) == USED


def test_the_hourly_upkeep_removes_networks_with_the_last_day_that_needs_them(data_dir):
    upkeep.keep_up(RENNES, data_dir, LATER, retention_days=1)
    assert kept(data_dir) == USED - {"folded.geojson"}


def test_nothing_is_removed_while_it_cannot_be_told_what_is_in_use(data_dir, caplog):
    before = kept(data_dir)
    live = data_dir / "snapshots" / "live.parquet"
    live.unlink()
    live.mkdir()
    upkeep.keep_up(RENNES, data_dir, LATER, retention_days=400)
    assert kept(data_dir) == before
    assert "upkeep of the networks: cannot read" in caplog.text


@pytest.mark.parametrize(
    ("name", "network"), [("live.parquet", "archived"), ("current.parquet", "shown")]
)
def test_a_damaged_snapshot_keeps_no_network_for_ever(data_dir, caplog, name, network):
    (data_dir / "snapshots" / name).write_bytes(b"PAR1 cut")
    for _ in range(2):
        upkeep.keep_up(RENNES, data_dir, LATER, retention_days=400)
    assert kept(data_dir) == USED - {f"{network}.geojson"}
    assert caplog.text.count("is unreadable and set aside") == 1


def test_the_upkeep_removes_what_killed_writers_left(data_dir):
    left = data_dir / "networks" / ".writing-left"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    upkeep.keep_up(RENNES, data_dir, START + timedelta(days=1), None)
    assert not left.exists()


@pytest.mark.parametrize(
    "name",
    [
        "snapshots/current.parquet",
        "usual/current.parquet",
        "history/rollups/source=live/segments.parquet",
        "history/source=live/date=2026-11-29/060000.parquet",
        "operations.sqlite3",
    ],
)
def test_what_was_set_aside_is_removed_after_a_month(data_dir, name):
    path = data_dir / name
    for _ in range(2):
        write_atomically(path, b"cut")
        set_aside(path, "damaged")
    asides = [path.with_name(path.name + ending) for ending in (".unreadable", ".unreadable-2")]
    now = datetime.now(UTC)
    upkeep.keep_up(RENNES, data_dir, now + timedelta(days=29), None)
    assert all(aside.exists() for aside in asides)
    upkeep.keep_up(RENNES, data_dir, now + timedelta(days=31), None)
    assert not any(aside.exists() for aside in asides)
    assert (data_dir / "snapshots" / "live.parquet").exists()


def test_a_directory_that_cannot_be_read_stops_nothing_else(data_dir, monkeypatch):
    real_scandir = os.scandir

    def scandir(path):
        if Path(path).name == "snapshots":
            raise OSError(5, "Input/output error")
        return real_scandir(path)

    write_atomically(data_dir / "usual" / "file", b"cut")
    set_aside(data_dir / "usual" / "file", "damaged")
    monkeypatch.setattr(os, "scandir", scandir)
    upkeep.keep_up(RENNES, data_dir, datetime.now(UTC) + timedelta(days=31), None)
    assert not list((data_dir / "usual").glob("*.unreadable"))


def test_only_networks_in_use_are_in_memory(tmp_path):
    versions = [f"v{number}" for number in range(3 * MAX_LOADED)]
    for version in versions:
        keep_network(tmp_path, make_network(20, version=version))
    at_hand = make_network(20, version="mine")
    networks = KnownNetworks(RENNES, tmp_path, [at_hand])
    for _ in range(2):
        seen = [weakref.ref(networks.get(version)) for version in versions]
        gc.collect()
        assert sum(network() is not None for network in seen) <= MAX_LOADED
    # The one that was asked for again stays.
    first = networks.get("v0")
    for version in versions[1:MAX_LOADED]:
        networks.get(version)
        assert networks.get("v0") is first
    assert networks.get("mine") is at_hand
