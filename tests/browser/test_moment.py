"""The one moment of the page in Chromium: chosen in one place, and followed as time passes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, COMPACT, serious_problems
from tests.factories import OBSERVED_AT

pytestmark = BROWSER_TEST


@pytest.fixture(scope="module")
def shared(start_shared_app, visit_shared):
    """One application and one page for the tests that can share them."""
    app = start_shared_app()
    app.publish()
    return app, visit_shared(app.url, COMPACT, bypass_csp=True)


@pytest.fixture
def card(shared):
    return shared[1]


def hour_of(page):
    return page.get_by_label("Choisissez une heure :")


def test_the_page_begins_with_now_and_then_answers_what_is_asked(card):
    page = card.page
    title, answer = page.locator("#forecast-title"), page.locator("#forecast-answer")
    expect(title).to_have_text("Trafic en ce moment pour toute la métropole")
    expect(answer).to_have_attribute("aria-live", "polite")
    expect(answer).to_contain_text("Observé :")
    now = page.get_by_role("button", name="Maintenant", exact=True)
    expect(now).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Jour :").locator("option:checked")).to_have_text(
        "Aujourd'hui (lundi)"
    )

    page.get_by_label("Zone :").select_option("centre-ville")
    hour_of(page).select_option("13")
    expect(title).to_have_text("Prévision d'embouteillage pour le centre-ville")
    expect(answer).to_contain_text("Prédiction : Dense")
    expect(answer).to_contain_text("probabilité 62 %")
    expect(answer).to_contain_text("lundi 26 août, 13 h")
    expect(now).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#forecast-note")).to_have_text(
        "Modèle initial, appris sur des données simulées"
    )
    expect(page.locator("#zone-status-centre-ville")).to_have_text("Dense")
    expect(page.locator("#zone-lost-centre-ville")).to_have_text("62 %")
    expect(page.locator("#forecast-answer .answer")).to_be_visible()
    assert serious_problems(page, "#forecast", ".zones-now") == []

    page.get_by_label("Jour :").select_option("sunday")
    page.get_by_label("Zone :").select_option("rocade")
    expect(title).to_have_text("Prévision d'embouteillage pour la rocade")
    expect(answer).to_contain_text("dimanche 1er septembre, 13 h")
    expect(page.locator("#zone-rocade")).to_have_attribute("aria-current", "true")

    now.click()
    expect(title).to_have_text("Trafic en ce moment pour la rocade")
    expect(hour_of(page)).to_have_value("")
    expect(page.get_by_label("Jour :")).to_have_value("monday")
    assert card.errors == []


def test_the_strip_shows_the_day_and_is_one_stop_with_arrows(card):
    page = card.page
    page.get_by_label("Zone :").select_option("centre-ville")
    hour_of(page).select_option("13")
    expect(page.locator("#forecast-answer")).to_contain_text("Prédiction : Dense")
    buttons = page.locator("#forecast-strip button")
    expect(buttons).to_have_count(24)
    expect(page.locator("#forecast-strip [tabindex='0']")).to_have_count(1)
    eight = page.get_by_role("button", name="8 h : Bloqué, probabilité 75 %", exact=True)
    expect(eight).to_have_attribute("data-letter", "B")
    # Who speaks to the page says what is seen.
    rule = {"runOnly": {"type": "rule", "values": ["label-content-name-mismatch"]}}
    names = Axe().run(page, context={"include": [["#forecast"]]}, options=rule).response
    assert names["violations"] == []
    assert names["passes"] != []
    height = "button => getComputedStyle(button, '::before').height"
    assert len({buttons.nth(hour).evaluate(height) for hour in (3, 8, 13)}) == 3

    page.locator("#strip-hour-13").focus()
    page.keyboard.press("Home")
    expect(page.locator("#strip-hour-0")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(eight).to_be_focused()
    # Looked at, and not chosen yet.
    expect(hour_of(page)).to_have_value("13")
    page.keyboard.press("Enter")
    expect(page.locator("#forecast-answer")).to_contain_text("Prédiction : Bloqué")
    expect(hour_of(page)).to_have_value("8")
    expect(page.locator("#forecast-strip [aria-pressed=true]")).to_have_count(1)
    expect(eight).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#forecast-strip')") is None

    page.get_by_label("Zone :").select_option("rocade")
    expect(page.locator("#forecast-strip [data-letter=L]")).to_have_count(24)


def test_as_hours_pass_now_goes_on_and_a_passed_hour_gives_way_to_it(shared):
    live_app, card = shared
    page = card.page
    hour_of(page).select_option("23")
    expect(page.locator("#forecast-answer")).to_contain_text("lundi 26 août, 23 h")
    # 0:30 in Rennes.
    live_app.clock.set(OBSERVED_AT + timedelta(hours=11, minutes=47))
    now = page.get_by_role("button", name="Maintenant", exact=True)
    expect(now).to_have_attribute("aria-pressed", "true")
    message = page.locator("#page-message")
    expect(message).to_contain_text("lundi 26 août, 23 h : c'est passé")
    message.get_by_role("button", name="Fermer").click()
    expect(message).to_be_hidden()
    day = page.get_by_label("Jour :").locator("option:checked")
    expect(day).to_have_text("Aujourd'hui (mardi)")

    hour_of(page).select_option("8")
    expect(page.locator("#forecast-answer")).to_contain_text("mardi 27 août, 8 h")
    # What was said of today has another name by then, and the same date.
    page.get_by_label("Jour :").select_option("friday")
    live_app.clock.set(OBSERVED_AT + timedelta(days=1, hours=11, minutes=47))
    expect(page.get_by_label("Jour :").locator("[value=wednesday]")).to_have_text(
        "Aujourd'hui (mercredi)"
    )
    expect(page.locator("#forecast-answer")).to_contain_text("vendredi 30 août, 8 h")
    assert card.errors == []


def test_without_a_model_a_sentence_says_so(start_app, visit, monkeypatch, tmp_path):
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    app = start_app(forecasts=False)
    page = visit(app.url, COMPACT).page
    expect(page.locator("#freshness-sentence")).to_contain_text("En attente")
    expect(page.locator("#forecast-strip")).to_be_hidden()
    hour_of(page).select_option("8")
    expect(page.locator("#forecast-answer")).to_contain_text("n'est pas disponible")
