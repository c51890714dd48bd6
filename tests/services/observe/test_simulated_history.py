from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from services.city.rennes import RENNES
from services.observe import simulated_history
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import check_reply
from services.observe.simulated_history import main, simulated_times, write_simulated_history
from services.traffic.status import Status
from services.traffic.store import Store
from tests.services.history.days import files

MONDAY_MORNING = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def feed():
    return ShuffledFeed(DemoFeed(segments=600))


class ShuffledFeed:
    """A feed whose records are not sorted by their id, as those of a network are."""

    def __init__(self, feed):
        self._feed = feed
        self._order = np.random.default_rng(4).permutation(len(feed.network))

    def reply(self, at):
        records = orjson.loads(self._feed.reply(at))
        return orjson.dumps([records[place] for place in self._order])

    def observations(self, times):
        observed = self._feed.observations(times)
        names = ("status", "speed_kmh", "travel_time_s", "reliability_pct", "probes")
        return SimpleNamespace(**{name: getattr(observed, name)[:, self._order] for name in names})


def test_times_are_whole_days_in_rennes_up_to_the_last_one():
    times = simulated_times(2, date(2026, 11, 22), timedelta(minutes=15))
    assert len(times) == 2 * 7 * 96
    assert times[0] == datetime(2026, 11, 8, 23, 0, tzinfo=UTC)
    assert times[-1] == datetime(2026, 11, 22, 22, 45, tzinfo=UTC)


@pytest.mark.parametrize(("until", "hours"), [("2026-10-25", 169), ("2026-03-29", 167)])
def test_a_week_with_a_clock_change_has_an_hour_more_or_less(until, hours):
    times = simulated_times(1, date.fromisoformat(until), timedelta(hours=1))
    assert len(times) == len(set(times)) == hours


def test_the_history_says_of_each_segment_what_the_feed_itself_replies(tmp_path, feed):
    times = [MONDAY_MORNING + timedelta(minutes=15) * step for step in range(3)]
    [path] = write_simulated_history(feed, tmp_path, times)
    written = pq.read_table(path, partitioning=None).to_pandas()
    for moment in times:
        reply = check_reply(feed.reply(moment), city=RENNES, source="demo", received_at=moment)
        rows = written[written["observed_at"] == moment]
        assert rows["segment"].tolist() == list(range(len(reply.network)))
        assert set(rows["network_version"]) == {reply.network.version}
        for name in ("status", "speed_kmh", "travel_time_s", "reliability_pct", "probes"):
            expected = reply.snapshot.columns[name].astype(float)
            np.testing.assert_array_equal(rows[name].to_numpy(float), expected, err_msg=name)
    unknown = written["status"] == Status.UNKNOWN
    assert unknown.any()
    assert written.loc[unknown, "speed_kmh"].isna().all()


def test_the_network_is_kept_but_no_simulated_snapshot_is_published(tmp_path, feed):
    list(write_simulated_history(feed, tmp_path, [MONDAY_MORNING]))
    expected = check_reply(
        feed.reply(MONDAY_MORNING), city=RENNES, source="demo", received_at=MONDAY_MORNING
    )
    store = Store(RENNES, tmp_path)
    assert store.network(expected.network.version).segment_ids == expected.network.segment_ids
    assert store.current_snapshot() is None


def test_days_go_to_one_file_each_as_simulated_and_writing_again_changes_nothing(tmp_path, feed):
    times = [MONDAY_MORNING + timedelta(hours=10) * step for step in range(6)]
    first = list(write_simulated_history(feed, tmp_path, times))
    assert [path.parent.name for path in first] == [
        "date=2026-11-16",
        "date=2026-11-17",
        "date=2026-11-18",
    ]
    contents = [path.read_bytes() for path in first]
    again = list(write_simulated_history(feed, tmp_path, times))
    assert [path.read_bytes() for path in again] == contents
    assert files(tmp_path, "demo") == first
    assert files(tmp_path, "live") == []


def test_the_command_shows_each_day_it_wrote(tmp_path, feed, monkeypatch, capsys):
    monkeypatch.setattr(simulated_history, "DemoFeed", lambda: feed)
    arguments = ["--weeks", "1", "--until", "2026-11-22", "--step-minutes", "60"]
    assert main([*arguments, "--data-dir", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    # A week in Rennes starts at 23 h the day before in UTC.
    assert [line.split()[:2] for line in lines[:-1]] == [
        [f"{count}/8", f"date=2026-11-{14 + count}"] for count in range(1, 9)
    ]
    assert lines[-1].startswith("168 simulated snapshots")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--weeks", "0"), ("--weeks", "two"), ("--step-minutes", "10"), ("--until", "22/11/2026")],
)
def test_a_wrong_option_is_refused_by_name(tmp_path, capsys, option, value):
    arguments = {"--weeks": "1", "--until": "2026-11-22", "--data-dir": str(tmp_path)}
    arguments[option] = value
    with pytest.raises(SystemExit) as exit_info:
        main([word for pair in arguments.items() for word in pair])
    assert exit_info.value.code == 2
    assert option in capsys.readouterr().err


def test_a_directory_that_cannot_be_used_ends_the_command_in_one_line(tmp_path, capsys):
    obstacle = tmp_path / "file"
    obstacle.write_text("")
    arguments = ["--weeks", "1", "--until", "2026-11-22", "--data-dir", str(obstacle)]
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
