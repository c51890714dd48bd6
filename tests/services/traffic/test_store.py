from __future__ import annotations

import multiprocessing
import os
import threading

import numpy as np
import pytest

from services.base.errors import ConfigurationError, StorageError
from services.city.rennes import RENNES
from services.traffic.store import Store, WorkerState
from services.web.latest import LatestTraffic
from tests.factories import make_network, make_snapshot_for, make_usual_hour
from tests.hanging import hanging_file
from tests.waiting import wait_until


@pytest.fixture
def store(tmp_path):
    store = Store(RENNES, tmp_path / "data")
    store.prepare()
    return store


def test_what_is_published_reads_back_the_same(store, network):
    snapshot = make_snapshot_for(network, source="live")
    store.publish(network, snapshot)
    read = store.current_snapshot()
    assert read.version == snapshot.version
    for name, values in snapshot.columns.items():
        np.testing.assert_array_equal(read.columns[name], values, err_msg=name)
        assert read.columns[name].dtype == values.dtype
    assert store.network(network.version).segment_ids == network.segment_ids


def test_only_live_snapshots_are_kept_as_such(store, network):
    live = make_snapshot_for(network, source="live")
    store.publish(network, live)
    store.publish(network, make_snapshot_for(network, source="demo"))
    assert store.current_snapshot().source == "demo"
    assert store.last_live_snapshot().version == live.version


def test_a_live_snapshot_is_written_once_under_both_names(store, network):
    store.publish(network, make_snapshot_for(network, source="live"))
    current, live = (
        store.data_dir / "snapshots" / f"{name}.parquet" for name in ("current", "live")
    )
    assert current.samefile(live)
    store.publish(network, make_snapshot_for(network, source="demo"))
    assert not current.samefile(live)


def test_an_unknown_network_is_a_clear_error(store):
    with pytest.raises(StorageError, match="network abc is not kept here"):
        store.network("abc")


@pytest.mark.parametrize("version", ["../../etc/passwd", "a/b", "", "a.b"])
def test_a_network_version_never_leaves_the_directory(store, version):
    with pytest.raises(StorageError, match="not a network version"):
        store.network_document(version)


def test_a_directory_of_another_layout_is_refused_by_name(tmp_path):
    (tmp_path / "layout-version").write_text("0")
    with pytest.raises(ConfigurationError, match=r"TRAFFIC_DATA_DIR.*layout '0'"):
        Store(RENNES, tmp_path).prepare()


def test_a_file_in_place_of_the_directory_is_refused_in_one_line(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigurationError, match="TRAFFIC_DATA_DIR") as refusal:
        Store(RENNES, tmp_path / "data").prepare()
    assert "\n" not in str(refusal.value)


def test_a_read_only_directory_is_refused(tmp_path, monkeypatch):
    def read_only(*_arguments, **_options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.mkstemp", read_only)
    with pytest.raises(ConfigurationError, match="Read-only file system"):
        Store(RENNES, tmp_path / "data").prepare()


def test_worker_state_survives_and_a_damaged_one_is_ignored(store):
    state = WorkerState("2026-11-23T07:40:00+00:00", None, 2, "HTTP 500")
    store.write_worker_state(state)
    assert store.worker_state() == state
    sound = (store.data_dir / "worker.json").read_bytes()
    for damaged in (
        *(b"", b"{", b"[]", b"\xff", b"[" * 100_000),
        *(sound.replace(b":2,", number) for number in (b':"2",', b":-1,", b":" + b"9" * 23 + b",")),
        sound.replace(b"2026-11-23T07:40:00+00:00", b"x"),
        sound.replace(b"+00:00", b""),
        sound.replace(b"null", b'"yesterday"'),
    ):
        (store.data_dir / "worker.json").write_bytes(damaged)
        assert store.worker_state() is None


def test_the_web_role_sees_a_new_snapshot_and_reads_it_once(store, network):
    traffic = LatestTraffic(store)
    assert traffic.view() is None
    first = make_snapshot_for(network, source="live")
    store.publish(network, first)
    view = traffic.view()
    assert view.snapshot.version == first.version
    assert traffic.view() is view
    second = first.with_source("archive")
    store.publish(network, second)
    assert traffic.view().snapshot.version == second.version
    assert traffic.view().network is view.network


def test_the_web_role_keeps_the_last_good_snapshot_when_the_file_is_damaged(store, network, caplog):
    traffic = LatestTraffic(store)
    good = make_snapshot_for(network)
    store.publish(network, good)
    traffic.view()
    (store.data_dir / "snapshots" / "current.parquet").write_bytes(b"half of a fi")
    assert traffic.view().snapshot.version == good.version
    assert traffic.view().snapshot.version == good.version
    assert caplog.text.count("cannot be read") == 1


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("snapshots/current.parquet", Store.current_snapshot),
        ("snapshots/live.parquet", Store.last_live_snapshot),
        ("usual/current.parquet", Store.usual_hour),
    ],
)
def test_the_writer_sets_damaged_files_aside_and_readers_rename_nothing(
    store, network, name, read, caplog
):
    store.publish(network, make_snapshot_for(network, source="live"))
    store.write_usual_hour(make_usual_hour(network))
    path = store.data_dir / name
    sound = path.read_bytes()
    writer = Store(RENNES, store.data_dir, heals=True)
    for count, content in enumerate((b"", sound[:-9], sound.replace(b"PAR1", b"PAR2")), start=1):
        path.write_bytes(content)
        with pytest.raises(StorageError, match="not a"):
            read(store)
        assert path.read_bytes() == content
        assert read(writer) is None
        assert read(writer) is None
        assert not path.exists()
        assert caplog.text.count("is unreadable and set aside") == count
        path.write_bytes(sound)
        assert read(writer) is not None


def test_a_snapshot_whose_reading_never_ends_holds_one_thread_and_no_other(store, network):
    traffic = LatestTraffic(store)
    good = make_snapshot_for(network)
    store.publish(network, good)
    traffic.view()
    with hanging_file(store.data_dir / "snapshots" / "current.parquet") as is_being_read:
        reader = threading.Thread(target=traffic.view, daemon=True)
        reader.start()
        wait_until(is_being_read)
        assert traffic.view().snapshot.version == good.version
        assert reader.is_alive()
    reader.join()
    assert "not a snapshot file" in traffic.problem
    assert traffic.view().snapshot.version == good.version


def test_a_state_of_the_worker_whose_reading_never_ends_holds_one_thread(store):
    traffic = LatestTraffic(store)
    assert traffic.worker_state() is None
    with hanging_file(store.data_dir / "worker.json") as is_being_read:
        reader = threading.Thread(target=traffic.worker_state, daemon=True)
        reader.start()
        wait_until(is_being_read)
        assert traffic.worker_state() is None
        assert reader.is_alive()
    reader.join()
    store.write_worker_state(state := WorkerState("2026-11-23T07:40:00+00:00", None, 2, "HTTP 500"))
    assert traffic.worker_state() == state


def damage_each_way(path):
    """What a disk, a kill or a hand may leave in place of a network, one after the other."""
    sound = path.read_bytes()
    cut = sound[: len(sound) // 2]
    for content in (b"", cut, b"{}", sound.replace(b'"version":"', b'"version":"x')):
        path.write_bytes(content)
        yield


def test_a_damaged_network_is_set_aside_with_a_line_and_made_anew(store, network, caplog):
    snapshot = make_snapshot_for(network)
    store.publish(network, snapshot)
    path = store.data_dir / "networks" / f"{network.version}.geojson"
    for count, _ in enumerate(damage_each_way(path), start=1):
        caplog.clear()
        # Both by the worker that runs and by one that has just started.
        (store if count % 2 else Store(RENNES, store.data_dir)).publish(network, snapshot)
        assert store.network(network.version).segment_ids == network.segment_ids
        assert caplog.text.count("is unreadable and set aside") == 1
        assert len(list(path.parent.glob("*.unreadable*"))) == count


def test_a_sound_network_is_written_once(store, network):
    for _ in range(3):
        store.publish(network, make_snapshot_for(network))
        Store(RENNES, store.data_dir).publish(network, make_snapshot_for(network))
    [path] = (store.data_dir / "networks").iterdir()
    before = path.stat()
    store.publish(network, make_snapshot_for(network))
    assert path.stat().st_ino == before.st_ino


def test_a_damaged_network_reaches_no_browser_and_heals_with_the_next_snapshot(store, network):
    traffic = LatestTraffic(store)
    store.publish(network, make_snapshot_for(network))
    path = store.data_dir / "networks" / f"{network.version}.geojson"
    for _ in damage_each_way(path):
        with pytest.raises(StorageError, match="was damaged"):
            store.network_document(network.version)
        store.publish(network, make_snapshot_for(network))
    path.write_bytes(b"")
    assert traffic.view() is None
    assert f"network {network.version} was damaged" in traffic.problem
    store.publish(network, make_snapshot_for(network))
    assert traffic.view().network.segment_ids == network.segment_ids
    assert traffic.problem is None


def test_a_snapshot_beside_another_network_is_not_shown(store, network):
    traffic = LatestTraffic(store)
    store.publish(network, make_snapshot_for(network))
    assert traffic.view() is not None
    other = make_snapshot_for(make_network(20, version=network.version))
    store.publish(network, other)
    assert len(traffic.view().snapshot) == len(network)
    assert "20 segments" in traffic.problem
    assert LatestTraffic(store).view() is None


def _publish_for_ever(data_dir):
    store = Store(RENNES, data_dir)
    network = make_network()
    snapshots = [make_snapshot_for(network, source=source) for source in ("live", "demo")]
    while True:
        for snapshot in snapshots:
            store.publish(network, snapshot)


def test_a_writer_killed_at_any_moment_never_leaves_half_a_file(store, network):
    store.publish(network, make_snapshot_for(network, source="live"))
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=_publish_for_ever, args=(store.data_dir,), daemon=True)
    before = store.current_stamp()
    writer.start()
    try:
        while store.current_stamp() == before:
            assert writer.is_alive()
        for _ in range(200):
            assert store.current_snapshot().source in ("live", "demo")
    finally:
        os.kill(writer.pid, 9)
        writer.join()
    assert store.current_snapshot() is not None
    assert store.last_live_snapshot().source == "live"
