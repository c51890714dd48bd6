from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from services.base.errors import FeedUnreachable
from services.city.rennes import RENNES
from services.metrics.shared_directory import metric_registry
from services.metrics.work import WorkMetrics
from services.observe.roadworks import RETRY_AFTER, ROADWORKS_PERIOD, RoadworksObserver
from services.traffic.store import Store
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for
from tests.roadworks_replies import make_roadwork_record, roadworks_reply


class SteeredList:
    """A list of roadworks that answers, or fails, as a test says."""

    def __init__(self, source="live") -> None:
        self.source = source
        self.answer: bytes | Exception = roadworks_reply()
        self.asked = 0

    def reply(self, at) -> bytes:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Rig:
    """An observer with a clock, two lists and a store that a test steers."""

    def __init__(self, tmp_path) -> None:
        self.now = OBSERVED_AT
        self.store = Store(RENNES, tmp_path, heals=True)
        self.store.prepare()
        self.live, self.demo = SteeredList(), SteeredList("demo")
        self.registry = metric_registry()
        self.metrics = WorkMetrics(self.registry, "worker")
        self.start()

    def start(self, operations=None) -> None:
        """The worker starts again."""
        feeds = {"live": self.live, "demo": self.demo}
        self.observer = RoadworksObserver(
            self.store,
            feeds,
            lambda: self.now,
            self.metrics,
            city=RENNES,
            operations=operations,
        )

    def show(self, source) -> None:
        network = make_network()
        self.store.publish(network, make_snapshot_for(network, source=source))

    def after(self, pause) -> None:
        """Ask what is due after a while."""
        self.now += pause
        self.observer.observe()

    def measured(self, name, **labels):
        return self.registry.get_sample_value(name, labels)

    @property
    def path(self):
        return self.store.data_dir / "roadworks" / "live.json"


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    rig.show("live")
    return rig


SOON = timedelta(seconds=30)


def test_the_list_is_kept_with_its_time_and_asked_for_once_an_hour(rig):
    rig.observer.observe()
    kept = rig.store.roadworks("live")
    assert kept.received_at == OBSERVED_AT
    assert [roadwork.event_id for roadwork in kept.roadworks] == ["80028"]
    rig.after(ROADWORKS_PERIOD - SOON)
    assert rig.live.asked == 1
    rig.after(SOON)
    assert rig.live.asked == 2
    assert rig.store.roadworks("live").received_at == rig.now
    assert rig.demo.asked == 0


def test_only_the_list_of_what_is_shown_is_asked_for(tmp_path):
    rig = Rig(tmp_path)
    rig.observer.observe()
    assert (rig.live.asked, rig.demo.asked) == (0, 0)
    rig.show("demo")
    rig.observer.observe()
    assert (rig.live.asked, rig.demo.asked) == (0, 1)
    assert rig.store.roadworks("demo").source == "demo"
    # An archive is what the live feed told last.
    rig.show("archive")
    rig.observer.observe()
    assert (rig.live.asked, rig.demo.asked) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "outcome", "line"),
    [
        (FeedUnreachable("HTTP 500"), "unreachable", "roadworks: HTTP 500"),
        (b"<html>", "refused", "roadworks: body: not JSON"),
        (RuntimeError("unforeseen"), "unreachable", "roadworks: RuntimeError: unforeseen"),
    ],
)
def test_a_failure_leaves_the_last_good_list_and_is_tried_again(rig, caplog, answer, outcome, line):
    rig.observer.observe()
    rig.live.answer = answer
    with caplog.at_level(logging.WARNING):
        rig.after(ROADWORKS_PERIOD)
    assert line in caplog.text
    assert rig.store.roadworks("live").received_at == OBSERVED_AT
    fetches = "traffic_roadworks_fetches_total"
    assert rig.measured(fetches, source="live", outcome=outcome) == 1
    rig.after(RETRY_AFTER - SOON)
    assert rig.live.asked == 2
    rig.live.answer = roadworks_reply()
    rig.after(SOON)
    assert rig.store.roadworks("live").received_at == rig.now


def test_a_server_that_asks_for_a_pause_gets_it_but_no_more_than_an_hour(rig):
    rig.live.answer = FeedUnreachable("HTTP 429", retry_after_s=1_800)
    rig.observer.observe()
    rig.after(timedelta(minutes=29))
    assert rig.live.asked == 1
    rig.live.answer = FeedUnreachable("HTTP 429", retry_after_s=1e12)
    rig.after(timedelta(minutes=1))
    rig.after(ROADWORKS_PERIOD)
    assert rig.live.asked == 3


def test_a_worker_that_starts_again_goes_on_with_the_list_that_is_kept(rig):
    rig.observer.observe()
    rig.start()
    rig.after(timedelta(minutes=30))
    assert rig.live.asked == 1
    received = "traffic_roadworks_received_timestamp_seconds"
    assert rig.measured(received, source="live") == OBSERVED_AT.timestamp()
    rig.after(timedelta(minutes=30))
    assert rig.live.asked == 2


def test_a_damaged_list_is_set_aside_and_asked_for_anew(rig):
    rig.observer.observe()
    rig.path.write_bytes(rig.path.read_bytes().replace(b"Saint-Martin", b"Saint-Malo!!"))
    rig.start()
    rig.after(SOON)
    assert rig.live.asked == 2
    assert rig.path.with_name("live.json.unreadable").exists()


def test_a_clock_that_is_set_back_does_not_stop_it(rig):
    rig.observer.observe()
    rig.after(-timedelta(days=400))
    assert rig.live.asked == 2


def test_measures_are_counted_by_level(rig):
    rig.live.answer = roadworks_reply(
        make_roadwork_record(), make_roadwork_record(id_evt=2, niv_perturbation=None)
    )
    rig.observer.observe()
    assert rig.measured("traffic_roadworks", source="live", level="avoid") == 1
    assert rig.measured("traffic_roadworks", source="live", level="unknown") == 1
    assert rig.measured("traffic_roadworks", source="live", level="none") == 0


def test_a_snapshot_that_cannot_be_read_ends_nothing(rig, monkeypatch, caplog):
    monkeypatch.setattr(rig.store, "current_snapshot", lambda: 1 / 0)
    rig.observer.observe()
    assert "roadworks not asked for: ZeroDivisionError" in caplog.text
