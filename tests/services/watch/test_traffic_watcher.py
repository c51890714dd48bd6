"""Rules on the traffic over time: what fires, what does not, and what people are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.operations.database import open_operations
from services.operations.incidents import open_incidents, past_incidents
from services.plain.places_now import PlaceNow, PlacesNow
from services.watch.traffic_rules import traffic_rules_of
from services.watch.traffic_watcher import TrafficWatcher
from services.watch.traffic_words import traffic_message
from tests.components.trees import plain
from tests.services.watch.watching import START, Watching

ROUND_S = 15
FEED_S = 180
WORDS = {"fr": "Rocade, sens intérieur", "en": "Ring road, clockwise"}
RULE = """
[[rule]]
name = "morning"
corridor = "rocade"
minutes_above = 20
clear = 17
for_minutes = 6
"""


KEY = "corridor:rocade"
CURVE = f"http://map/tendances/?vue=courbe&lieu={KEY}&jour=2026-11-24&mesure=time&lang=fr"


class TrafficWatching:
    """A watch whose clocks a test moves; the feed comes every three minutes, five behind."""

    def __init__(self, data_dir, rules=RULE, now=START):
        self.data_dir = data_dir
        path = data_dir / "rules.toml"
        path.write_text(rules, "utf-8")
        self.settings = load_settings(data_dir=data_dir, rules_file=path)
        self.operations = open_operations(self.settings)
        self.now = now
        self.elapsed_s = 1_000.0
        self.place = PlaceNow("corridor:rocade", "known", WORDS, time_s=900.0, usual_s=840.0)
        self.source = "live"
        self.feed_works = True
        self.told = None
        self._since_feed_s = FEED_S
        self.changes = []
        self.restart()

    def restart(self):
        self.rules = traffic_rules_of(self.settings, RENNES).rule
        self.watcher = TrafficWatcher(
            self.rules,
            self.operations,
            lambda: self.told,
            lambda: self.now,
            lambda: self.elapsed_s,
            city=RENNES,
            late_after_s=600,
        )

    def takes(self, minutes=None, state="known", usual_min=14.0):
        seconds = None if minutes is None else 60.0 * minutes
        usual_s = 60.0 * usual_min
        over = None if seconds is None else seconds / usual_s - 1.0
        self.place = PlaceNow(
            self.place.place,
            state,
            WORDS,
            key=KEY,
            time_s=seconds,
            usual_s=usual_s,
            over_usual=over,
        )

    def pass_minutes(self, minutes):
        """Let time go by; gives what changed: rule and whether it is over."""
        found = []
        for _ in range(round(60 * minutes / ROUND_S)):
            self.now += timedelta(seconds=ROUND_S)
            self.elapsed_s += ROUND_S
            self._since_feed_s += ROUND_S
            if self.feed_works and self._since_feed_s >= FEED_S:
                self._since_feed_s = 0
                observed = self.now - timedelta(minutes=5)
                self.told = PlacesNow(self.source, observed.isoformat(), [self.place])
            found += self.watcher.evaluate()
            self.watcher.save()
        self.changes += found
        return [("over" if change.is_over else "fired") for change in found]

    @property
    def state(self):
        [found] = self.watcher.states()
        return found.state.state, found.judged.absent

    def message(self, language="fr", *, has_history=True):
        message = traffic_message(
            self.changes[-1:],
            self.watcher.place_of,
            language,
            "http://map",
            RENNES,
            has_history=has_history,
        )
        return plain(message.title), [plain(line) for line in message.body.splitlines()]


@pytest.fixture
def watching(tmp_path):
    return TrafficWatching(tmp_path)


def test_a_long_drive_is_pending_then_fires_then_is_over(watching):
    assert watching.pass_minutes(9) == []
    assert watching.state == ("normal", "")
    watching.takes(21)
    assert watching.pass_minutes(6) == []
    assert watching.state == ("pending", "")
    assert watching.pass_minutes(6) == ["fired"]
    assert watching.state == ("firing", "")
    title, lines = watching.message()
    assert title == "[Trafic] Traffic Rennes : Rocade, sens intérieur : plus de 20 min"
    assert lines == [
        (
            "Rocade, sens intérieur : plus de 20 min : 21 min (limite 20 min, d’habitude 14 min), "
            "depuis le 24 nov. 2026, 08:09:15"
        ),
        f"Voir : {CURVE}",
    ]
    # Where nothing answers for the history, the map does.
    assert watching.message(has_history=False)[1][-1] == "Voir : http://map"
    # Between clearing level and limit it goes on, and its worst is kept.
    for minutes in (26, 18, 19):
        watching.takes(minutes)
        assert watching.pass_minutes(6) == []
    watching.takes(16)
    assert watching.pass_minutes(3) == ["over"]
    assert watching.state == ("resolved", "")
    title, lines = watching.message("en")
    assert title.startswith("[Traffic, over] Traffic Rennes: Ring road")
    assert lines[0].startswith("Over · Ring road, clockwise: more than 20 mins: at worst 26 mins")
    watching.pass_minutes(6)
    assert watching.state == ("normal", "")


def test_what_is_over_before_the_delay_is_told_to_nobody(watching):
    watching.takes(25)
    assert watching.pass_minutes(6) == []
    watching.takes(12)
    assert watching.pass_minutes(30) == []


def test_old_data_fire_nothing_and_end_what_fires_without_saying_that_all_is_well(watching):
    watching.takes(25)
    watching.pass_minutes(3)
    watching.feed_works = False
    # Observed 5 minutes before it came: 10 minutes old 5 minutes later, before the delay is over.
    assert watching.pass_minutes(60) == []
    assert watching.state == ("no data", "no_data")
    watching.feed_works = True
    assert watching.pass_minutes(9) == ["fired"]
    watching.feed_works = False
    assert watching.pass_minutes(30) == ["over"]
    assert watching.message()[1][0].startswith("N'est plus suivi, pas de donnée récente · Rocade")
    with watching.operations.begin() as session:
        assert past_incidents(session, 5, kind="traffic")[0].ending == "no_data"


def test_what_is_kept_from_earlier_is_not_of_now(watching):
    watching.source = "archive"
    watching.takes(25)
    assert watching.pass_minutes(60) == []
    assert watching.state == ("no data", "no_data")


def test_simulated_traffic_says_so_and_never_passes_for_live(watching):
    watching.source = "demo"
    watching.takes(25)
    assert watching.pass_minutes(12) == ["fired"]
    title, lines = watching.message()
    assert title.startswith("[SIMULÉ] [Trafic] Traffic Rennes")
    assert lines[0].startswith("SIMULÉ · Rocade")
    assert "Trafic simulé : cela ne dit rien de la circulation réelle." in lines
    # The live feed comes for the first time: its jam is another alert, the simulated one ends.
    watching.source = "live"
    assert watching.pass_minutes(24) == ["fired", "over"]
    assert [change.incident.subject for change in watching.changes] == ["demo", "live", "demo"]


@pytest.mark.parametrize(
    ("state", "absent"), [("closed", "closed"), ("gone", "gone"), ("several", "gone")]
)
def test_a_corridor_that_is_closed_or_gone_says_so_and_does_not_fire(watching, state, absent):
    watching.takes(None, state)
    assert watching.pass_minutes(60) == []
    assert watching.state == ("no data", absent)


def test_a_corridor_that_goes_while_it_fires_ends_with_its_reason(watching):
    watching.takes(25)
    watching.pass_minutes(12)
    watching.takes(None, "gone")
    # One round without a value ends nothing.
    assert watching.pass_minutes(6) == []
    assert watching.pass_minutes(9) == ["over"]
    assert watching.changes[-1].incident.ending == "gone"


def test_a_rule_of_which_the_worker_does_not_know_yet_has_no_data(watching):
    watching.place = PlaceNow("corridor:brest", "known", {}, time_s=9_000.0)
    assert watching.pass_minutes(20) == []
    assert watching.state == ("no data", "no_data")


HOURS = 'hours = ["07:00", "09:00"]\ndays = "working"\n'


def test_within_its_hours_alone_and_over_at_once_when_they_end(tmp_path):
    # 06:40 in Rennes.
    watching = TrafficWatching(tmp_path, RULE + HOURS, START - timedelta(minutes=80))
    watching.takes(25)
    assert watching.pass_minutes(20) == []
    assert watching.state == ("no data", "off_hours")
    # What was observed before seven does not count: the first of it comes at 07:05 or later.
    assert watching.pass_minutes(10) == []
    assert watching.pass_minutes(6) == ["fired"]
    assert watching.changes[-1].incident.started_at >= START - timedelta(minutes=55)
    assert watching.pass_minutes(103) == []
    assert watching.pass_minutes(2) == ["over"]
    assert watching.changes[-1].incident.ending == "off_hours"
    assert watching.changes[-1].incident.ended_at == START + timedelta(hours=1)
    assert "hors des heures de la règle" in watching.message()[1][0]


def test_thirty_per_cent_above_the_usual(tmp_path):
    rule = RULE.replace("minutes_above = 20\nclear = 17", "percent_above_usual = 30")
    watching = TrafficWatching(tmp_path, rule)
    watching.takes(18.0)  # 18 ÷ 14 − 1 = 29 %
    assert watching.pass_minutes(20) == []
    watching.takes(18.5)  # 32 %
    assert watching.pass_minutes(12) == ["fired"]
    assert watching.changes[-1].incident.peak == pytest.approx(18.5 / 14 - 1)
    watching.takes(17.9)  # 27.9 %: not below nine tenths of the limit
    assert watching.pass_minutes(6) == []
    watching.takes(17.7)  # 26.4 %
    assert watching.pass_minutes(6) == ["over"]


def test_where_the_usual_of_this_hour_is_not_known_that_is_told(tmp_path):
    rule = RULE.replace("minutes_above = 20\nclear = 17", "percent_above_usual = 30")
    watching = TrafficWatching(tmp_path, rule)
    watching.place = PlaceNow("corridor:rocade", "known", WORDS, time_s=9_000.0)
    assert watching.pass_minutes(20) == []
    assert watching.state == ("no data", "no_usual")


# The days on which the clock is set back and forward.
@pytest.mark.parametrize(
    "day", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)]
)
def test_delays_are_as_long_over_both_changes_of_the_clock(tmp_path, day):
    # The change is at 01:00 UTC: the jam begins 4 minutes before it.
    watching = TrafficWatching(tmp_path, RULE, day + timedelta(minutes=51))
    watching.pass_minutes(6)
    watching.takes(25)
    assert watching.pass_minutes(5) == []
    assert watching.state == ("pending", "")
    assert watching.pass_minutes(4) == ["fired"]
    incident = watching.changes[-1].incident
    assert incident.fired_at - incident.started_at == timedelta(minutes=6)
    watching.takes(10)
    assert watching.pass_minutes(3) == ["over"]


def test_a_watch_that_starts_again_goes_on_and_tells_nothing_twice(watching):
    watching.takes(25)
    assert watching.pass_minutes(12) == ["fired"]
    watching.restart()
    assert watching.pass_minutes(12) == []
    with watching.operations.begin() as session:
        assert len(open_incidents(session, kind="traffic")) == 1
    watching.takes(10)
    assert watching.pass_minutes(3) == ["over"]


def test_a_rule_that_was_taken_out_of_the_file_ends_its_alert(watching):
    watching.takes(25)
    watching.pass_minutes(12)
    watching.settings.rules_file.write_text("")
    watching.restart()
    watching.pass_minutes(1)
    with watching.operations.begin() as session:
        [kept] = past_incidents(session, 5, kind="traffic")
    assert kept.ending == "removed"


def test_alerts_and_incidents_of_the_application_leave_each_other_alone(tmp_path):
    traffic = TrafficWatching(tmp_path)
    application = Watching(tmp_path)
    application.set("traffic_disk_free_ratio", 0.01)
    application.pass_time(120)
    traffic.takes(25)
    traffic.pass_minutes(12)
    # Each starts again, and goes on with its own.
    application.restart()
    traffic.restart()
    application.pass_time(60)
    traffic.pass_minutes(1)
    with traffic.operations.begin() as session:
        [incident] = open_incidents(session)
        [alert] = open_incidents(session, kind="traffic")
        assert past_incidents(session, 5) == past_incidents(session, 5, kind="traffic") == []
    assert (incident.rule, alert.rule) == ("disk-nearly-full", "morning")
    assert alert.journal == []
