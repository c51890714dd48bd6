"""Every page, in both languages, on a desktop and a phone, light and dark: axe finds nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from services.base.texts import languages
from services.traffic.status import Status
from tests.browser.conftest import (
    BROWSER_TEST,
    DESKTOP,
    PHONE,
    Problem,
    axe_problems,
    axe_problems_of_colour,
)
from tests.browser.test_exploitation import add_incident

pytestmark = BROWSER_TEST

PASSWORD = "Good-velo-42-bleu"
SIZES = (DESKTOP, PHONE)
# But for the map's.
PUBLIC = ("qualite", "camera", "confidentialite", "accessibilite", "licences", "nowhere")
OPERATORS = ("exploitation/", "exploitation/regles", "exploitation/modeles")


@pytest.fixture(scope="module")
def app(start_shared_app):
    app = start_shared_app(monitor_level="0", dashboard_password=PASSWORD)
    add_incident(app, "first")
    return app


def look(page: Page, where: str) -> dict[str, list[Problem]]:
    """What axe finds on a page as it is, in either theme."""
    found = {}
    # The themes are colours alone. Without motion: on their way they are neither.
    for theme, problems in (("light", axe_problems), ("dark", axe_problems_of_colour)):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found[f"{where}, {theme}"] = problems(page)
    return {place: problems for place, problems in found.items() if problems}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", languages())
def test_axe_finds_nothing_on_the_map_page(app, visit, language, size):
    page = visit(f"{app.url}?lang={language}", size, bypass_csp=True)
    page.until_painted(app.publish(Status.CONGESTED))
    found = look(page.page, "map")
    page.page.locator(".explained summary").first.click()
    page.page.locator('a[href="#all-stretches-summary"]').press("Enter")
    expect(page.page.locator("#stretch-rows tr")).to_have_count(len(app.network.stretches))
    page.page.locator(".find-field").fill("rocade")
    expect(page.page.locator("[role=listbox] [role=option]").first).to_be_visible()
    found |= look(page.page, "opened and found")
    page.page.keyboard.press("Escape")
    page.page.locator("#worst-0").click()
    expect(page.page.locator("#panel-place")).to_be_visible()
    found |= look(page.page, "road")
    assert found == {}


def test_axe_finds_nothing_on_a_wall(app, visit):
    page = visit(f"{app.url}?mur", DESKTOP, bypass_csp=True)
    page.until_painted(app.publish(Status.CONGESTED))
    expect(page.page.locator("#wall-clock")).to_have_text(re.compile(r"\d\d:\d\d"))
    assert look(page.page, "wall") == {}


@pytest.mark.parametrize("language", languages())
def test_axe_finds_nothing_on_the_other_pages(app, visit, language):
    page = visit("about:blank", bypass_csp=True).page
    found = {}

    def look_in_both_sizes(path):
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            found.update(look(page, f"{path}, {width} px"))

    def open_page(path):
        page.goto(f"{app.url}{path}?lang={language}")
        # What is shown before Dash is there answers nothing yet, and says so.
        expect(page.locator("#first-paint")).to_have_count(0)
        expect(page.locator("main h1")).to_be_visible()

    for path in (*PUBLIC, "connexion"):
        open_page(path)
        if path == "camera":
            # Its script names the field that Dash makes.
            expect(page.locator("input[type=file]")).to_have_attribute(
                "aria-label", re.compile(r"\w")
            )
        look_in_both_sizes(path)
    page.fill("#name", "admin")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    expect(page.locator("#password")).to_have_count(0)
    for path in OPERATORS:
        open_page(path)
        look_in_both_sizes(path)
    assert found == {}
