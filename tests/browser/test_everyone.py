"""Every page, in both languages, on a desktop and a phone, light and dark: axe finds nothing."""

from __future__ import annotations

import re
from itertools import product

import pytest
from playwright.sync_api import expect

from services.base.texts import languages
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, axe_problems
from tests.browser.test_exploitation import add_incident

pytestmark = BROWSER_TEST

PASSWORD = "Good-velo-42-bleu"
COMBINATIONS = list(product(languages(), (DESKTOP, PHONE)))
THEMES = ("light", "dark")
# But for the map's.
PUBLIC = ("qualite", "camera", "confidentialite", "accessibilite", "licences", "nowhere")
OPERATORS = ("exploitation/", "exploitation/regles", "exploitation/modeles")


@pytest.fixture(scope="module")
def app(start_shared_app):
    app = start_shared_app(monitor_level="0", dashboard_password=PASSWORD)
    add_incident(app, "first")
    return app


@pytest.mark.parametrize(("language", "size"), COMBINATIONS)
def test_axe_finds_nothing(app, visit, language, size):
    query = f"?lang={language}"
    page = visit(f"{app.url}{query}", size, bypass_csp=True)
    found = {}

    def look(where):
        for theme in THEMES:
            # Without motion: colours on their way from one theme to the other are neither.
            page.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found[f"{where}, {theme}"] = axe_problems(page.page)

    page.until_painted(app.publish(Status.CONGESTED))
    look("map")
    page.page.locator(".find-field").fill("rocade")
    expect(page.page.locator("[role=listbox] [role=option]").first).to_be_visible()
    look("map, found")
    page.page.keyboard.press("Escape")
    page.page.locator(".explained summary").first.click()
    page.page.locator('a[href="#all-stretches-summary"]').press("Enter")
    expect(page.page.locator("#stretch-rows tr")).to_have_count(len(app.network.stretches))
    look("map, opened")
    page.page.locator("#worst-0").click()
    expect(page.page.locator("#panel-place")).to_be_visible()
    look("map, road")

    for path in (*PUBLIC, "connexion"):
        page.page.goto(f"{app.url}{path}{query}")
        # What is shown before Dash is there answers nothing yet, and says so.
        expect(page.page.locator("#first-paint")).to_have_count(0)
        expect(page.page.locator("main h1")).to_be_visible()
        if path == "camera":
            # Its script names the field that Dash makes.
            expect(page.page.locator("input[type=file]")).to_have_attribute(
                "aria-label", re.compile(r"\w")
            )
        look(path)
    page.page.fill("#name", "admin")
    page.page.fill("#password", PASSWORD)
    page.page.press("#password", "Enter")
    expect(page.page.locator("#password")).to_have_count(0)
    for path in OPERATORS:
        page.page.goto(f"{app.url}{path}{query}")
        # What is shown before Dash is there answers nothing yet, and says so.
        expect(page.page.locator("#first-paint")).to_have_count(0)
        expect(page.page.locator("main h1")).to_be_visible()
        look(path)
    assert {where: problems for where, problems in found.items() if problems} == {}
