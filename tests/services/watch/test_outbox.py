from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.operations.database import open_operations
from services.operations.tables import Incident
from services.watch.messages import Change, Message, message_of
from services.watch.outbox import Outbox, channel_mark, checked_channels, send_by_apprise
from services.watch.rules import load_rules
from tests.components.trees import plain
from tests.ports import free_port
from tests.services.watch.watching import START

MESSAGE = Message("Incident", "Disque presque plein")


class Channel:
    """A channel that takes messages or not, as a test says."""

    def __init__(self):
        self.works = True
        self.taken = []

    def send(self, url, message):
        if self.works:
            self.taken.append((url, message))
        return self.works


@pytest.fixture
def channel():
    return Channel()


def test_each_channel_gets_a_message_once(operations, channel):
    outbox = Outbox(operations, ["json://one", "json://two"], channel.send)
    outbox.add(MESSAGE, START)
    assert outbox.deliver(START) == 2
    assert outbox.deliver(START + timedelta(hours=1)) == 0
    assert channel.taken == [("json://one", MESSAGE), ("json://two", MESSAGE)]


def test_a_message_is_sent_by_the_watch_of_its_host_alone(operations, channel):
    one, other = (
        Outbox(operations, ["json://one"], channel.send, name) for name in ("web-1", "web-2")
    )
    one.add(MESSAGE, START)
    assert other.deliver(START) == 0
    assert one.deliver(START) == 1


def test_a_dead_channel_is_tried_again_ever_less_often_and_nothing_is_lost(
    operations, channel, caplog
):
    outbox = Outbox(operations, ["json://one"], channel.send)
    outbox.add(MESSAGE, START)
    channel.works = False
    outbox.deliver(START)
    assert "was not taken by channel" in caplog.text
    assert "json://one" not in caplog.text
    channel.works = True
    assert outbox.deliver(START + timedelta(seconds=29)) == 0
    # Another process, after a restart.
    later = Outbox(operations, ["json://one"], channel.send)
    assert later.deliver(START + timedelta(seconds=30)) == 1
    assert channel.taken == [("json://one", MESSAGE)]


def test_what_is_days_old_or_for_nobody_any_more_is_given_up(operations, channel):
    channel.works = False
    outbox = Outbox(operations, ["json://one"], channel.send)
    outbox.add(MESSAGE, START)
    outbox.deliver(START + timedelta(days=4))
    channel.works = True
    assert outbox.deliver(START + timedelta(days=5)) == 0
    outbox.add(MESSAGE, START)
    Outbox(operations, ["json://other"], channel.send).deliver(START)
    assert outbox.deliver(START) == 0


def test_messages_wait_in_memory_while_the_database_cannot_be_written(
    operations, channel, tmp_path
):
    (tmp_path / "operations.sqlite3").mkdir()
    outbox = Outbox(operations, ["json://one"], channel.send)
    outbox.add(MESSAGE, START)
    assert outbox.deliver(START) == 1
    assert outbox.deliver(START + timedelta(hours=2)) == 0


@pytest.mark.parametrize("works", [True, False])
def test_a_database_that_can_only_be_read_sends_nothing_again_and_again(
    operations, tmp_path, monkeypatch, works
):
    """It is full, say: what was sent or put off must not go out at every look."""
    sent = []

    def send(url, message):
        sent.append(message)
        return works

    outbox = Outbox(operations, ["json://one"], send)
    outbox.add(MESSAGE, START)
    with monkeypatch.context() as full:
        full.setattr(
            outbox, "_operations", open_operations(load_settings(data_dir=tmp_path), read_only=True)
        )
        for seconds in range(0, 25, 5):
            outbox.deliver(START + timedelta(seconds=seconds))
        assert len(sent) == 1
    # Once it can be written again, what was sent is crossed off and the other goes on.
    outbox.deliver(START + timedelta(seconds=26))
    later = Outbox(operations, ["json://one"], send)
    later.deliver(START + timedelta(seconds=31))
    assert len(sent) == (1 if works else 2)


def test_a_database_that_is_away_is_told_once_however_often_it_is_asked(
    operations, channel, tmp_path, caplog, monkeypatch
):
    caplog.set_level(logging.INFO)
    outbox = Outbox(operations, ["json://one"], channel.send)
    (tmp_path / "away").mkdir()
    away = load_settings(
        data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'away'}", _env_file=None
    )
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_operations", open_operations(away))
        for seconds in range(0, 45, 15):
            outbox.deliver(START + timedelta(seconds=seconds))
    outbox.deliver(START + timedelta(minutes=1))
    outbox.deliver(START + timedelta(minutes=2))
    assert caplog.text.count("waiting notifications cannot be read: the operations database") == 1
    assert caplog.text.count("waiting notifications can be read again") == 1


def test_the_database_holds_no_address(operations, channel, tmp_path):
    channel.works = False
    outbox = Outbox(operations, ["mailto://me:secret@example.org"], channel.send)
    outbox.add(MESSAGE, START)
    outbox.deliver(START)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("operations.sqlite3*"))
    assert MESSAGE.body.encode() in kept
    assert b"secret" not in kept


def test_an_unknown_channel_ends_the_start_without_being_named():
    assert checked_channels(" json://127.0.0.1:1  mailto://u:p@example.org ") == [
        "json://127.0.0.1:1",
        "mailto://u:p@example.org",
    ]
    with pytest.raises(ConfigurationError) as raised:
        checked_channels("json://127.0.0.1 nonsense://secret")
    assert "address 2 of 2" in str(raised.value)
    assert "secret" not in str(raised.value)


def incident(rule_name, **changes):
    [rule] = [rule for rule in load_rules().rule if rule.name == rule_name]
    values = {
        "id": rule_name,
        "rule": rule.name,
        "subject": "",
        "severity": rule.severity,
        "unit": rule.unit,
        "runbook": rule.runbook_name,
        "threshold": rule.threshold,
        "peak": 0.012,
        "started_at": START,
        "fired_at": START + timedelta(seconds=60),
        **changes,
    }
    return Change(rule, Incident(**values), is_over="ended_at" in changes)


def test_people_are_told_what_since_when_and_what_to_do_in_one_message():
    message = message_of(
        [
            incident("disk-nearly-full"),
            incident(
                "slow-responses",
                subject="/ · map.data",
                peak=1.25,
                ended_at=START + timedelta(minutes=12),
            ),
        ],
        "fr",
        "https://traffic.example/exploitation/",
        RENNES,
    )
    assert plain(message.title) == "Traffic Rennes : 2 incidents changent d’état"
    assert [plain(line) for line in message.body.splitlines()] == [
        (
            "Critique · Disque presque plein : part encore libre : 1,2 % (limite 5 %), "
            "depuis le 24 nov. 2026, 08:00:00"
        ),
        (
            "Terminé · Réponses lentes : 95 % attendent jusqu’à cette durée, ou moins "
            "(/ · map.data) : au pire 1,25 s (limite 500 ms), a duré 12 min"
        ),
        "Que faire : docs/runbooks/fr/disk-nearly-full.md",
        "Voir : https://traffic.example/exploitation/",
    ]
    link = "https://traffic.example/"
    english = message_of([incident("disk-nearly-full")], "en", link, RENNES)
    assert english.title == "[Incident] Traffic Rennes: Disk nearly full: share still free"


class Mailbox:
    def __init__(self):
        self.received = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def test_a_real_mail_server_receives_it():
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        port = controller.port
        url = (
            f"mailto://127.0.0.1:{port}?from=traffic@example.org&to=duty@example.org&mode=insecure"
        )
        assert send_by_apprise(url, MESSAGE)
    finally:
        controller.stop()
    [mail] = mailbox.received
    assert mail["Subject"] == "Incident"
    assert mail["To"] == "duty@example.org"
    assert "Disque presque plein" in mail.get_body().get_content()


def test_a_real_webhook_receives_it_once_it_is_up_again(operations, caplog):
    received = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            received.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            """Stay silent."""

    port = free_port()
    url = f"json://127.0.0.1:{port}"
    outbox = Outbox(operations, [url], send_by_apprise)
    outbox.add(MESSAGE, START)
    assert outbox.deliver(START) == 0
    assert channel_mark(url) in caplog.text
    with HTTPServer(("127.0.0.1", port), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert outbox.deliver(START + timedelta(minutes=1)) == 1
        server.shutdown()
    assert received[0]["title"] == "Incident"
    assert received[0]["message"] == "Disque presque plein"
