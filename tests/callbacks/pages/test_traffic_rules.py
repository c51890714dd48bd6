"""The rules on the traffic on the operators' pages."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from services.base.errors import ConfigurationError
from services.operations.tables import Incident
from services.watch.traffic_overview import (
    TrafficOverview,
    TrafficRuleOverview,
    write_overview,
)
from tests.callbacks.conftest import NOW
from tests.components.trees import plain
from tests.log_in import send_log_in

PASSWORD = "Good-velo-42-bleu"
RULES = """
[people]
voirie = "mailto://me:secret@example.org"

[[rule]]
name = "morning"
corridor = "rocade"
minutes_above = 20
hours = ["07:00", "09:00"]
days = "working"
for_minutes = 6
tell = ["voirie", "json://secret.example.org/hook"]

[[rule]]
name = "gone"
corridor = "brest"
percent_above_usual = 30
"""


@pytest.fixture
def operator(make_client, tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    client = make_client(dashboard_password=PASSWORD, monitor_level="0", rules_file=path)
    assert send_log_in(client, "admin", PASSWORD, wanted="/exploitation/").status_code == 303
    return client


def told(client, path="/exploitation/regles", language="fr"):
    answer = client.get(f"{path}?lang={language}")
    assert answer.status_code == 200
    return plain(answer.text)


def stand(operations, age_s=10, source="live"):
    words = {"fr": "Rocade, sens intérieur", "en": "Ring road, clockwise"}
    write_overview(
        operations,
        TrafficOverview(
            (NOW - timedelta(seconds=age_s)).isoformat(),
            [
                TrafficRuleOverview("morning", "firing", source, 1_500.0, "", words),
                TrafficRuleOverview("gone", "no data", source, None, "gone", {}),
            ],
        ),
    )


def alert(operations, name="one", rule="morning", ended=None, **changes):
    with operations.begin() as session:
        session.add(
            Incident(
                id=name,
                rule=rule,
                severity="warning",
                unit="s",
                runbook="",
                threshold=1_200.0,
                peak=1_560.0,
                started_at=NOW - timedelta(minutes=16),
                fired_at=NOW - timedelta(minutes=10),
                ended_at=ended,
                kind="traffic",
                **{"subject": "live", **changes},
            )
        )


def test_each_rule_with_value_state_limit_hours_people_and_last_time(operator, operations):
    stand(operations)
    alert(operations)
    content = told(operator)
    for words in (
        "Règles sur le trafic",
        "Rocade, sens intérieur",
        "▲ en alerte",
        "25 min",
        "plus de 20 min",
        "de 07:00 à 09:00, jours ouvrés",
        "pendant 6 min",
        "voirie, json://…",
        "26 août 2024, 12:37:00",
        # The other one: its place is not there, it never fired, and nobody is told of it.
        "lieu introuvable sur le réseau",
        "30 % de plus que d'habitude",
        "jamais",
        "personne",
    ):
        assert words in content, words
    assert "secret" not in content
    assert "ne sont pas vérifiées" not in content
    english = told(operator, language="en")
    assert "Ring road, clockwise" in english
    assert "working days" in english


def test_simulated_traffic_is_marked_and_what_is_old_is_told(operator, operations):
    stand(operations, age_s=600, source="demo")
    content = told(operator)
    assert "25 min · SIMULÉ" in content
    assert "Les règles sur le trafic ne sont pas vérifiées en ce moment" in content


def test_before_the_watch_ever_looked_each_rule_is_there_without_data(operator):
    content = told(operator)
    assert "sans donnée" in content
    assert "plus de 20 min" in content


def test_without_rules_the_page_says_where_they_would_be(make_client):
    client = make_client(dashboard_password=PASSWORD, monitor_level="0")
    send_log_in(client, "admin", PASSWORD, wanted="/exploitation/")
    assert "traffic_rules.toml en donne des exemples" in told(client)


def layout(client):
    return plain(orjson.dumps(client.get("/exploitation/_dash-layout").get_json()).decode())


def test_alerts_are_apart_from_the_incidents_of_the_application(operator, operations):
    stand(operations)
    alert(operations)
    alert(operations, "two", ended=NOW - timedelta(minutes=1), subject="demo", ending="off_hours")
    alert(operations, "three", rule="removed-rule", ended=NOW, ending="removed")
    content = layout(operator)
    assert "Aucune alerte de trafic en cours" not in content
    assert "Rocade, sens intérieur : plus de 20 min" in content
    assert "au pire 26 min (limite 20 min)" in content
    assert "hors des heures de la règle · SIMULÉ" in content
    assert "removed-rule" in content
    # No incident: nothing of the application is broken, and the table of incidents has none.
    assert "Incidents passés" in content
    assert "Aucun incident terminé" in content
    assert "morning" not in operator.get("/exploitation/incidents.csv").text


def test_a_mistake_in_the_file_ends_the_start_in_one_line(make_client, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(RULES.replace('"brest"', '"breast"'))
    with pytest.raises(ConfigurationError, match="line 16: rule gone: corridor"):
        make_client(rules_file=path)
