"""The forecast card in the browser: the server's words, out of a table, without the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder

from callbacks.live.forecast_choice import update_card
from callbacks.live.refresh import news
from services.base.settings import load_settings
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.champions import set_aside
from services.forecast.zone_forecasts import DAY_NAMES, DAYS, HOURS, table_shape
from services.history.upkeep import keep_up
from services.roles.assembly import assemble
from tests.assets.scripts import LANGUAGES, loaded
from tests.components.trees import plain
from tests.factories import MODEL_VERSION, write_forecasts
from tests.services.learn.histories import rush, times, write

# The Monday before Christmas, which is a Friday; schools are closed.
NOW = datetime(2026, 12, 21, 7, tzinfo=UTC)
SCRIPTS = ("app.js", "wording.js", "writing.js", "forecast.js")
SETTINGS = {"days": DAY_NAMES, "timeZone": RENNES.time_zone.key}
CHOICE = {"hour": "8", "day": "monday", "zone": "centre-ville"}


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
        cards = page.call(
            """(choices => choices.map(([hour, day, zone]) =>
                trafficRennes.forecast.cardOf({ hour: String(hour), day, zone }, trafficRennes.page)
            ))""",
            choices,
        )
    assert len(cards) == HOURS * DAYS * len(RENNES.zone_choices)
    for choice, card in zip(choices, cards, strict=True):
        told = update_card(services, texts, *choice)
        assert typed(list(card.values())) == typed(list(told)), choice


@pytest.fixture
def page(tmp_path):
    """A page with the table of a model whose answer is known, at its hour."""
    write_forecasts(tmp_path)
    table = news(assemble(load_settings(data_dir=tmp_path), lambda: NOW))["forecasts"]
    with loaded(*SCRIPTS) as page:
        page.change(settings=SETTINGS, texts=page.texts, zoneTable=table)
        set_time(page, NOW)
        yield page


def set_time(page, moment):
    page.js(f"void (trafficRennes.freshness = {{ now: () => {moment.timestamp()} }})")


def choose(page, **choice):
    """What the page asks of Dash for a choice."""
    page.js("told.splice(0)")
    page.call("dash_clientside.traffic.chooseForecast", *(CHOICE | choice).values())
    return [id_ for id_, _ in page.js("told")]


BY_ITSELF = ["forecast-title", "forecast-answer", "forecast-note"]
ASKED = ["forecast-question"]


def test_a_choice_is_answered_without_the_server(page):
    assert choose(page) == BY_ITSELF
    [(_, title), (_, answer), _] = page.js("told")
    assert title["children"] == "Prévision d'embouteillage pour le centre-ville"
    assert "Prédiction : Bloqué" in plain(json.dumps(typed(answer), ensure_ascii=False))
    eight = page.call("shown", "strip-hour-8")
    assert plain(eight["aria-label"]) == "8h : Bloqué, probabilité 75 %"
    assert (eight["data-letter"], eight["aria-pressed"]) == ("B", "true")
    assert eight["className"] == "strip-button strip-button--blocked"
    assert page.call("shown", "strip-hour-9")["aria-pressed"] == "false"
    assert page.call("shown", "forecast-strip")["hidden"] is False


@pytest.mark.parametrize("choice", [{"hour": "24"}, {"day": "lundi"}, {"zone": "paris"}])
def test_the_server_says_what_is_wrong_with_a_choice(page, choice):
    assert choose(page, **choice) == ASKED


def test_without_a_table_the_server_is_asked(page):
    page.change(zoneTable=None)
    assert choose(page) == ASKED


def test_a_day_later_names_of_days_mean_other_days(page):
    midnight = RENNES.local(NOW).replace(hour=0) + timedelta(days=1)
    set_time(page, midnight - timedelta(seconds=1))
    assert choose(page) == BY_ITSELF
    set_time(page, midnight)
    assert choose(page) == ASKED


def test_once_the_server_is_asked_it_is_asked_until_it_has_answered(page):
    assert choose(page, hour="24") == ASKED
    # An answer that is still to come would come after this one's.
    assert choose(page) == ASKED
    page.call("dash_clientside.traffic.forecastAnswered", [])
    assert page.call("shown", "forecast-strip")["hidden"] is True
    assert choose(page) == BY_ITSELF


def test_a_server_that_never_answers_is_not_waited_for_without_end(page):
    page.js("void (globalThis.clock = 0, Date.now = () => clock)")
    assert choose(page, hour="24") == ASKED
    page.js("void (clock = trafficRennes.PATIENCE_MS - 1)")
    # Asked again, and waited for again.
    assert choose(page) == ASKED
    page.js("void (clock += trafficRennes.PATIENCE_MS - 1)")
    assert choose(page) == ASKED
    page.js("void (clock += trafficRennes.PATIENCE_MS)")
    assert choose(page) == BY_ITSELF


def test_a_page_left_open_follows_the_hours_unless_the_visitor_chose(page):
    def told_at(moment, *, chosen="9"):
        for name, value in (("hour", chosen), ("day", "monday")):
            page.js(f"void (document.getElementById('forecast-{name}').value = '{value}')")
        page.js("told.splice(0)")
        page.call("trafficRennes.forecast.followTime", moment.timestamp())
        return dict(page.js("told"))

    # What the page comes with.
    assert told_at(NOW) == {}
    assert told_at(NOW + timedelta(minutes=10)) == {}
    # 23:30 in Rennes: the coming hour is tomorrow's first.
    late = NOW + timedelta(hours=15, minutes=30)
    told = told_at(late)
    assert told["forecast-hour"] == {"value": "0"}
    assert told["forecast-day"]["value"] == "tuesday"
    assert [option["label"] for option in told["forecast-day"]["options"][:3]] == [
        "Aujourd'hui (lundi)", "Demain (mardi)", "mercredi",
    ]  # fmt: skip
    # Another hour was chosen by then.
    told = told_at(late + timedelta(hours=1), chosen="17")
    assert list(told) == ["forecast-day"]
    assert list(told["forecast-day"]) == ["options"]
