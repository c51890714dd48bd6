"""A past for newcomers: whole, told by the worker's own code, never beside live traffic."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import psutil
import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.history import day_files, layout
from services.history.by_core import Cores, ProcessLost, all_cores
from services.history.networks import KnownNetworks
from services.history.quarters import read_quarters
from services.history.rollups import Rollups
from services.history.typical import read_usual_hour, typical_days
from services.history.upkeep import keep_up
from services.history.writer import append_snapshot
from services.observe import simulated_past
from services.observe.demo import DemoFeed
from services.observe.demo.event_scores import hits
from services.observe.event_keeper import place_of
from services.observe.simulated_past import main, make_past, past_times
from services.operations.database import open_operations
from services.operations.events import events_between
from services.operations.tables import RoadworkMeasure
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.long

# A Sunday, half an hour after noon in Rennes.
NOW = datetime(2026, 11, 29, 11, 31, tzinfo=UTC)
SEGMENTS = 300
# One more than makes usual what is always seen.
WEEKS = 4
FIRST_DAY = date(2026, 11, 2)


class InThisProcess(Cores):
    """Computes at once, where a test looks."""

    def __init__(self):
        super().__init__(None, 1)

    def map(self, function, items):
        return map(function, items)


class Reports:
    def __init__(self):
        self.told = []

    def __call__(self, what, done, of):
        self.told.append((what, done, of))

    def last(self):
        return {what: (done, of) for what, done, of in self.told}


def make(data_dir, now=NOW, weeks=WEEKS, segments=SEGMENTS):
    """Make a past; gives what there is then and what was reported."""
    reports = Reports()
    past = make_past(
        DemoFeed(segments=segments),
        data_dir,
        open_operations(load_settings(data_dir=data_dir)),
        past_times(weeks, now),
        cores=InThisProcess(),
        report=reports,
    )
    return past, reports


def events_of(data_dir):
    operations = open_operations(load_settings(data_dir=data_dir))
    with operations.begin() as session:
        return events_between(session, "demo", NOW - timedelta(weeks=60), NOW + timedelta(weeks=1))


def told_of(rows):
    return [(row.id, row.started_at, row.ended_at, row.max_delay_s, row.cause) for row in rows]


def history_files(data_dir):
    root = layout.root(data_dir)
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*.parquet"))}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A past of four weeks, for tests that leave it as it is."""
    data_dir = tmp_path_factory.mktemp("past")
    past, reports = make(data_dir)
    return data_dir, past, reports


@pytest.fixture(scope="module")
def network(made):
    [version] = Store(RENNES, made[0]).network_versions()
    return Store(RENNES, made[0]).network(version)


def test_times_are_those_of_the_feed_from_a_midnight_in_rennes_to_now():
    times = past_times(2, NOW)
    assert times[0] == datetime(2026, 11, 15, 23, tzinfo=UTC)
    assert times[1] - times[0] == timedelta(minutes=3)
    assert times[-1] == datetime(2026, 11, 29, 11, 30, tzinfo=UTC)
    assert len(times) == (13 * 24 + 12.5) * 20 + 1


def test_every_day_is_there_to_the_last_time_and_as_the_upkeep_leaves_it(made):
    data_dir, past, _ = made
    days = layout.days(data_dir, "demo")
    assert days == [FIRST_DAY + timedelta(days=count) for count in range(-1, 28)]
    seconds = [len(day_files.day_header(data_dir, "demo", day).seconds) for day in days]
    # From 23 h UTC; whole days; to 11:30 of the last one.
    assert seconds == [20, *[480] * 27, 231]
    assert (past.days, past.snapshots) == (28, sum(seconds))

    before = history_files(data_dir)
    keep_up(RENNES, data_dir, NOW, None)
    assert history_files(data_dir) == before


def test_free_flow_quarters_and_the_usual_week_are_there(made, network):
    data_dir = made[0]
    assert Store(RENNES, data_dir).reference("demo").is_enough.mean() > 0.9
    quarters = read_quarters(data_dir, "demo", FIRST_DAY)
    assert quarters.segment_ids == network.segment_ids
    assert quarters.snapshots.tolist() == [5] * 96
    assert typical_days(data_dir, "demo", network, [0]).days == 29
    usual = read_usual_hour(data_dir, "demo", network, NOW - timedelta(hours=1))
    assert usual.segments.is_known().mean() > 0.5


def test_unusual_events_are_those_that_the_simulation_made(made, network):
    data_dir, past, _ = made
    rows = events_of(data_dir)
    assert past.events == len(rows) > 0
    times = past_times(WEEKS, NOW)
    assert all(times[0] <= row.started_at <= row.seen_at <= times[-1] for row in rows)
    # Nothing lasts but what may go on now.
    assert all(row.ended_at is not None or row.seen_at == times[-1] for row in rows)
    assert all(len(place_of(row, network).segments) == len(row.segment_ids) for row in rows)
    injected = DemoFeed(segments=SEGMENTS).injected_events(times[0], times[-1])
    hit = [row for row in rows if any(hits(row, one) for one in injected if one.delay_s)]
    assert len(hit) >= len(rows) / 2


def test_roadworks_are_those_of_the_list_of_each_day(made):
    data_dir, past, _ = made
    with open_operations(load_settings(data_dir=data_dir)).begin() as session:
        rows = list(session.query(RoadworkMeasure))
    # One begins every two days, and those of the month before and after are told of too.
    assert len({row.event_id for row in rows}) > 28
    assert {row.source for row in rows} == {"demo"}
    assert 28 / 2 < past.roadworks < len({row.event_id for row in rows})
    assert min(row.first_seen_at for row in rows) == RENNES.midnight(FIRST_DAY)
    assert max(row.last_seen_at for row in rows) == RENNES.midnight(NOW.date())


def test_given_again_it_makes_nothing_anew(made):
    data_dir, past, _ = made
    before, events = history_files(data_dir), told_of(events_of(data_dir))
    again, reports = make(data_dir)
    assert again == past
    assert reports.last()["days simulated"] == reports.last()["figures made of them"] == (0, 0)
    assert (history_files(data_dir), told_of(events_of(data_dir))) == (before, events)


def test_a_day_later_what_is_missing_is_made_and_what_was_observed_counts_once(tmp_path):
    make(tmp_path, weeks=1, segments=60)
    networks = KnownNetworks(RENNES, tmp_path, source="demo")
    [network] = [networks.get(version) for version in networks.versions()]
    # The application ran for a moment.
    seen_at = NOW + timedelta(minutes=2)
    append_snapshot(tmp_path, make_snapshot_for(network, observed_at=seen_at, source="demo"))
    past, reports = make(tmp_path, NOW + timedelta(days=1), weeks=1, segments=60)
    # The rest of the day that was today, and the new one.
    assert reports.last()["days simulated"] == (2, 2)
    assert past.days == 7
    days = layout.days(tmp_path, "demo")
    seconds = [len(day_files.day_header(tmp_path, "demo", day).seconds) for day in days]
    assert seconds == [20, *[480] * 7, 231]
    assert len(day_files.read_day(tmp_path, "demo", NOW.date(), ["segment"])) == 480 * 60
    before = history_files(tmp_path)
    with layout.exclusive(tmp_path):
        networks = KnownNetworks(RENNES, tmp_path, source="demo")
        Rollups(tmp_path, "demo", networks).rebuild(lambda *_: None)
    assert history_files(tmp_path) == before


@pytest.mark.parametrize("what", ["history", "snapshot"])
def test_live_traffic_is_never_mixed_with(tmp_path, what):
    store = Store(RENNES, tmp_path)
    store.prepare()
    if what == "history":
        layout.partition(tmp_path, "live", FIRST_DAY).mkdir(parents=True)
    else:
        network = make_network()
        store.publish(network, make_snapshot_for(network, source="live"))
    with pytest.raises(ConfigurationError, match=r"holds live traffic.*another directory"):
        make(tmp_path, weeks=1, segments=60)
    assert layout.days(tmp_path, "demo") == []


# Its processes import it anew. No command of the project: it tells its errors to nobody.
KILLED = """
import sys, time
from datetime import datetime
from pathlib import Path
from services.base.settings import load_settings
from services.history.by_core import all_cores
from services.observe.demo import DemoFeed
from services.observe.simulated_past import make_past, past_times
from services.operations.database import open_operations

def wait_to_be_killed(what, done, of):
    if done == 2:
        print("two days", flush=True)
        time.sleep(600)

if __name__ == '__main__':
    data_dir, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    operations = open_operations(load_settings(data_dir=data_dir))
    with all_cores(1) as cores:
        make_past(
            DemoFeed(segments=60), data_dir, operations, past_times(1, now),
            cores=cores, report=wait_to_be_killed,
        )
"""


def test_killed_half_way_it_leaves_no_process_and_is_simply_given_again(tmp_path):
    program, data_dir, whole = (tmp_path / name for name in ("program.py", "data", "whole"))
    program.write_text(KILLED)
    command = [sys.executable, str(program), str(data_dir), NOW.isoformat()]
    here = {**os.environ, "PYTHONPATH": "."}
    with psutil.Popen(command, env=here, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "two days\n"
        children = running.children(recursive=True)
        running.kill()
    assert children
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.wait(PATIENCE_SECONDS)

    _, reports = make(data_dir, weeks=1, segments=60)
    simulated, _ = reports.last()["days simulated"]
    # One more that was under way, and one that waited, may have been written.
    assert 8 - 4 <= simulated <= 8 - 2
    make(whole, weeks=1, segments=60)
    assert history_files(data_dir) == history_files(whole)


def test_a_process_that_is_lost_is_told_of():
    with all_cores(1) as cores, pytest.raises(ProcessLost, match="too little memory"):
        list(cores.map(_end, [1]))


def _end(code):
    os._exit(code)


def test_processes_give_their_results_in_order():
    with all_cores(2) as cores:
        assert list(cores.map(str, range(20))) == [str(number) for number in range(20)]


def test_the_command_says_what_it_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(simulated_past, "DemoFeed", lambda *_: DemoFeed(segments=60))
    monkeypatch.setattr(simulated_past, "utc_now", lambda: NOW)
    monkeypatch.setattr(
        simulated_past, "all_cores", lambda: contextlib.nullcontext(InThisProcess())
    )
    assert main(["--weeks", "1", "--data-dir", str(tmp_path)]) == 0
    *steps, last = capsys.readouterr().out.splitlines()
    assert steps[0] == "days simulated: 8/8"
    assert "days of roadworks: 7/7" in steps
    assert last.startswith("7 simulated days, 3,131 snapshots, ")


def test_the_command_refuses_a_directory_with_live_traffic_in_one_line(tmp_path):
    layout.partition(tmp_path, "live", FIRST_DAY).mkdir(parents=True)
    command = [sys.executable, "-m", "services.observe.simulated_past", "--data-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "holds live traffic" in line
