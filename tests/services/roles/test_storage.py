"""The roles of two machines with a bucket between them."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys

import pytest

from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.forecast.nowcast_files import current_file, issued_file, write_nowcast
from services.history import layout
from services.history.__main__ import main as history
from services.history.day_files import read_day
from services.history.writer import append_snapshot
from services.metrics.samples import heartbeat_of
from services.metrics.shared_directory import metric_registry
from services.metrics.work import WorkMetrics
from services.replication import carriers
from services.replication.bucket import open_bucket
from services.replication.carriers import problems
from services.replication.parts import LEARNT, PARTS
from services.roles import storage
from services.roles.processes import MIRROR
from services.roles.sole import Tenure
from services.roles.storage import following, publishing
from services.roles.supervisor import background_children
from services.roles.worker import own_parts
from services.traffic.store import Store
from tests.factories import make_network, make_nowcast_table, make_snapshot_for
from tests.object_storage import ObjectStorage
from tests.waiting import PATIENCE_SECONDS, wait_until

ALONE = Tenure(0, is_held=lambda: True)


@pytest.fixture(scope="module")
def server():
    server = ObjectStorage()
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def looks_in_quick_succession(monkeypatch):
    def hurried(part, work, _period_seconds, *close):
        return carriers.Carrier(part, work, 0.1, *close)

    monkeypatch.setattr(storage, "Carrier", hurried)


@pytest.fixture
def machines(server, tmp_path):
    """The settings of a machine by its name."""
    server.wipe()

    def settings_of(name):
        made = load_settings(
            data_dir=tmp_path / name,
            storage_url=server.url,
            storage_key="key-of-tests",
            storage_secret="secret-of-tests",
        )
        Store(RENNES, made.data_dir).prepare()
        return made

    return settings_of


def meter(role="worker"):
    registry = metric_registry()
    return registry, WorkMetrics(registry, role)


def in_step(registry, part):
    return registry.get_sample_value("traffic_storage_in_step_timestamp_seconds", {"part": part})


def test_what_a_worker_publishes_is_shown_elsewhere(machines):
    here, there = machines("here"), machines("there")
    network = make_network()
    snapshot = make_snapshot_for(network)
    registry, metrics = meter("mirror")
    shown = Store(RENNES, there.data_dir)
    with publishing(here, meter()[1], ALONE), following(there, metrics):
        Store(RENNES, here.data_dir).publish(network, snapshot)
        wait_until(lambda: shown.current_snapshot() is not None)
        wait_until(lambda: in_step(registry, "traffic"))
    assert shown.network_of(shown.current_snapshot()).version == network.version
    assert not (there.data_dir / "history").exists()


def test_what_another_host_watches_takes_no_place_of_what_a_host_of_a_name_does(machines):
    here, plain = machines("here"), machines("plain")
    named = machines("named").model_copy(update={"host_name": "web-2"})
    for settings, told in ((here, "of here"), (named, "of its own")):
        (settings.data_dir / "watch.json").write_text(told)
    with publishing(here, meter()[1], ALONE), contextlib.ExitStack() as stack:
        registry, metrics = meter("mirror")
        stack.enter_context(following(named, metrics))
        stack.enter_context(following(plain, meter("mirror")[1]))
        wait_until((plain.data_dir / "watch.json").exists)
        wait_until(lambda: in_step(registry, "traffic"))
    assert (plain.data_dir / "watch.json").read_text() == "of here"
    assert (named.data_dir / "watch.json").read_text() == "of its own"


def test_what_was_observed_last_is_said_before_the_worker_ends(machines):
    here, there = machines("here"), machines("there")
    network = make_network()
    with publishing(here, meter()[1], ALONE):
        Store(RENNES, here.data_dir).publish(network, make_snapshot_for(network))
    with publishing(there, meter()[1], ALONE):
        # A worker begins only when it has what the last one knew.
        assert Store(RENNES, there.data_dir).current_snapshot() is not None


def test_a_worker_that_lost_its_lock_publishes_no_more(machines, server):
    here, network = machines("here"), make_network()
    held = [True]
    with publishing(here, meter()[1], Tenure(7, lambda: held[0])):
        head = "town/heads/traffic.json"
        said = server.content(head)
        held[0] = False
        Store(RENNES, here.data_dir).publish(network, make_snapshot_for(network))
        wait_until(
            lambda: "lock of the publisher is lost" in problems(here.data_dir).get("traffic", "")
        )
    assert server.content(head) == said


@pytest.mark.parametrize("with_mirror", [False, True], ids=["worker", "mirror before it"])
def test_the_upkeep_waits_until_the_whole_history_is_here(
    machines, server, with_mirror, monkeypatch
):
    here, there = machines("here"), machines("there")
    # Where they are two processes, neither waits until the other one's requests hang no more.
    shared = open_bucket(here)
    monkeypatch.setattr(storage, "open_bucket", lambda _settings: shared)
    day = layout.partition(
        here.data_dir, "live", RENNES.local(make_snapshot_for(make_network()).observed_at).date()
    )
    day.mkdir(parents=True)
    (day / "day.parquet").write_bytes(b"rows")
    with publishing(here, meter()[1], ALONE):
        wait_until(lambda: any("/day-" in name for name in server.names()))
    server.fail("hang", lambda method, path: "/day-" in path)
    try:
        with following(there, meter("mirror")[1], with_history=with_mirror):
            wait_until(lambda: not with_mirror or "/day-" in server.held_up)
            with publishing(there, meter()[1], ALONE):
                wait_until(lambda: is_locked(there.data_dir))
                server.heal()
                with layout.exclusive(there.data_dir):
                    [found] = layout.days(there.data_dir, "live")
                    day = layout.day_file(there.data_dir, "live", found)
                    assert day.read_bytes() == b"rows"
    finally:
        server.heal()


def test_days_are_fetched_by_a_command(machines, monkeypatch, capsys):
    here, there = machines("here"), machines("there")
    network = make_network()
    snapshot = make_snapshot_for(network)
    Store(RENNES, here.data_dir).publish(network, snapshot)
    append_snapshot(here.data_dir, snapshot)
    for name, value in {
        "URL": there.storage_url,
        "KEY": there.storage_key.get_secret_value(),
        "SECRET": there.storage_secret.get_secret_value(),
    }.items():
        monkeypatch.setenv(f"TRAFFIC_STORAGE_{name}", value)
    with publishing(here, meter()[1], ALONE):
        day = snapshot.observed_at.date()
        command = ["fetch", str(day), str(day), "--source", snapshot.source]
        command += ["--data-dir", str(there.data_dir)]
        wait_until(lambda: history(command) == 0)
    assert "1 of 1 day are here now" in capsys.readouterr().out
    assert len(read_day(there.data_dir, snapshot.source, day)) == len(snapshot)
    assert history([*command[:2], "2000-01-01", *command[3:]]) == 2


def is_locked(data_dir):
    lock = layout.FileLock(layout.root(data_dir) / layout.LOCK_FILE)
    if not layout.root(data_dir).is_dir():
        return False
    try:
        lock.acquire(timeout=0)
    except layout.Timeout:
        return True
    lock.release()
    return False


def test_a_bucket_that_is_away_is_told_once_and_holds_nobody_up(
    machines, server, caplog, monkeypatch
):
    monkeypatch.setattr(carriers, "LONGEST_PAUSE_SECONDS", 0.2)
    here = machines("here")
    server.stop()
    try:
        with caplog.at_level(logging.INFO), publishing(here, meter()[1], ALONE):
            wait_until(lambda: len(problems(here.data_dir)) == len(PARTS))
            told = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
            server.start()
            wait_until(lambda: not problems(here.data_dir))
    finally:
        server.stop()
        server.start()
    assert len(told) == len(PARTS)
    assert "secret-of-tests" not in caplog.text
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == len(PARTS)
    assert caplog.text.count("goes on") == len(PARTS)


def test_who_follows_before_anything_is_published_waits_and_tells_no_error(
    machines, server, caplog, monkeypatch
):
    monkeypatch.setattr(carriers, "LONGEST_PAUSE_SECONDS", 0.2)
    there = machines("there")

    def errors():
        return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]

    try:
        with caplog.at_level(logging.INFO), following(there, meter("mirror")[1]):
            wait_until(lambda: "traffic" in problems(there.data_dir))
            assert "object storage: traffic: nothing has been published yet" in caplog.text
            assert errors() == []
            server.fail("deny")
            wait_until(lambda: any("traffic" in error for error in errors()))
    finally:
        server.heal()


def test_a_bucket_that_hangs_holds_up_no_end(machines, server, monkeypatch):
    monkeypatch.setattr(carriers, "LAST_WORDS_SECONDS", 0.2)
    ended = []
    try:
        with following(machines("there"), meter("mirror")[1], end=lambda: ended.append("mirror")):
            server.fail("hang")
            asked = server.asked.total()
            wait_until(lambda: server.asked.total() > asked)
    finally:
        server.heal()
    assert ended == ["mirror"]


def test_a_learner_of_its_own_gets_what_is_observed_and_gives_what_it_learns(machines):
    here = machines("here").model_copy(update={"learner": "elsewhere"})
    there, page = machines("there"), machines("page")
    network = make_network()
    snapshot = make_snapshot_for(network)
    observed, learnt = Store(RENNES, here.data_dir), Store(RENNES, there.data_dir)
    table = make_nowcast_table(network, snapshot)
    with contextlib.ExitStack() as stack:
        for machine, parts in ((here, own_parts(here)), (there, LEARNT)):
            stack.enter_context(publishing(machine, meter()[1], ALONE, parts))
        for machine, with_history in ((here, True), (there, True), (page, False)):
            stack.enter_context(following(machine, meter("mirror")[1], with_history=with_history))
        append_snapshot(here.data_dir, snapshot)
        observed.publish(network, snapshot)
        wait_until(lambda: learnt.current_snapshot() is not None)
        wait_until(lambda: layout.days(there.data_dir, "live"))

        write_nowcast(there.data_dir, table)
        for machine in (here, page):
            wait_until(current_file(machine.data_dir).exists)
        # Where forecasts are scored.
        issued = issued_file(here.data_dir, "live", snapshot.observed_at)
        wait_until(issued.exists)
    assert not issued_file(page.data_dir, "live", snapshot.observed_at).exists()


@pytest.mark.tensorflow
def test_a_learner_of_its_own_publishes_nothing_else(machines, server):
    there = machines("there")
    environment = {
        **os.environ,
        "TRAFFIC_DATA_DIR": str(there.data_dir),
        "TRAFFIC_ROLES": "learner",
        "TRAFFIC_STORAGE_URL": server.url,
        "TRAFFIC_STORAGE_KEY": "key-of-tests",
        "TRAFFIC_STORAGE_SECRET": "secret-of-tests",
    }
    command = [sys.executable, "-m", "services.roles.supervisor"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as supervisor:
        try:
            heads = {f"town/heads/{part.name}.json" for part in LEARNT}
            wait_until(lambda: heads <= server.names(), 2 * PATIENCE_SECONDS)
            wait_until(lambda: heartbeat_of(there.data_dir, "learner") is not None)
            (there.data_dir / "models" / "week").mkdir(parents=True, exist_ok=True)
            (there.data_dir / "models" / "week" / "champion").write_text("learnt last")
        finally:
            supervisor.terminate()
    # What came last is said before it ends.
    assert b"models/week/champion" in server.content("town/heads/models.json")
    assert {
        name for name in server.names() if name.endswith(".json") and "/heads/" in name
    } == heads


def test_every_machine_with_a_storage_has_a_mirror_and_no_other(machines, tmp_path):
    def mirrors(settings, roles):
        children = background_children(settings, roles)
        return [child.command for child in children if MIRROR in child.command]

    shared = machines("here")
    assert [command[-1] for command in mirrors(shared, ["web"])] == [MIRROR]
    assert [command[-1] for command in mirrors(shared, ["worker"])] == ["--with-history"]
    assert [command[-1] for command in mirrors(shared, ["learner"])] == ["--with-history"]
    assert mirrors(load_settings(data_dir=tmp_path), ["web", "worker"]) == []


def test_a_mirror_without_a_storage_ends_with_one_line(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", MIRROR],
        env={"TRAFFIC_DATA_DIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "TRAFFIC_STORAGE_URL" in ended.stderr
