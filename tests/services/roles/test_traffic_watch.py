"""The watch's part for the traffic: people are told once, whoever watches."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from pydantic import SecretStr

from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.incidents import open_incidents
from services.plain.places_now import FILE, PlaceNow, PlacesNow
from services.roles import supervisor, watch
from services.roles.traffic_watch import SHARED_HOST, TrafficDuty, TrafficWatch, takes_part
from services.watch.outbox import Outbox, send_by_apprise
from services.watch.traffic_overview import read_traffic_overview
from tests.components.trees import plain
from tests.services.watch.watching import START
from tests.services.watch.webhook import serve_webhook
from tests.waiting import wait_until

RULES = """
[people]
voirie = "{other}"

[[rule]]
name = "long"
corridor = "rocade"
minutes_above = 20

[[rule]]
name = "longer"
corridor = "rocade"
minutes_above = 22
tell = ["voirie"]
"""


@pytest.fixture
def hooks():
    with serve_webhook() as all_hook, serve_webhook() as own_hook:
        yield all_hook, own_hook


@pytest.fixture
def settings(tmp_path, hooks):
    all_hook, own_hook = hooks
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.format(other=own_hook.url))
    alerts = tmp_path / "alerts.toml"
    alerts.write_text("evaluation_seconds = 1\nrule = []\n")
    return load_settings(
        data_dir=tmp_path, rules_file=rules, alerts_file=alerts, notify_urls=all_hook.url
    )


def tell(settings, minutes, now, source="live"):
    """What the worker tells of the corridor."""
    place = PlaceNow("corridor:rocade", "known", {"fr": "Rocade"}, time_s=60.0 * minutes)
    path = settings.data_dir / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(PlacesNow(source, now.isoformat(), [place])))


def test_each_rule_tells_its_own_people_and_a_restart_tells_nobody_again(settings, hooks):
    all_hook, own_hook = hooks
    now, elapsed_s = START, 0.0

    def make():
        return TrafficWatch(
            settings, [all_hook.url], clock=lambda: now, monotonic=lambda: elapsed_s
        )

    traffic = make()
    outbox = Outbox(open_operations(settings), traffic.addresses(), send_by_apprise, SHARED_HOST)
    tell(settings, 25, now)
    for _ in range(3):
        traffic.round(outbox)
        outbox.deliver(now)
    # Killed and started again; another host's outbox beside it has messages of its own.
    traffic = make()
    traffic.round(outbox)
    Outbox(open_operations(settings), traffic.addresses(), send_by_apprise, "web-1").deliver(now)
    outbox.deliver(now)
    [title], [own_title] = all_hook.titles, own_hook.titles
    assert plain(title) == "[Trafic] Traffic Rennes : Rocade : plus de 20 min"
    assert plain(own_title) == "[Trafic] Traffic Rennes : Rocade : plus de 22 min"
    with open_operations(settings).begin() as session:
        overview = read_traffic_overview(session)
        alerts = open_incidents(session, kind="traffic")
    assert {alert.rule for alert in alerts} == {"long", "longer"}
    assert [(rule.name, rule.state, rule.value) for rule in overview.rules] == [
        ("long", "firing", 1_500.0), ("longer", "firing", 1_500.0)
    ]  # fmt: skip
    now += timedelta(minutes=3)
    elapsed_s += 180
    tell(settings, 12, now)
    traffic.round(outbox)
    outbox.deliver(now)
    assert [title[:14] for title in all_hook.titles[1:]] == ["[Trafic, fin] "]


class Host:
    """The duty of one host's watch, in a thread, until it is stopped."""

    def __init__(self, settings, url):
        self.settings = settings
        self.stopping = threading.Event()
        self.duty = TrafficDuty(settings, [url], [], send_by_apprise)
        self.thread = threading.Thread(target=self.duty.run, args=(self.stopping,))
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join()


@pytest.mark.parametrize("shares", ["directory", "postgresql"])
def test_of_two_hosts_one_tells_and_the_other_goes_on_when_it_has_gone(
    settings, hooks, shares, request
):
    all_hook, _ = hooks
    url = None if shares == "directory" else SecretStr(request.getfixturevalue("postgres_url"))
    hosts = []
    for name in ("one", "two"):
        data_dir = settings.data_dir if shares == "directory" else settings.data_dir / name
        data_dir.mkdir(exist_ok=True)
        changes = {"host_name": name, "data_dir": data_dir, "database_url": url}
        hosts.append(Host(settings.model_copy(update=changes), all_hook.url))

    def look(minutes):
        """Both know the same traffic, and both deliver while they have the duty."""
        for host in hosts:
            tell(host.settings, minutes, datetime.now(UTC))
            host.duty.deliver()
        return all_hook.titles

    try:
        wait_until(lambda: look(25))
        # Several rounds of both, of which nothing more is told.
        rounds = [0]
        wait_until(lambda: rounds.append(look(25)) or len(rounds) > 100)
        first = next(host for host in hosts if host.duty.is_on_duty())
        first.stop()
        wait_until(lambda: len(look(10)) > 1)
    finally:
        for host in hosts:
            host.stop()
    assert ["fin" in title for title in all_hook.titles] == [False, True]


def test_hosts_without_the_traffic_leave_it_to_those_that_have_it():
    assert takes_part(load_settings())
    assert takes_part(load_settings(host_name="worker-1", roles="worker,watch"))
    assert not takes_part(load_settings(host_name="web-1", roles="web,watch"))


def test_a_wrong_rule_or_address_ends_the_start_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(watch, "start_journal", lambda _settings: None)
    path = tmp_path / "rules.toml"
    monkeypatch.setenv("TRAFFIC_RULES_FILE", str(path))
    rule = '[[rule]]\nname = "x"\ncorridor = "rocad"\nminutes_above = 20\n'
    for start in (lambda: watch.main([]), lambda: supervisor.main(["watch"])):
        path.write_text(rule)
        assert start() == 2
        said = capsys.readouterr().err
        assert said.startswith(f"TRAFFIC_RULES_FILE: {path}: line 3: rule x: corridor: ")
        assert said.count("\n") == 1
    path.write_text(rule.replace("rocad", "rocade") + 'tell = ["nonsense://secret"]\n')
    assert watch.main([]) == 2
    assert "secret" not in capsys.readouterr().err
