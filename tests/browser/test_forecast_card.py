"""The forecast card in Chromium: asked by selectors, by the strip and by the passing of time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, COMPACT
from tests.factories import OBSERVED_AT

pytestmark = BROWSER_TEST


@pytest.fixture(scope="module")
def shared(start_shared_app, visit_shared):
    """One application and one page for the tests that can share them."""
    app = start_shared_app()
    app.publish()
    return app, visit_shared(app.url, COMPACT)


@pytest.fixture
def card(shared):
    return shared[1]


def test_the_card_answers_before_it_is_asked_and_then_what_is_asked(card):
    page = card.page
    expect(page.locator("#forecast-title")).to_have_text(
        "Prévision d'embouteillage pour le centre-ville"
    )
    hour = page.get_by_label("Choisissez une heure :")
    expect(hour).to_have_value("13")
    expect(page.get_by_label("Jour :").locator("option:checked")).to_have_text(
        "Aujourd'hui (lundi)"
    )
    answer = page.locator("#forecast-answer")
    expect(answer).to_have_attribute("aria-live", "polite")
    expect(answer).to_contain_text("Prédiction : Dense")
    expect(answer).to_contain_text("probabilité 62 %")
    expect(page.locator("#forecast-note")).to_have_text(
        "Modèle initial, appris sur des données simulées"
    )

    hour.select_option("3")
    expect(answer).to_contain_text("Prédiction : Libre")
    expect(answer).to_contain_text("probabilité 90 %")
    page.get_by_label("Jour :").select_option("sunday")
    page.get_by_label("Zone :").select_option("rocade")
    expect(page.locator("#forecast-title")).to_have_text("Prévision d'embouteillage pour la rocade")
    expect(answer).to_contain_text("dimanche à 3h")
    expect(answer).to_contain_text("probabilité 81 %")
    assert card.errors == []


def test_the_strip_shows_the_day_and_chooses_an_hour(card):
    page = card.page
    page.get_by_label("Zone :").select_option("centre-ville")
    page.get_by_label("Choisissez une heure :").select_option("13")
    expect(page.locator("#forecast-answer")).to_contain_text("Prédiction : Dense")
    buttons = page.locator("#forecast-strip button")
    expect(buttons).to_have_count(24)
    eight = page.get_by_role("button", name="8h : Bloqué, probabilité 75 %", exact=True)
    expect(eight).to_have_attribute("data-letter", "B")
    expect(eight).to_have_attribute("aria-pressed", "false")
    height = "button => getComputedStyle(button, '::before').height"
    heights = [buttons.nth(hour).evaluate(height) for hour in (3, 8, 13)]
    assert len(set(heights)) == 3

    eight.focus()
    eight.press("Enter")
    expect(page.locator("#forecast-answer")).to_contain_text("Prédiction : Bloqué")
    expect(page.get_by_label("Choisissez une heure :")).to_have_value("8")
    expect(eight).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#forecast-strip [aria-pressed=true]")).to_have_count(1)
    expect(eight).to_be_focused()

    page.get_by_label("Zone :").select_option("rocade")
    expect(page.locator("#forecast-strip [data-letter=L]")).to_have_count(24)


def test_as_hours_pass_the_card_follows_unless_the_visitor_chose(shared):
    live_app, card = shared
    page = card.page
    hour = page.get_by_label("Choisissez une heure :")
    # As the page starts: the coming hour.
    hour.select_option("13")
    page.get_by_label("Jour :").select_option("monday")
    # 23:30 in Rennes: the coming hour is tomorrow's first.
    live_app.clock.set(OBSERVED_AT + timedelta(hours=10, minutes=47))
    expect(hour).to_have_value("0")
    day = page.get_by_label("Jour :").locator("option:checked")
    expect(day).to_have_text("Demain (mardi)")
    expect(page.locator("#forecast-answer")).to_contain_text("mardi à 0h")
    # An hour later the same choice is today's second hour, and called so.
    live_app.clock.set(OBSERVED_AT + timedelta(hours=11, minutes=47))
    expect(hour).to_have_value("1")
    expect(day).to_have_text("Aujourd'hui (mardi)")

    hour.select_option("8")
    expect(page.locator("#forecast-answer")).to_contain_text("mardi à 8h")
    live_app.clock.set(OBSERVED_AT + timedelta(days=1, hours=11, minutes=47))
    expect(day).to_have_text("mardi")
    expect(hour).to_have_value("8")
    assert card.errors == []


def test_without_a_model_a_sentence_says_so(start_app, visit, monkeypatch, tmp_path):
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    app = start_app(forecasts=False)
    page = visit(app.url, COMPACT).page
    expect(page.locator("#forecast-answer")).to_contain_text("n'est pas disponible")
    expect(page.locator("#forecast-strip")).to_be_hidden()
    page.get_by_label("Choisissez une heure :").select_option("8")
    expect(page.locator("#forecast-answer")).to_contain_text("n'est pas disponible")
