"""Reports by mail: what they say, and that each goes out once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.operations.database import open_operations
from services.operations.report_mailings import last_mailings
from services.plain.trends.asking import Away, Done, Failed, Running
from services.plain.trends.before_after import (
    BeforeAfterAnswer,
    BeforeAfterQuery,
    MeasuredChange,
    PeriodValues,
    PlaceChange,
)
from services.plain.trends.bottlenecks import (
    BottleneckRow,
    BottlenecksAnswer,
    BottlenecksQuery,
    QueueDay,
)
from services.plain.trends.cost import CostAnswer, CostQuery
from services.plain.trends.reliability import (
    Indices,
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
    ReliabilityQuery,
)
from services.roles.report_maker import ReportMaker
from services.roles.traffic_watch import SHARED_HOST
from services.watch.outbox import Outbox, send_by_apprise
from services.watch.reports import reports_of
from tests.components.trees import plain
from tests.ports import free_port

# Monday 30 November 2026, 07:05 in Rennes.
NOW = datetime(2026, 11, 30, 6, 5, tzinfo=UTC)
ADDRESSES = ("json://me:secret@one.example.org", "json://two.example.org")
REPORT = f"""
[people]
elus = "{ADDRESSES[0]}"

[[report]]
name = "ring"
place = "corridor:rocade"
period = "week"
tell = ["elus", "{ADDRESSES[1]}"]
"""


def reliability(mean_min, days=7):
    """The morning with figures, the rest without."""
    found = Indices(60.0 * mean_min, 60.0 * 2 * mean_min, 1.25, 2.5, 1.0, 1.6, is_reliable=False)
    parts = [
        PartReliability("morning", 0.9, 5, None, found),
        PartReliability("weekend", 0.1, 1, "share", None),
    ]
    place = PlaceReliability("corridor:rocade", True, 600.0, parts, None)
    first = date(2026, 11, 23)
    return ReliabilityAnswer(first, first, days, 7 - days, [place])


def cost(mean_s):
    hours = [None] * 24
    hours[8], hours[17], hours[7], hours[12] = 360.0, 300.0, 240.0, 30.0
    return CostAnswer(True, 600.0, hours, [None] * 24, mean_s, 12.5, 7, 0, 1.0, None, False, 0)


def changed():
    days = [date(2026, 11, 23) + timedelta(days=n) for n in range(5)]
    after = PeriodValues(days, [900.0, 1_200.0, 840.0, 1_020.0, 960.0], 7, 5, 1, 0.0, [])
    measured = MeasuredChange(840.0, 984.0, 60.0, 200.0, 0.01, True, 1)
    place = PlaceChange("corridor:rocade", "s", 600.0, after, after, measured, None)
    return BeforeAfterAnswer([place])


def bottlenecks():
    where = ["inner_north", "between", "Rocade", "Porte A", "Porte B", 900]
    days = [QueueDay(date(2026, 11, day), 7.5, 9.0, 900.0, 60.0, 60.0) for day in (24, 26)]
    row = BottleneckRow(
        "1", 1, "rocade", where, 9, [0] * 24, 900.0, 500.0, 1_500.0, 3_600.0, False, days
    )
    return BottlenecksAnswer([row], 1, 7, [0] * 24, 1, 1, "x")


class Archive:
    """Answers as the trends process does: at once, or after it was asked so often."""

    def __init__(self, turns=0):
        self.turns = turns
        self.asked = []
        self.outcome = None

    def ask(self, query, wait_s=0.25):
        self.asked.append(query)
        if self.outcome is not None:
            return self.outcome
        if self.turns:
            self.turns -= 1
            return Running(1, 7)
        is_now = query.days()[1] == date(2026, 11, 29)
        answers = {
            ReliabilityQuery: reliability(14 if is_now else 13),
            CostQuery: cost(180.0 if is_now else 120.0),
            BeforeAfterQuery: changed(),
            BottlenecksQuery: bottlenecks(),
        }
        return Done(answers[type(query)])


class Making:
    """A worker's part on a clock that a test moves, and what the watch delivers."""

    def __init__(self, tmp_path, text=REPORT, archive=None):
        path = tmp_path / "reports.toml"
        path.write_text(text, "utf-8")
        self.settings = load_settings(
            data_dir=tmp_path, reports_file=path, public_url="https://trafic.example/"
        )
        self.reports = reports_of(self.settings, RENNES)
        self.operations = open_operations(self.settings)
        self.archive = archive or Archive()
        self.now = NOW
        self.elapsed_s = 0.0
        self.is_simulated = False
        self.words = {"fr": "Rocade, sens intérieur", "en": "Ring road, clockwise"}
        self.sent = []
        self.works = True
        self.restart()

    def restart(self):
        self.maker = ReportMaker(
            self.settings,
            RENNES,
            self.reports,
            self.operations,
            archive=self.archive,
            words_of=lambda _place: (self.words, self.is_simulated),
            clock=lambda: self.now,
            monotonic=lambda: self.elapsed_s,
            sleep=self._sleep,
        )
        self.outbox = Outbox(self.operations, self.reports.all_addresses(), self._send, SHARED_HOST)

    def _sleep(self, seconds):
        self.elapsed_s += seconds

    def _send(self, url, message):
        if self.works:
            self.sent.append((url, message))
        return self.works

    def minute(self, count=1):
        for _ in range(count):
            self.now += timedelta(minutes=1)
            self.maker.look()
            self.outbox.deliver(self.now)

    def last(self):
        with self.operations.begin() as session:
            return last_mailings(session)["ring"]


@pytest.fixture
def making(tmp_path):
    return Making(tmp_path)


def test_a_report_says_the_figures_of_the_week_and_those_of_the_week_before(making):
    making.minute()
    message = making.sent[0][1]
    assert plain(message.title) == (
        "Trafic de la semaine : Rocade, sens intérieur, du 23/11/2026 au 29/11/2026"
    )
    lines = [plain(line) for line in message.body.splitlines()]
    for line in (
        "- En moyenne 14 min (avant : 13 min)",
        "- 95 % des fois au plus 28 min (avant : 26 min)",
        "- Indice de temps de parcours 1,25 (avant : 1,25)",
        "- Indice de planification 2,50 (avant : 2,50)",
        "- Marge à prévoir 100 % (avant : 100 %)",
        "- LOTTR 1,60 (avant : 1,60)",
        "- Non fiable (LOTTR de 1,50 ou plus)",
        "- Un conducteur y perd en moyenne 3 min de 6 h à 20 h (avant : 2 min)",
        "- mardi 24 novembre – 20 min",
        "- De 14 min à 16 min 24 s : un changement que le hasard n'explique pas.",
        "- 8 h – 6 min",
        "- 7 h – 4 min",
        "- Rocade nord intérieure, Porte A → Porte B – 2 jours, 25 min en moyenne",
    ):
        assert line in lines, line
    part = lines.index("Samedi et dimanche, 6–20 h")
    assert lines[part + 1] == "- Trop peu observé"
    # The slowest day and the worst hour come first, and three of each.
    assert lines.index("- mardi 24 novembre – 20 min") < lines.index("- jeudi 26 novembre – 17 min")
    assert not any("12 h – 30" in line for line in lines)
    link = (
        "https://trafic.example/tendances/?vue=rapport&lieu=corridor:rocade"
        "&du=2026-11-23&au=2026-11-29&lang=fr"
    )
    assert f"à imprimer : {link}" in plain(message.body)
    assert f'<a href="{link.replace("&", "&amp;")}">' in message.html
    assert "<li>" in message.html


def test_each_recipient_gets_it_once_whatever_starts_again(making):
    making.minute(3)
    making.restart()
    making.minute(3)
    assert [url for url, _ in making.sent] == list(ADDRESSES)
    # The second worker of another host shares the database.
    twin = ReportMaker(
        making.settings, RENNES, making.reports, open_operations(making.settings),
        archive=making.archive, words_of=lambda _place: (making.words, False),
        clock=lambda: making.now,
    )  # fmt: skip
    twin.look()
    making.outbox.deliver(making.now)
    assert len(making.sent) == 2
    # And the next week's goes out again.
    making.now += timedelta(days=7)
    making.minute()
    assert len(making.sent) == 4


def test_two_workers_at_the_same_moment_leave_one_message_each(making, monkeypatch):
    """Neither saw the other's: what is kept first stays, and the other's is refused as a whole."""
    monkeypatch.setattr("services.roles.report_maker.made_for", lambda _session, _ids: set())
    making.minute(3)
    assert len(making.sent) == 2


def test_a_dead_channel_gets_it_later_and_the_page_knows_that_it_waits(making):
    making.works = False
    making.minute()
    assert (making.last().taken_at, making.last().waiting) == (None, 2)
    making.works = True
    making.minute()
    assert len(making.sent) == 2
    assert (making.last().taken_at, making.last().waiting) == (making.now, 0)


def test_it_waits_for_an_answer_that_takes_a_while_and_asks_again_at_the_next_look(tmp_path):
    making = Making(tmp_path, archive=Archive(turns=100))
    making.minute()
    assert making.sent == []
    # Thirty seconds a look, a question a second.
    assert making.elapsed_s == pytest.approx(30, abs=1)
    making.minute(4)
    assert len(making.sent) == 2


def test_while_nobody_answers_nothing_is_sent_and_after_two_days_nothing_more(making):
    making.archive.outcome = Away()
    making.minute(5)
    assert making.sent == []
    making.archive.outcome = None
    making.now += timedelta(days=2)
    making.minute()
    assert making.sent == []


def test_what_failed_is_tried_again_ten_minutes_later(making, caplog):
    making.archive.outcome = Failed("memory", "512 MB")
    making.minute(10)
    assert len(making.archive.asked) == 1
    assert "the report ring could not be made: 512 MB" in caplog.text
    making.archive.outcome = None
    making.minute(2)
    assert len(making.sent) == 2


def test_of_a_place_that_is_gone_people_are_told_once(making):
    making.words = {}
    making.archive.outcome = Failed("unknown_place", "no place")
    making.minute(3)
    assert len(making.sent) == 2
    body = plain(making.sent[0][1].body)
    assert "Ce rapport n'a pas pu être établi" in body
    assert "n'existe pas, ou plus, sur le réseau" in body


def test_simulated_traffic_says_so(making):
    making.is_simulated = True
    making.minute()
    message = making.sent[0][1]
    assert message.title.startswith("[SIMULÉ] ")
    assert "Trafic simulé" in plain(message.body)
    assert "Trafic simulé" in plain(message.html)


def test_no_address_is_in_the_database_or_the_journal(making, caplog):
    caplog.set_level("INFO")
    making.works = False
    making.minute()
    kept = b"".join(path.read_bytes() for path in making.settings.data_dir.glob("operations*"))
    assert b"Rocade" in kept
    for told in (b"secret", b"example.org"):
        assert told not in kept
        assert told.decode() not in caplog.text


class Mailbox:
    def __init__(self):
        self.received = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def test_a_real_mail_server_receives_text_and_html(tmp_path):
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        url = (
            f"mailto://127.0.0.1:{controller.port}"
            "?from=traffic@example.org&to=elus@example.org&mode=insecure"
        )
        making = Making(tmp_path, REPORT.replace(ADDRESSES[0], url).replace(ADDRESSES[1], url))
        making.outbox = Outbox(
            making.operations, making.reports.all_addresses(), send_by_apprise, SHARED_HOST
        )
        making.minute(2)
    finally:
        controller.stop()
    [mail] = mailbox.received
    text, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "En moyenne 14" in plain(text)
    assert "<li>" in html
    assert "<" not in text.replace("→", "")
    assert "https://trafic.example/tendances/?vue=rapport" in text
