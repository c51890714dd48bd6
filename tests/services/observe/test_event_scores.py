"""Scores of unusual events against the incidents of the simulation."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.city.rennes import RENNES
from services.observe.demo import DemoFeed, InjectedEvent
from services.observe.demo.__main__ import main
from services.observe.demo.event_scores import followed_events, hits, lines_of, score, snapshots
from services.observe.feeds.reply import check_reply
from services.traffic.events import Event
from tests.factories import make_usual_hour
from tests.services.traffic.test_events import NETWORK, START

DAY = timedelta(days=1)


def event(name, *segments, start=0, end=30):
    return Event(
        id=name, source="demo", network_version="a", place=NETWORK.stretches[0],
        segment_ids=segments, delay_s=90.0, max_delay_s=90.0, trend="steady",
        started_at=START + timedelta(minutes=start), seen_at=START + timedelta(minutes=end),
        snapshots=5,
    )  # fmt: skip


def incident(*segments, start=0, end=60, delay_s=200.0):
    return InjectedEvent(
        START + timedelta(minutes=start), START + timedelta(minutes=end), segments, delay_s
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (event("a", "1", "2"), True),
        (event("a", "7"), False),
        # Seen last at the moment from which it is felt, and first when nothing is left of it.
        (event("a", "2", start=-30, end=0), True),
        (event("a", "2", start=-30, end=-3), False),
        (event("a", "2", start=60, end=90), False),
    ],
)
def test_an_event_hits_where_both_are_at_the_same_time_and_place(told, expected):
    assert hits(told, incident("2", "3")) is expected


def test_precision_counts_events_and_recall_incidents():
    events = [event("a", "1", start=6), event("b", "2", start=12), event("c", "9"), event("d", "8")]
    injected = [
        incident("1", "2"),
        incident("9", start=20),
        incident("5"),
        incident("6", delay_s=30.0),
        # Nobody can be slow on a closed road.
        incident("8", delay_s=None),
    ]
    scores = score(events, injected, 2 * DAY)
    assert (scores.events, scores.events_that_hit) == (4, 3)
    assert (scores.incidents, scores.incidents_found) == (4, 2)
    assert (scores.large, scores.large_found) == (3, 2)
    # Told twelve minutes after they began, of which 6 and -20 after the incidents.
    assert scores.minutes_to_tell == pytest.approx((18 - 8) / 2)
    assert lines_of(scores) == [
        "2 simulated days: 4 events, 2.0 a day",
        "precision: 3 of 4 (75 %) of the events hit an incident",
        "recall: 2 of 4 (50 %) of the incidents are hit",
        "recall: 2 of 3 (67 %) of those that add 60 s at least",
        "told after: 5 minutes in the median",
    ]


def test_without_any_event_or_incident_nothing_is_divided():
    assert lines_of(score([], [], DAY))[1] == "precision: 0 of 0 of the events hit an incident"
    assert lines_of(score([], [], DAY))[-1] == "told after: never"


def test_events_of_simulated_hours_are_followed_and_those_that_last_are_among_them():
    feed = DemoFeed(segments=200)
    start = datetime.fromisoformat("2026-11-24T16:00:00+00:00")
    times = [start + timedelta(minutes=3) * step for step in range(25)]
    network = check_reply(feed.reply(start), city=RENNES, source="demo", received_at=start).network
    asked = []

    def usual_at(moment):
        asked.append(moment)
        # Nothing is ever this fast: all roads are slow, and go on being so.
        return make_usual_hour(network, source="demo", observed_at=moment, ratios=(3.0, 3.0, 3.0))

    found = list(followed_events(feed, network, times, usual_at))
    assert found
    assert {one.seen_at for one in found if one.ended_at is None} <= set(times[-2:])
    assert asked == [times[0], times[20]]


def test_simulated_snapshots_are_those_of_the_feed():
    feed = DemoFeed(segments=50)
    at = datetime.fromisoformat("2026-11-24T16:00:00+00:00")
    checked = check_reply(feed.reply(at), city=RENNES, source="demo", received_at=at)
    (made,) = snapshots(feed, checked.network, [at])
    assert made.version == checked.snapshot.version


@pytest.mark.parametrize("wrong", [["--days", "0"], ["--weeks", "99"], ["--until", "today"]])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(SystemExit):
        main(["events", "--until", str(date(2026, 11, 22)), *wrong])
