"""The reports by mail on the operators' page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.operations.report_mailings import keep_mailings
from services.operations.tables import ReportMailing
from services.watch.messages import Message
from services.watch.outbox import outgoing
from tests.callbacks.conftest import NOW
from tests.components.trees import plain
from tests.log_in import send_log_in

PASSWORD = "Good-velo-42-bleu"
REPORTS = """
[people]
elus = "mailto://me:secret@example.org"

[[report]]
name = "centre"
place = "zone:centre-ville"
period = "week"
tell = ["elus", "json://secret.example.org"]

[[report]]
name = "tout"
place = "reseau"
period = "month"
hour = 9
tell = ["elus"]
"""


@pytest.fixture
def operator(make_client, tmp_path):
    path = tmp_path / "reports.toml"
    path.write_text(REPORTS)
    client = make_client(dashboard_password=PASSWORD, monitor_level="0", reports_file=path)
    send_log_in(client, "admin", PASSWORD, wanted="/exploitation/")
    return client


def told(client, language="fr"):
    return plain(client.get(f"/exploitation/regles?lang={language}").text)


def test_each_report_with_place_recipients_last_and_next(operator, operations):
    # NOW is a Monday, 26 August 2024, 12:47 in Rennes: this week's was made today.
    messages = [
        outgoing(name, name, Message("t", "b"), NOW - timedelta(hours=5), "*") for name in "ab"
    ]
    keep_mailings(operations, messages, "centre", date(2024, 8, 19))
    content = told(operator)
    for words in (
        "Rapports par courrier",
        "centre-ville",
        "chaque lundi",
        "elus, json://…",
        "en attente pour 2 destinataires",
        "2 sept. 2024, 07:00:00",
        "le 1er du mois",
        "1 sept. 2024, 09:00:00",
        "jamais",
    ):
        assert words in content, words
    assert "secret" not in content
    with operations.begin() as session:
        session.get(ReportMailing, "a").taken_at = NOW - timedelta(hours=4)
        session.delete(session.merge(messages[0]))
    content = told(operator)
    assert "26 août 2024, 08:47:00, en attente pour 1 destinataire" in content
    assert "each Monday" in told(operator, "en")


def test_without_reports_the_page_says_where_they_would_be(make_client):
    client = make_client(dashboard_password=PASSWORD, monitor_level="0")
    send_log_in(client, "admin", PASSWORD, wanted="/exploitation/")
    assert "reports.toml en donne des exemples" in told(client)


def test_people_read_what_becomes_of_their_address(make_client):
    content = plain(make_client().get("/confidentialite").text)
    assert "Alertes et rapports" in content
    assert "une empreinte de l'adresse" in content
