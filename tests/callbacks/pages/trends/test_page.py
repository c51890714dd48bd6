"""The page around the views: what is shown of an outcome, how it is stopped, what controls show."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from dash import no_update

from callbacks.pages.trends import curve, days, week
from callbacks.pages.trends.page import VIEWS, answered
from callbacks.pages.trends.page_view import Asked
from services.base.texts import languages, load_texts
from services.plain.trends.asking import Away, Busy, Done, Failed, Queued, Running
from services.plain.trends.common import Period
from services.plain.trends.curve import CurveAnswer, CurveQuery
from services.plain.trends.days import DaysQuery
from services.plain.trends.week import WeekQuery
from services.trends.archive import NoHistory
from services.trends.places import UnknownPlace
from tests.components.trees import text_of
from tests.factories import make_network
from tests.pages import layout_of

TODAY = date(2026, 11, 30)
FRENCH = load_texts("fr")
ANSWER = CurveAnswer(
    start=datetime(2026, 11, 29, 23, tzinfo=UTC),
    clock=["00:00", "00:15"],
    measure="congestion",
    values=[0.25, None],
    statuses={"freeFlow": [1.0, 0.0], "unknown": [0.0, 1.0]},
    usual=None,
    other=None,
    mean=None,
    observed_share=0.5,
    lacking=[],
    usual_from=date(2026, 12, 14),
)


class Archive:
    """Says what a test wants, and keeps what it was asked."""

    def __init__(self, outcome=None):
        self.outcome = outcome
        self.asked = []
        self.stopped = []

    def ask(self, query, _wait_s, asker):
        self.asked.append((query, asker))
        return self.outcome

    def stop(self, query, asker):
        self.stopped.append((query, asker))


@pytest.fixture(scope="module")
def network():
    return make_network()


@pytest.fixture
def asked(network):
    return lambda **parts: Asked(parts, network, TODAY)


def show(archive, address, **more):
    return answered(archive, FRENCH, VIEWS, address, asker="a page", **more)


def test_an_answer_is_shown_below_what_where_and_when(asked):
    archive = Archive(Done(ANSWER))

    found = show(archive, asked(lieu="zone:rocade"))

    assert found.heading == "Courbe\u00a0: Zone\u00a0: Rocade, lundi 30 novembre"
    assert "Au plus fort : 25 % à 0 h." in text_of(found.result)
    assert "Disponible à partir du 14/12/2026" in text_of(found.result)
    assert (found.state, found.is_over, found.is_unstoppable) == ("", True, True)
    assert archive.asked == [(CurveQuery("zone:rocade", TODAY), "a page")]


@pytest.mark.parametrize(
    ("outcome", "state", "is_unstoppable"),
    [
        (Running(0, 0), "Calcul en cours…", False),
        (Running(12, 400), "Calcul en cours : 12 jours lus sur 400", False),
        (Queued(3), "En attente : rang 3 dans la file", False),
        (Busy(), "Trop de demandes à la fois : réessayez dans quelques secondes.", True),
    ],
)
def test_while_it_is_computed_the_page_says_how_far_it_is_and_asks_again(
    asked, outcome, state, is_unstoppable
):
    found = show(Archive(outcome), asked())

    # What was shown before stays.
    assert (found.heading, found.result) == (no_update, no_update)
    assert text_of([found.state]) == state
    assert (found.is_over, found.is_unstoppable) == (False, is_unstoppable)
    # Who is busy is left in peace for longer.
    assert found.pause_ms == (5_000 if isinstance(outcome, Busy) else 1_000)


def test_what_is_stopped_is_told_to_the_archive_and_not_asked_again(asked):
    archive = Archive()

    found = show(archive, asked(jour="2026-11-24"), is_stopped=True)

    assert archive.stopped == [(CurveQuery("reseau", date(2026, 11, 24)), "a page")]
    assert archive.asked == []
    assert (text_of(found.result), found.is_over) == ("Calcul arrêté.", True)


def test_who_is_away_is_asked_again(asked):
    found = show(Archive(Away()), asked())

    assert "La page réessaie" in text_of(found.result)
    assert (found.is_over, found.pause_ms) == (False, 5_000)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    "reason",
    ["refused", "time", "memory", "failed", "stopped", NoHistory.reason, UnknownPlace.reason],
)
def test_every_failure_has_words_of_its_own(asked, language, reason):
    texts = load_texts(language)

    found = answered(Archive(Failed(reason)), texts, VIEWS, asked())

    assert text_of(found.result) == " ".join(texts["trends_problem"][reason].split())
    assert found.is_over


def test_before_any_network_is_known_the_page_waits_for_it():
    found = show(Archive(), None)

    assert "arrive avec les premières données" in text_of(found.result)
    assert not found.is_over


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"vue": "nulle-part"}, "« Vue » n'a pas de sens ici : nulle-part"),
        ({"jour": "hier"}, "« Jour » n'a pas de sens ici : hier"),
        ({"mesure": "tout"}, "« Mesure » n'a pas de sens ici : tout"),
        ({"vue": "calendrier", "h1": "25:00"}, "n'a pas de sens ici : 25:00"),
        ({"vue": "semaine", "chiffre": "p99"}, "n'a pas de sens ici : p99"),
    ],
)
def test_what_makes_no_sense_is_named_and_nobody_is_asked(asked, parts, words):
    archive = Archive()

    found = show(archive, asked(**parts))

    assert words in text_of(found.result)
    assert (archive.asked, found.is_over) == ([], True)


def test_where_the_address_is_silent_controls_show_what_is_asked(asked):
    shown = curve.VIEW.in_force(TODAY)
    assert shown == {
        "lieu": "reseau", "jour": "2026-11-30", "mesure": "congestion", "jours": "tous",
    }  # fmt: skip
    shown = week.VIEW.in_force(TODAY)
    assert (shown["du"], shown["au"], shown["chiffre"]) == ("2026-11-02", "2026-11-29", "mean")
    assert week.VIEW.query(asked()) == WeekQuery(
        "reseau", Period(date(2026, 11, 2), date(2026, 11, 29))
    )
    shown = days.VIEW.in_force(TODAY)
    assert (shown["du"], shown["au"], shown["h1"], shown["h2"]) == (
        "2026-06-02", "2026-11-30", "07:00", "20:00",
    )  # fmt: skip
    assert days.VIEW.query(asked()) == DaysQuery("reseau", Period(date(2026, 6, 2), TODAY))


def test_a_calendar_until_midnight_has_all_the_evening(asked):
    assert days.VIEW.query(asked(h1="00:00", h2="00:00")).to_hour == 24.0


def test_headings_name_days_of_other_years_and_periods(asked):
    address = asked(jour="2025-12-01")
    assert curve.VIEW.heading(FRENCH, address).endswith("Tout le réseau, lundi 1er décembre 2025")
    address = asked(du="2026-11-02", au="2026-11-08", jours="ouvres")
    assert week.VIEW.heading(FRENCH, address).endswith(
        "Tout le réseau, du 02/11/2026 au 08/11/2026 (jours ouvrés)"
    )


def ask_of(search):
    """The request by which a page asks what an address shows."""
    outputs = ("trends-heading.children", "trends-result.children", "trends-state.children",
               "trends-poll.disabled", "trends-stop.hidden", "trends-poll.interval",
               "trends-asking.data")  # fmt: skip
    return {
        "output": f"..{'...'.join(outputs)}..",
        "outputs": [dict(zip(("id", "property"), one.split("."), strict=True)) for one in outputs],
        "changedPropIds": ["trends-address.search"],
        "inputs": [
            {"id": "trends-address", "property": "search", "value": search},
            {"id": "trends-poll", "property": "n_intervals", "value": 0},
            {"id": "trends-stop", "property": "n_clicks", "value": None},
        ],
        "state": [{"id": "trends-asker", "property": "data", "value": "0123456789abcdef"}],
    }


def test_through_the_server_the_page_says_who_does_not_answer(make_client):
    client = make_client()
    page = client.get("/tendances/")
    assert page.status_code == 200
    assert "noscript" in page.get_data(as_text=True)

    found = client.post("/tendances/_dash-update-component", json=ask_of("?vue=nulle-part"))

    assert found.status_code == 200
    response = found.get_json()["response"]
    # Nothing was observed here yet.
    assert response["trends-poll"]["disabled"] is False
    assert "premières données" in str(response["trends-result"]["children"])


def test_where_it_is_switched_off_nothing_leads_there_and_the_page_says_so(make_client):
    client = make_client(trends=False)

    found = client.post("/tendances/_dash-update-component", json=ask_of("")).get_json()["response"]

    assert "n'est pas consultable" in str(found["trends-result"]["children"])
    # It does not ask again.
    assert found["trends-poll"]["disabled"] is True
    assert "/tendances/" not in json.dumps(layout_of(client, "/"))
    assert "/tendances/?vue=relecture" in json.dumps(layout_of(make_client(), "/"))
