"""Files of metrics: of any number of processes, whatever becomes of the disk and of the files."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

from services.base.clock import utc_now
from services.base.formats import formats_of
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.metrics import files, shared_directory
from services.metrics.definitions import REQUEST_DURATION, REQUESTS
from services.metrics.files import COUNTER, FileValues, ValueFile, is_of_the_living, values_in
from services.metrics.samples import exposition, heartbeat_of, read_samples
from services.metrics.shared_directory import retire_dead, share_metrics
from services.metrics.work import WorkMetrics
from services.operations.database import open_operations
from services.watch.overview import OverviewWriter, read_overview
from services.watch.rules import load_rules
from services.watch.watcher import Watcher


@pytest.fixture(autouse=True)
def own_values(monkeypatch):
    """What is shared here ends with the test."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)


class Process:
    """What a process of a role writes, without a process."""

    def __init__(self, directory) -> None:
        self.shared = FileValues(directory)
        self._restore = values.ValueClass
        values.ValueClass = self.shared.value_class()
        registry = CollectorRegistry()
        self.count = Counter("traffic_x", "Cases.", ["kind"], registry=registry)
        self.times = Histogram("traffic_t_seconds", "Times.", buckets=(1, 2), registry=registry)
        self.seen = Gauge(
            "traffic_seen", "When.", registry=registry, multiprocess_mode="mostrecent"
        )
        self.memory = Gauge(
            "traffic_memory", "Bytes.", registry=registry, multiprocess_mode="liveall"
        )
        # Made now, as values of this process.
        self.kinds = {kind: self.count.labels(kind) for kind in "ab"}
        values.ValueClass = self._restore

    def count_up(self, times=1):
        for _ in range(times):
            self.kinds["a"].inc()
            self.times.observe(1.5)
        self.seen.set(7.0)
        self.memory.set(100.0)

    def die(self):
        """As ``kill -9``: nothing is written any more, and the locks are gone."""
        for file in self.shared._files.values():
            os.close(file._handle)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "metrics" / "web"


def found(tmp_path, name, **labels):
    return [
        s.value
        for s in read_samples(tmp_path)
        if s.name == name and labels.items() <= dict(s.labels).items()
    ]


def test_processes_add_up_and_a_new_one_keeps_what_the_dead_counted(directory, tmp_path):
    first, second = Process(directory), Process(directory)
    first.count_up(3)
    second.count_up(4)
    assert found(tmp_path, "traffic_x_total", kind="a") == [7]
    assert found(tmp_path, "traffic_t_seconds_bucket", le="1.0") == [0]
    assert found(tmp_path, "traffic_t_seconds_bucket", le="2.0") == [7]
    assert found(tmp_path, "traffic_t_seconds_count") == [7]
    assert found(tmp_path, "traffic_t_seconds_sum") == [10.5]
    first.die()
    # Of one process number, which both have in this test.
    assert found(tmp_path, "traffic_memory") == [100.0]
    retire_dead(directory, first.shared.host)
    assert found(tmp_path, "traffic_x_total", kind="a") == [7]
    assert found(tmp_path, "traffic_t_seconds_bucket", le="2.0") == [7]
    # Another group of the same role, started later, erases nothing of the living.
    Process(directory).count_up()
    retire_dead(directory, first.shared.host)
    assert found(tmp_path, "traffic_x_total", kind="a") == [8]


def test_a_hundred_deaths_leave_no_more_files_than_one(directory, tmp_path):
    for _ in range(100):
        process = Process(directory)
        retire_dead(directory, process.shared.host)
        process.count_up()
        process.die()
    assert len(list(directory.glob("*.db"))) <= 2 + 4
    assert found(tmp_path, "traffic_x_total", kind="a") == [100]


def test_a_read_while_the_dead_are_retired_counts_them_once(directory, tmp_path, monkeypatch):
    for _ in range(2):
        dead = Process(directory)
        dead.count_up(3)
        dead.die()
    living = Process(directory)
    living.count_up()
    seen = []
    unlink, read = Path.unlink, files._decoded

    def look(*given, **options):
        seen.append(found(tmp_path, "traffic_x_total", kind="a"))
        seen.append(found(tmp_path, "traffic_t_seconds_count"))
        return unlink(*given, **options)

    with monkeypatch.context() as between:
        between.setattr(Path, "unlink", look)
        retire_dead(directory, dead.shared.host)
    assert len(seen) == 2 * 8
    assert all(total == [7] for total in seen)
    # And one that has begun to read before.
    living.die()

    def retire_meanwhile(content):
        monkeypatch.undo()
        retire_dead(directory, dead.shared.host)
        return read(content)

    monkeypatch.setattr(files, "_decoded", retire_meanwhile)
    assert found(tmp_path, "traffic_x_total", kind="a") == [7]


@pytest.mark.parametrize("removed_before_it", [0, 1, 5])
def test_who_is_killed_while_it_retires_the_dead_leaves_the_true_sums(
    directory, tmp_path, monkeypatch, removed_before_it
):
    for _ in range(2):
        process = Process(directory)
        process.count_up(3)
        process.die()
    left, unlink = [removed_before_it], Path.unlink

    def killed(*given, **options):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return unlink(*given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            retire_dead(directory, process.shared.host)
    for _ in range(2):
        assert found(tmp_path, "traffic_x_total", kind="a") == [6]
        assert found(tmp_path, "traffic_t_seconds_count") == [6]
        # The next one goes on, and has one more to retire.
        retire_dead(directory, process.shared.host)
    process = Process(directory)
    process.count_up()
    process.die()
    retire_dead(directory, process.shared.host)
    assert found(tmp_path, "traffic_x_total", kind="a") == [7]
    assert len(list(directory.glob("*.db"))) == 2


def test_a_file_that_is_made_while_the_dead_are_retired_is_not_taken_for_one_of_theirs(
    directory, tmp_path, monkeypatch, caplog
):
    process = Process(directory)
    flock, retired = fcntl.flock, []

    def retire_first(handle, how):
        if not retired:
            retired.append(True)
            retire_dead(directory, process.shared.host)
            assert found(tmp_path, "traffic_metrics_unreadable") == []
        flock(handle, how)

    for path in directory.glob("*.db"):
        path.unlink()
    for file in process.shared._files.values():
        file._due_s = 0.0
    monkeypatch.setattr(fcntl, "flock", retire_first)
    process.count_up()
    assert retired
    assert "stay in memory" not in caplog.text
    assert found(tmp_path, "traffic_x_total", kind="a") == [1]


def test_the_last_sign_of_life_of_a_role_stays_until_its_next_process(directory, tmp_path):
    process = Process(directory)
    process.count_up()
    process.die()
    assert found(tmp_path, "traffic_seen") == [7.0]
    share_metrics(tmp_path, "web")
    assert found(tmp_path, "traffic_seen") == []


def test_a_process_of_another_host_is_not_retired_where_locks_do_not_reach_it(directory, tmp_path):
    process = Process(directory)
    process.count_up()
    process.die()
    retire_dead(directory, "another")
    assert found(tmp_path, "traffic_seen") == [7.0]
    old = time.time() - 2 * 86_400
    for path in directory.glob("*.db"):
        os.utime(path, (old, old))
    retire_dead(directory, "another")
    assert found(tmp_path, "traffic_seen") == []
    assert found(tmp_path, "traffic_x_total", kind="a") == [1]


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\xff" * 100, b"\x10" + b"\0" * 71],
    ids=["empty", "cut", "noise", "no key"],
)
def test_a_file_that_cannot_be_read_is_named_and_hides_no_other(directory, tmp_path, content):
    Process(directory).count_up()
    (directory / "counter_99998.db").write_bytes(content)
    (directory / "counter_1@here_00.db").write_bytes(content)
    assert found(tmp_path, "traffic_x_total", kind="a") == [1]
    for name in ("counter_99998.db", "counter_1@here_00.db"):
        assert found(tmp_path, "traffic_metrics_unreadable", file=f"web/{name}") == [1]
    text = exposition(tmp_path, CollectorRegistry())
    assert b"traffic_disk_free_ratio" in text
    # The next start of the role mends it.
    share_metrics(tmp_path, "web")
    assert found(tmp_path, "traffic_metrics_unreadable") == []


def test_one_flipped_byte_never_costs_more_than_its_file(directory, tmp_path, monkeypatch):
    """Every byte of a small file of requests, in an odd way each, the same at each run."""
    other = Process(directory)
    other.count_up(2)
    shared = FileValues(tmp_path / "metrics" / "watch")
    with monkeypatch.context() as patch:
        patch.setattr(values, "ValueClass", shared.value_class())
        registry = CollectorRegistry()
        times = replace(REQUEST_DURATION, bounds=(1,)).make(registry)
        REQUESTS.make(registry).labels("x", "-", "5xx").inc()
        times.labels("x", "-").observe(0.5)
        WorkMetrics(registry, "watch").alive(datetime(2026, 11, 23, 7, 0, tzinfo=UTC))
    rules = load_rules()
    watching = Watcher(
        rules,
        open_operations(load_settings(data_dir=tmp_path)),
        tmp_path,
        utc_now,
        count(0, 60).__next__,
        city=RENNES,
    )
    overview = OverviewWriter(tmp_path)
    chance = random.Random(11)  # noqa: S311 - draws places, keeps no secret
    errors = []
    monkeypatch.setattr("services.watch.watcher.log.exception", lambda *given: errors.append(given))
    for path in sorted((tmp_path / "metrics" / "watch").glob("*.db")):
        sound = path.read_bytes()
        for place in chance.sample(range(len(sound)), 40):
            spoiled = bytearray(sound)
            spoiled[place] ^= 1 << chance.randrange(8)
            path.write_bytes(spoiled)
            samples = read_samples(tmp_path)
            told = [s.labels["file"] for s in samples if s.name == "traffic_metrics_unreadable"]
            assert told in ([], [f"watch/{path.name}"])
            assert [s.value for s in samples if s.name == "traffic_x_total"] == [2, 0]
            exposition(tmp_path, registry)
            heartbeat_of(tmp_path, "watch")
            watching.evaluate(samples)
            overview.write(watching.states(), watching.recent(), utc_now())
            shown = read_overview(tmp_path)
            assert shown is not None
            for at in shown.seen_at.values():
                formats_of("fr").ago(utc_now().timestamp() - at)
        path.write_bytes(sound)
    assert errors == []


@pytest.mark.parametrize("spoil", ["unlink", "cut", "directory"])
def test_what_becomes_of_a_file_is_mended_by_its_process(directory, tmp_path, monkeypatch, spoil):
    process = Process(directory)
    process.count_up(2)
    for path in directory.glob("*.db"):
        if spoil == "cut":
            path.write_bytes(b"")
        else:
            path.unlink()
    if spoil == "directory":
        directory.rmdir()
    monkeypatch.setattr(files, "RETRY_SECONDS", 0.0)
    for file in process.shared._files.values():
        file._due_s = 0.0
    process.count_up()
    assert found(tmp_path, "traffic_x_total", kind="a") == [3]
    assert found(tmp_path, "traffic_metrics_unreadable") == []


def test_a_disk_that_refuses_costs_no_answer_and_nothing_counted(
    directory, tmp_path, monkeypatch, caplog
):
    process = Process(directory)
    process.count_up()
    monkeypatch.setattr(files, "RETRY_SECONDS", 0.0)
    pwrite = os.pwrite
    with monkeypatch.context() as full:

        def refuse(*_given):
            raise OSError(errno.ENOSPC, "No space left on device")

        full.setattr(os, "pwrite", refuse)
        process.count_up(5)
        process.kinds["b"].inc()
        # The file is still what it was, and its process is not taken for dead.
        assert found(tmp_path, "traffic_x_total", kind="a") == [1]
        [path] = directory.glob("counter_*.db")
        assert is_of_the_living(path)
    assert os.pwrite is pwrite
    process.count_up()
    assert found(tmp_path, "traffic_x_total", kind="a") == [7]
    assert found(tmp_path, "traffic_x_total", kind="b") == [1]
    said = [record.message for record in caplog.records if f": {COUNTER}" in record.message]
    assert ["stay in memory" in line for line in said] == [True, False]


def test_where_nothing_can_be_written_a_process_starts_all_the_same(tmp_path):
    (tmp_path / "metrics").write_text("a file where the directory should be")
    share_metrics(tmp_path, "web")
    count = Counter("traffic_y", "Cases.", registry=CollectorRegistry())
    count.inc()
    assert count._value.get() == 1


def test_a_child_made_by_a_fork_has_files_and_counts_of_its_own(directory, tmp_path):
    process = Process(directory)
    process.count_up(5)
    child = os.fork()
    if child == 0:
        process.count_up()
        os._exit(0)
    os.waitpid(child, 0)
    assert found(tmp_path, "traffic_x_total", kind="a") == [6]
    # The parent lives on, and so do its locks.
    assert sum(is_of_the_living(path) for path in directory.glob("*.db")) == 4


def test_a_file_holds_what_was_set_in_it(tmp_path):
    file = ValueFile(tmp_path / "counter_1@here_0.db")
    place = file.add(files._key("traffic_x", "traffic_x_total", {"a": "é"}, "Cases."))
    file.set(place, 2.5, 3.0)
    [kept] = values_in(tmp_path / "counter_1@here_0.db")
    assert kept == ("traffic_x", "traffic_x_total", {"a": "é"}, "Cases.", 2.5, 3.0)
    assert (tmp_path / "counter_1@here_0.db").stat().st_mode & 0o077 == 0


def test_a_gauge_beyond_all_that_is_measured_makes_its_file_unreadable(tmp_path):
    def kept(value):
        path = tmp_path / "gauge_mostrecent_7@here_00.db"
        files.write_values(path, [files.KeptValue("traffic_x", "traffic_x", {}, "X.", value, 1.0)])
        return values_in(path)[0].value

    # A memory of a hundred terabytes is none; a share that nobody could tell is no damage.
    assert [kept(value) for value in (-1e14, 1e14, float("inf"))] == [-1e14, 1e14, float("inf")]
    with pytest.raises(ValueError, match="beyond all that is measured"):
        kept(1.1e14)


def test_what_a_role_left_that_no_longer_runs_says_nothing(tmp_path):
    camera = Process(tmp_path / "metrics" / "camera")
    camera.count_up()
    camera.die()
    nowcast = tmp_path / "forecasts" / "nowcast" / "current.parquet"
    nowcast.parent.mkdir(parents=True)
    nowcast.touch()
    names = {s.name for s in read_samples(tmp_path)}
    assert {"traffic_seen", "traffic_nowcast_timestamp_seconds"} <= names
    off = {s.name for s in read_samples(tmp_path, roles_off={"camera", "learner"})}
    assert not {"traffic_seen", "traffic_nowcast_timestamp_seconds"} & off


def test_the_settings_tell_which_roles_are_off(tmp_path):
    settings = load_settings(data_dir=tmp_path, camera=False, trends=False, _env_file=None)
    assert shared_directory.roles_off(settings) == {"camera", "trends", "mirror"}
    web_host = load_settings(roles="web,watch", storage_url="file:///srv", _env_file=None)
    assert shared_directory.roles_off(web_host) == {"worker", "learner", "camera", "trends"}
    apart = load_settings(learner="elsewhere", _env_file=None)
    assert shared_directory.roles_off(apart) == {"learner", "mirror"}
