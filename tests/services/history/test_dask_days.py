from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

from models.nowcast.city_table import load_city_table
from models.week.observations import load_segment_history
from models.zones.dataset import load_zone_history
from services.city.rennes import RENNES
from services.history import dask_days, layout, rollups, upkeep
from services.history.by_day import DayMap
from services.history.day_counts import zone_times_by_day
from services.history.history import History
from services.history.networks import KnownNetworks
from services.history.reference import renew_reference
from services.history.rollups import KINDS, Rollups
from services.learn.observations import observed_zones
from services.traffic.store import Store
from tests.factories import make_network
from tests.ports import HOST, free_port
from tests.services.history.days import append, moments

pytestmark = pytest.mark.long

FIRST = date(2026, 11, 16)
DAYS = [FIRST + timedelta(days=count) for count in range(6)]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BOTH = DAYS[2]
"""Its folder holds snapshots beside the folded day: three that it has taken in, and a new one."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    data_dir, network = tmp_path_factory.mktemp("data"), make_network(40)
    Store(RENNES, data_dir).prepare()
    for day in DAYS:
        start = datetime(day.year, day.month, day.day, 5, 30, tzinfo=UTC)
        append(data_dir, network, moments(start, 8, step_minutes=60))
    folder = layout.partition(data_dir, "live", BOTH)
    snapshots = [(path, path.read_bytes()) for path in sorted(folder.glob("*.parquet"))[:3]]
    upkeep.keep_up(RENNES, data_dir, NOW, None)
    for path, content in snapshots:
        path.write_bytes(content)
    late = datetime(BOTH.year, BOTH.month, BOTH.day, 23, 40, tzinfo=UTC)
    append(data_dir, network, [late])
    return data_dir


@pytest.fixture(scope="module")
def cluster(data_dir):
    # Workers read their settings from their environment.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAFFIC_DATA_DIR", str(data_dir))
        with two_processes() as cluster:
            yield cluster


@pytest.fixture
def on_two(cluster):
    return DayMap(cluster.scheduler_address, min_days=1)


def two_processes():
    return LocalCluster(n_workers=2, threads_per_worker=1, host=HOST, dashboard_address=":0")


def history_in(data_dir):
    return History(data_dir, "live", KnownNetworks(RENNES, data_dir, source="live"))


def whose(history: History, day: date) -> int:
    return os.getpid()


def names_once_killed(history: History, day: date, victim: date, mark: str) -> str:
    """The day's name; the first worker that gets the victim is killed while it computes."""
    if day == victim:
        try:
            os.mkdir(mark)  # noqa: PTH102
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return day.isoformat()


def named(history: History, day: date) -> str:
    return day.isoformat()


def finds_damage_elsewhere(history: History, day: date, here: int) -> str:
    if os.getpid() != here:
        path = layout.day_file(history.data_dir, history.source, day)
        path.rename(path.with_suffix(".set-aside"))
        return "without the day's file"
    return day.isoformat()


def fails_elsewhere(history: History, day: date, here: int) -> str:
    if os.getpid() != here:
        raise ValueError("a fault of the worker's machine")
    return day.isoformat()


def test_days_are_computed_by_the_workers_in_order(data_dir, on_two, caplog):
    found = list(on_two(whose, history_in(data_dir), DAYS))
    assert len(found) == len(DAYS)
    assert os.getpid() not in found
    assert not told(caplog)


def test_whoever_calls_may_have_a_loop_of_events(data_dir, on_two, caplog):
    async def compute():
        return list(on_two(named, history_in(data_dir), DAYS))

    # In a thread of its own: the tests of browsers leave such a loop in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        found = thread.submit(lambda: asyncio.run(compute())).result()
    assert found == [day.isoformat() for day in DAYS]
    assert not told(caplog)


def test_few_days_go_to_no_scheduler(data_dir, caplog):
    nobody = DayMap(f"tcp://{HOST}:{free_port()}")
    assert list(nobody(whose, history_in(data_dir), DAYS)) == [os.getpid()] * len(DAYS)
    assert not told(caplog)


def test_the_roll_ups_are_the_same_to_the_byte(data_dir, on_two, caplog):
    networks = KnownNetworks(RENNES, data_dir, source="live")
    paths = [rollups.path_of(data_dir, "live", kind) for kind in KINDS]
    reported = []
    written = []
    for map_days in (DayMap(), on_two):
        made = Rollups(data_dir, "live", networks, map_days)
        assert made.rebuild(lambda day, count, of: reported.append((day, count, of))) == len(DAYS)
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    assert reported[: len(DAYS)] == reported[len(DAYS) :]
    assert not told(caplog)


def test_reference_speeds_are_measured_of_the_same_hourly_speeds(data_dir, on_two, caplog):
    before = {path: path.read_bytes() for path in derived_files(data_dir)}
    assert len(before) == len(DAYS) + 1
    for path in before:
        path.unlink()
    networks = KnownNetworks(RENNES, data_dir, source="live")
    assert renew_reference(data_dir, "live", networks, NOW.date(), on_two)
    assert {path: path.read_bytes() for path in derived_files(data_dir)} == before
    assert not told(caplog)


@pytest.mark.parametrize(
    "read",
    [
        lambda data_dir, map_days: list(zone_times_by_day(history_in(data_dir), DAYS, map_days)),
        lambda data_dir, map_days: observed_zones(
            RENNES, data_dir, "live", DAYS[0], DAYS[-1], map_days=map_days
        ),
        lambda data_dir, map_days: load_zone_history(RENNES, data_dir, "live", map_days).frame,
        lambda data_dir, map_days: (
            load_segment_history(RENNES, data_dir, "live", str, map_days=map_days).days
        ),
        lambda data_dir, map_days: load_city_table(
            RENNES, data_dir, "live", 4, str, map_days=map_days
        ),
    ],
    ids=["zones", "scoring", "zones' training", "week's training", "next hour's training"],
)
def test_what_is_read_by_two_processes_is_the_same_to_the_byte(data_dir, on_two, read, caplog):
    assert layout.day_file(data_dir, "live", BOTH) in files_of(BOTH, data_dir)
    assert len(files_of(BOTH, data_dir)) > 1
    assert to_plain(read(data_dir, on_two)) == to_plain(read(data_dir, DayMap()))
    assert not told(caplog)


def test_the_days_of_a_worker_that_is_killed_are_computed_by_another(
    data_dir, on_two, tmp_path, caplog
):
    mark = tmp_path / "killed"
    found = on_two(names_once_killed, history_in(data_dir), DAYS, DAYS[2], str(mark))
    assert list(found) == [day.isoformat() for day in DAYS]
    assert mark.is_dir()
    assert not told(caplog)


@pytest.mark.parametrize("is_silent", [False, True], ids=["away", "silent"])
def test_a_scheduler_that_does_not_answer_is_told_in_one_line(
    data_dir, is_silent, monkeypatch, caplog
):
    monkeypatch.setattr(dask_days, "_CONNECT_SECONDS", 0.2)
    with socket.create_server((HOST, 0)) as listening:
        # One takes connections and says nothing more.
        port = listening.getsockname()[1] if is_silent else free_port()
        address = f"tcp://{HOST}:{port}"
        found = DayMap(address, min_days=1)(named, history_in(data_dir), DAYS)
        assert list(found) == [day.isoformat() for day in DAYS]
    [line] = told(caplog)
    assert line.startswith(f"Dask scheduler {address}: not reached")
    assert line.endswith("6 of 6 days are computed in this process")


def test_where_the_scheduler_goes_midway_the_rest_is_computed_here(data_dir, monkeypatch, caplog):
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(data_dir))
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", host=HOST,
        dashboard_address=":0",
    ) as cluster:  # fmt: skip
        found = DayMap(cluster.scheduler_address, min_days=1)(named, history_in(data_dir), DAYS)
        first = next(found)
        cluster.close()
        assert [first, *found] == [day.isoformat() for day in DAYS]
    [line] = told(caplog)
    assert line.startswith(f"Dask scheduler {cluster.scheduler_address}: ")
    assert line.endswith("of 6 days are computed in this process")


def test_a_worker_with_other_code_computes_nothing(data_dir, on_two, monkeypatch, caplog):
    others = dask_days.versions_here() | {"Python": "3.9"}
    monkeypatch.setattr(dask_days, "versions_here", lambda: others)
    assert list(on_two(whose, history_in(data_dir), DAYS)) == [os.getpid()] * len(DAYS)
    # One line a worker, and either may have got all days.
    assert len(told(caplog)) in {1, 2}
    assert all("and 3.9 is asked for" in line for line in told(caplog))


def test_a_worker_with_another_history_computes_nothing(data_dir, on_two, tmp_path, caplog):
    other = tmp_path / "other"
    shutil.copytree(data_dir, other)
    for day in DAYS[:-1]:
        shutil.rmtree(layout.partition(other, "live", day))
    found = list(on_two(whose, history_in(other), [DAYS[-1]]))
    assert found == [os.getpid()]
    [line] = told(caplog)
    assert "its TRAFFIC_DATA_DIR holds other files of history" in line


def test_a_day_whose_file_is_damaged_at_a_worker_is_computed_here(data_dir, on_two, caplog):
    path = layout.day_file(data_dir, "live", DAYS[0])
    try:
        found = list(on_two(finds_damage_elsewhere, history_in(data_dir), DAYS[:1], os.getpid()))
    finally:
        path.with_suffix(".set-aside").rename(path)
    assert found == [DAYS[0].isoformat()]
    [line] = told(caplog)
    assert "changed in its TRAFFIC_DATA_DIR, or are damaged" in line


def test_what_fails_at_the_workers_alone_is_computed_here(data_dir, on_two, caplog):
    found = on_two(fails_elsewhere, history_in(data_dir), DAYS, os.getpid())
    assert list(found) == [day.isoformat() for day in DAYS]
    assert told(caplog) == ["ValueError: days that fail by that are computed in this process"]


def told(caplog):
    """What is said to who runs the computation; a cluster in this process says more."""
    return [record.getMessage() for record in caplog.records if record.name == dask_days.__name__]


def to_plain(value):
    """What a result holds, arrays as their bytes."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, pd.DataFrame):
        return [(name, to_plain(column.to_numpy())) for name, column in value.items()]
    if isinstance(value, Mapping):
        return [(key, to_plain(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | np.ndarray):
        return [to_plain(item) for item in value]
    return to_plain(vars(value)) if type(value).__module__.startswith(("serv", "mod")) else value


def derived_files(data_dir):
    """Hourly speeds and the reference speeds made of them."""
    return [
        *sorted((data_dir / "history" / "hour_speeds").rglob("*.parquet")),
        *data_dir.glob("reference*/*.parquet"),
    ]


def files_of(day, data_dir):
    return sorted(layout.partition(data_dir, "live", day).glob("*.parquet"))
