"""The page of the archive: address, controls and views follow each other, back and on."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from services.base.errors import TrafficError
from services.city.rennes import RENNES
from services.plain.trends.asking import Done, Failed
from services.trends.archive import open_archive, unreported
from services.trends.views import VIEWS
from services.web.trends_client import TrendsClient
from tests.browser.conftest import (
    BROWSER_TEST,
    DESKTOP,
    PHONE,
    axe_problems,
    axe_problems_of_colour,
    serious_problems,
)
from tests.factories import OBSERVED_AT
from tests.services.history.days import append, moments

pytestmark = BROWSER_TEST

# A Sunday; OBSERVED_AT is a Monday.
YESTERDAY = (OBSERVED_AT - timedelta(days=1)).date().isoformat()
TODAY = OBSERVED_AT.date().isoformat()
TOMORROW = (OBSERVED_AT + timedelta(days=1)).date().isoformat()


@pytest.fixture
def trends(start_app, monkeypatch):
    """An application with two days of history, whose archive answers without its process."""
    app = start_app()
    app.publish()
    for days in (1, 0):
        start = OBSERVED_AT - timedelta(days=days, hours=6)
        append(app.settings.data_dir, app.network, moments(start, 24, 15))

    def ask(_client, query, _wait_s=0.0, _asker=""):
        archive = open_archive(RENNES, app.settings.data_dir, "live", OBSERVED_AT.date())
        view = next(one for one in VIEWS if isinstance(query, one.query_type))
        try:
            return Done(view.answer(archive, query, unreported))
        except TrafficError as error:
            return Failed(getattr(type(error), "reason", "refused"))

    monkeypatch.setattr(TrendsClient, "ask", ask)
    return app


def address_of(page):
    return page.evaluate("() => window.location.search")


def test_address_controls_and_view_follow_each_other_back_and_on(trends, visit):
    page = visit(f"{trends.url}tendances/", DESKTOP).page
    heading, day, measure = (
        page.locator(f"#trends-{name}") for name in ("heading", "jour", "mesure")
    )
    figure = page.locator("#trends-curve .main-svg").first
    # Where the address is silent controls show what is in force.
    expect(figure).to_be_visible()
    expect(day).to_have_value(TODAY)
    expect(measure).to_have_value("congestion")
    expect(page).to_have_title(re.compile("^Courbe.*Tout le réseau.*Tendances$"))

    day.fill(YESTERDAY)
    day.press("Enter")
    expect(heading).to_contain_text("dimanche")
    measure.select_option("speed")
    expect(page.locator("#trends-result h2").first).to_have_text("Vitesse")
    assert address_of(page) == f"?jour={YESTERDAY}&mesure=speed"

    page.go_back()
    expect(measure).to_have_value("congestion")
    expect(page.locator("#trends-result h2").first).to_have_text("Congestion")
    page.reload()
    expect(day).to_have_value(YESTERDAY)
    expect(heading).to_contain_text("dimanche")
    page.go_forward()
    expect(measure).to_have_value("speed")

    # As one picked from the browser's calendar: the field is not left.
    day.fill(TODAY)
    expect(heading).to_contain_text("lundi")
    day.fill(YESTERDAY)
    expect(heading).to_contain_text("dimanche")

    # Cleared, it is today again.
    day.fill("")
    day.press("Enter")
    expect(day).to_have_value(TODAY)
    assert address_of(page) == "?mesure=speed"


def test_an_error_is_said_and_can_be_asked_again(trends, visit, monkeypatch):
    with monkeypatch.context() as failing:
        # The server answers 500, then is not there at all.
        failing.setattr(TrendsClient, "ask", lambda *_: 1 / 0)
        page = visit(f"{trends.url}tendances/", PHONE, bypass_csp=True).page
        unanswered = page.get_by_role("alert").filter(has_text="répond par une erreur")
        expect(unanswered).to_be_visible()
        assert serious_problems(page, "#trends-unanswered") == []
    trends.stop()
    unanswered.get_by_role("button", name="Réessayer").click()
    expect(unanswered).to_be_visible()

    trends.start()
    unanswered.get_by_role("button", name="Réessayer").click()
    expect(page.locator("#trends-curve .main-svg").first).to_be_visible()
    expect(unanswered).to_be_hidden()


def test_the_header_tells_how_old_the_data_are(trends, visit):
    page = visit(f"{trends.url}tendances/", PHONE).page
    age = page.locator("#freshness")
    expect(age).to_have_class("freshness freshness--live")
    trends.publish(source="archive", observed_at=OBSERVED_AT - timedelta(hours=3))
    expect(age).to_have_class("freshness freshness--archive")
    age.click()
    expect(page.locator("#freshness-sentence")).to_contain_text("il y a 3\u202fh")


def test_a_page_left_open_goes_into_the_next_day_unless_it_names_its_own(trends, visit):
    pages = [
        visit(f"{trends.url}tendances/{search}", DESKTOP).page
        for search in ("", f"?jour={YESTERDAY}")
    ]
    for page in pages:
        expect(page.locator("#trends-heading")).not_to_be_empty()
    silent, named = pages
    expect(silent.locator("#trends-heading")).to_contain_text("lundi")

    trends.clock.set(OBSERVED_AT + timedelta(days=1))

    expect(silent.locator("#trends-heading")).to_contain_text("mardi")
    expect(silent.locator("#trends-jour")).to_have_value(TOMORROW)
    assert address_of(silent) == ""
    expect(named.locator("#trends-controls")).to_have_attribute("data-today", TOMORROW)
    expect(named.locator("#trends-heading")).to_contain_text("dimanche")
    assert address_of(named) == f"?jour={YESTERDAY}"


def test_a_place_that_no_list_offers_stays_until_another_one_is_chosen(trends, visit):
    place = f"segment:{trends.network.segment_ids[0]}"
    page = visit(f"{trends.url}tendances/?lieu={place}", DESKTOP).page
    heading = page.locator("#trends-heading")
    expect(heading).to_contain_text("Segment")
    page.locator("#trends-mesure").select_option("speed")
    expect(page.locator("#trends-result h2").first).to_have_text("Vitesse")
    expect(heading).to_contain_text("Segment")
    assert address_of(page) == f"?lieu={place}&mesure=speed"


def test_a_calendar_leads_to_the_curve_of_its_days_by_keyboard(trends, visit):
    page = visit(f"{trends.url}tendances/?vue=calendrier&h1=06:00&h2=13:00", DESKTOP).page
    link = page.locator(f".trends-link[href*='jour={YESTERDAY}']")
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#trends-curve .main-svg").first).to_be_visible()
    expect(page.locator("#trends-jour")).to_have_value(YESTERDAY)
    # The day that was pressed is gone: reading goes on with what came in its place.
    expect(page.locator("#trends-heading")).to_be_focused()
    expect(page.locator(".trends-view[aria-current=page]")).to_have_text("Courbe")
    page.go_back()
    expect(link).to_be_visible()


def test_a_figure_stands_at_the_time_that_is_looked_at_and_tells_of_one(trends, visit):
    page = visit(f"{trends.url}tendances/", DESKTOP).page
    graph = page.locator("#trends-curve .js-plotly-plot")
    expect(graph.locator(".main-svg").first).to_be_visible()
    page.evaluate(
        """(epochS) => {
            window.told = [];
            document.addEventListener("trends:time", ({ detail }) => window.told.push(detail));
            const detail = { epoch_s: epochS, by: "test" };
            document.dispatchEvent(new CustomEvent("trends:time", { detail }));
        }""",
        OBSERVED_AT.timestamp(),
    )
    line = graph.locator(".trends-cursor")
    expect(line).to_be_visible()
    box, graph_box = line.bounding_box(), graph.bounding_box()
    graph.click(position={"x": box["x"] - graph_box["x"], "y": 150})

    [_, told] = page.evaluate("() => window.told")
    # To the pixel, of which an hour has some forty.
    assert abs(told["epoch_s"] - OBSERVED_AT.timestamp()) < 200


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_axe_finds_nothing_on_any_of_its_days_and_nothing_is_wider_than_the_screen(
    trends, visit, size
):
    page = visit(f"{trends.url}tendances/", size, bypass_csp=True).page
    found = {}
    for view in ("courbe", "semaine", "calendrier"):
        page.goto(f"{trends.url}tendances/?vue={view}")
        expect(page.locator("#trends-result section").first).to_be_visible()
        for theme, problems in (("light", axe_problems), ("dark", axe_problems_of_colour)):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found[view, theme] = problems(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0], view
    assert {place: problems for place, problems in found.items() if problems} == {}
    is_open = page.locator(".trends-settings").get_attribute("open") is not None
    assert is_open == (size == DESKTOP)
