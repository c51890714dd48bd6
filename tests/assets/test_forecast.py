"""The sentence that answers, in the browser: for an hour in the server's words, out of a table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder

from callbacks.live.forecast_choice import update_card
from callbacks.live.refresh import news
from components.unusual import COMPARISONS
from services.base.settings import load_settings
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.champions import set_aside
from services.forecast.nowcasts import LEAD_MINUTES
from services.forecast.zone_forecasts import DAY_NAMES, DAYS, HOURS, table_shape
from services.history.upkeep import keep_up
from services.roles.assembly import assemble
from services.traffic.usual import Comparison
from tests.assets.scripts import LANGUAGES, loaded
from tests.components.trees import plain
from tests.factories import MODEL_VERSION, write_forecasts
from tests.services.learn.histories import rush, times, write

# The Monday before Christmas, which is a Friday; schools are closed.
NOW = datetime(2026, 12, 21, 7, tzinfo=UTC)
SCRIPTS = ("app.js", "wording.js", "writing.js", "forecast.js", "moment.js")
SETTINGS = {
    "days": DAY_NAMES,
    "timeZone": RENNES.time_zone.key,
    "zones": RENNES.zones,
    "zoneChoices": RENNES.zone_choices,
    "nowcast": {"leadMinutes": LEAD_MINUTES},
    "map": {"comparisons": COMPARISONS},
}


def some_shares():
    """Distributions of all kinds: ties, certainties, and what is nearly one."""
    chance = np.random.default_rng(7).dirichlet((0.4, 0.4, 0.4), table_shape(RENNES)[:-1])
    chance[0, :, :6] = [(1, 0, 0), (0.997, 0.003, 0), (0.4, 0.4, 0.2),
                        (0.125, 0.375, 0.5), (0.005, 0.995, 0), (0.285, 0.145, 0.57)]  # fmt: skip
    return chance


def typed(tree):
    """A tree as JSON, with its spaces as one types them."""
    text = json.dumps(tree, cls=PlotlyJSONEncoder, ensure_ascii=False)
    return json.loads(text.replace("\u00a0", " ").replace("\u202f", " "))


@pytest.fixture(params=["initial", "corrected", "set_aside", "observed"])
def services(request, tmp_path):
    """Everything that forecasts may rest on; of some hours something was observed."""
    source = "live" if request.param == "observed" else "demo"
    write_forecasts(tmp_path, some_shares(), source=source)
    if request.param in {"corrected", "set_aside"}:
        write(tmp_path, times(NOW, hours=5), rush, source="live")
        keep_up(RENNES, tmp_path, NOW + timedelta(days=2), None)
    if request.param == "set_aside":
        set_aside(tmp_path / "models", MODEL_VERSION)
    return assemble(load_settings(data_dir=tmp_path), lambda: NOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browser_says_of_every_choice_what_the_server_says(services, language):
    texts = load_texts(language)
    choices = list(product(range(HOURS), DAY_NAMES, RENNES.zone_choices))
    with loaded(*SCRIPTS, language=language) as page:
        page.change(settings=SETTINGS, texts=page.texts, zoneTable=news(services)["forecasts"])
        set_time(page, NOW)
        told = page.call(
            """(choices => choices.map(([hour, day, zone]) => {
                trafficRennes.moment.choose({ kind: "hour", day, hour });
                return trafficRennes.forecast.ofHour(trafficRennes.page.moment, zone);
            }))""",
            choices,
        )
    assert len(told) == HOURS * DAYS * len(RENNES.zone_choices)
    for choice, answer in zip(choices, told, strict=True):
        expected = update_card(services, texts, *choice)
        assert typed(list(answer.values())) == typed(list(expected)), choice


@pytest.fixture
def page(tmp_path):
    """A page with the table of a model whose answer is known, at its hour."""
    write_forecasts(tmp_path)
    table = news(assemble(load_settings(data_dir=tmp_path), lambda: NOW))["forecasts"]
    with loaded(*SCRIPTS) as page:
        page.change(settings=SETTINGS, texts=page.texts, zoneTable=table, frame={})
        set_time(page, NOW)
        yield page


def set_time(page, moment):
    """Have the server tell a time, as with an answer."""
    seconds = moment.timestamp()
    page.js(f"void (trafficRennes.freshness = {{ now: () => {seconds} }})")
    page.call("trafficRennes.moment.followTime", seconds)


def choose(page, **choice):
    """What Dash is asked for a choice: nothing, where the page answers by itself."""
    page.js("told.splice(0)")
    page.call("trafficRennes.moment.choose", {"kind": "hour", "day": "monday", "hour": 8} | choice)
    return asked(page)


def asked(page):
    return {id_: props for id_, props in page.js("told") if id_ not in SELECTORS}


SELECTORS = ["forecast-hour", "forecast-day", "forecast-zone"]
NO_MODEL = {"type": "P", "props": {"children": "Aucun modèle."}}
REGION = "document.getElementById('forecast-answer')"


def words(page):
    """What the answer says."""
    return plain("".join(text for line in page.js(f"textOf({REGION})") for text in line))


def note(page):
    return plain(page.call("shown", "forecast-note")["text"])


def test_an_hour_is_answered_without_the_server(page):
    page.change(zone="centre-ville")
    # Nor by Dash, which looks at each component of the page then.
    assert choose(page) == {}
    title = page.call("shown", "forecast-title")["text"]
    assert title == "Prévision d'embouteillage pour le centre-ville"
    assert "Prédiction : Bloqué" in words(page)
    assert "lundi 21 décembre, 8 h" in words(page)
    eight = page.call("shown", "strip-hour-8")
    assert plain(eight["aria-label"]) == "8 h : Bloqué, probabilité 75 %"
    assert (eight["data-letter"], eight["aria-pressed"]) == ("B", "true")
    assert eight["className"] == "strip-button strip-button--blocked"
    assert page.call("shown", "strip-hour-9")["aria-pressed"] == "false"
    assert page.call("shown", "forecast-strip")["hidden"] is False


def test_the_strip_hides_the_hour_that_summer_time_begins_with(page):
    set_time(page, datetime(2027, 3, 26, 8, tzinfo=UTC))
    for day, hidden in (("saturday", []), ("sunday", [2]), ("monday", [])):
        choose(page, day=day)
        hours = [page.call("shown", f"strip-hour-{hour}") for hour in range(24)]
        assert [hour for hour, told in enumerate(hours) if told["hidden"]] == hidden, day


def test_the_strip_is_one_stop_of_the_tabulator(page):
    def stops():
        hours = [page.call("shown", f"strip-hour-{hour}") for hour in range(24)]
        return [hour for hour, told in enumerate(hours) if told["tabindex"] == "0"]

    # Half past eight in Rennes, and now is shown: the coming hour.
    assert stops() == [9]
    choose(page, hour=17)
    assert stops() == [17]


def test_now_is_told_as_it_is_observed(page):
    page.change(
        snapshot={
            "observed_at": NOW.timestamp(),
            "zones": [["dense", int(Comparison.BUSIER), 7], *[None] * 4, ["free", 0, 2]],
        }
    )
    assert "Observé : Libre" in words(page)
    assert note(page).startswith("Observé à 08:00. ")
    assert "+2 min pour 10 km" in words(page)
    page.change(zone="centre-ville")
    assert "Observé : Dense" in words(page)
    assert "plus chargé que d'habitude" in words(page)
    assert "Prédiction" not in words(page)
    page.change(zone="rocade")
    assert "Pas de mesure en ce moment." in words(page)


def test_what_was_observed_long_ago_is_told_with_its_day_and_year(page):
    long_ago = {"observed_at": NOW.timestamp() - 847 * 86_400, "zones": [["free", 0, 2]] * 6}
    page.change(snapshot=long_ago)
    assert note(page).startswith("Observé le lundi 26 août 2024 à 09:00. ")


def test_a_lead_is_told_by_the_next_hour_with_its_time(page):
    leads = [["free", 0.9, 1, 0, 2], ["blocked", 0.47, 19, 9, 30]]
    page.js("void (trafficRennes.nowcast = { told: () => ({ kind: 'ready', note: '' }) })")
    page.change(
        nextHour={
            "state": "ready",
            "observed_at": NOW.timestamp(),
            "basis": ["initial", 0, 28],
            "zones": [leads] * 6,
        }
    )
    page.call("trafficRennes.moment.choose", {"kind": "ahead", "minutes": 30})
    assert "Prédiction : plutôt bloqué" in words(page)
    assert "probabilité 47 %" in words(page)
    assert "dans 30 minutes, vers 08:30" in words(page)
    assert "entre 9 min et 30 min huit fois sur dix" in words(page)
    waiting = "La prévision de l'heure se prépare."
    page.js(f"void (trafficRennes.nowcast.told = () => ({{ kind: 'waiting', note: {waiting!r} }}))")
    page.call("trafficRennes.moment.choose", {"kind": "ahead", "minutes": 15})
    assert waiting in words(page)


def test_without_a_table_the_server_is_asked_and_no_other_answer_stands_there(page):
    page.change(zoneTable=None)
    assert "forecast-question" in choose(page)
    assert "La prévision est en cours de lecture" in words(page)


def test_a_day_later_names_of_days_mean_other_days(page):
    midnight = RENNES.local(NOW).replace(hour=0) + timedelta(days=1)
    set_time(page, midnight - timedelta(seconds=1))
    assert "forecast-question" not in choose(page, day="tuesday")
    set_time(page, midnight)
    assert "forecast-question" in choose(page, day="wednesday")


def test_a_question_that_was_lost_is_asked_again_with_each_answer_of_the_server(page):
    page.js("void (globalThis.clock = 0, Date.now = () => clock)")
    page.change(zoneTable=None)
    choose(page)
    page.js("told.splice(0)")
    # Its answer may still be on its way.
    page.js("void (clock = 2000, trafficRennes.forecast.retry())")
    assert asked(page) == {}
    page.js("void (clock = 4000, trafficRennes.forecast.retry())")
    assert "forecast-question" in asked(page)
    assert "n'a pas encore répondu" in words(page)
    title = page.call("shown", "forecast-title")["text"]
    answered = {"title": None, "answer": [NO_MODEL], "note": "", "strip": []}
    page.call("dash_clientside.traffic.forecastAnswered", answered)
    assert words(page) == "Aucun modèle."
    assert page.call("shown", "forecast-title")["text"] == title
    assert page.call("shown", "forecast-strip")["hidden"] is True
    page.js("told.splice(0)")
    page.js("void (clock = 60000, trafficRennes.forecast.retry())")
    assert asked(page) == {}


def test_a_new_snapshot_that_says_the_same_writes_no_answer(page):
    """What is written is read aloud; and a refresh goes through Dash for nothing of the answer."""
    observed = {"observed_at": NOW.timestamp(), "zones": [["dense", 0, 7]] * 6}
    page.change(snapshot=observed)
    page.js(f"void (told.splice(0), {REGION}.children = [])")
    page.change(snapshot=observed | {"observed_at": NOW.timestamp() + 180})
    assert page.js(f"{REGION}.children") == []
    assert note(page).startswith("Observé à 08:03. ")
    page.change(snapshot=observed | {"zones": [["free", 0, 2]] * 6})
    assert "Observé : Libre" in words(page)
    assert page.js("told") == []


def test_an_element_that_is_new_is_told_the_answer_again(page):
    choose(page)
    page.js("void renew('forecast-answer')")
    page.change(nextHour=None)
    assert "Prédiction" in words(page)
