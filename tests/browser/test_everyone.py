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
    axe_problems_of_words,
)
from tests.browser.test_exploitation import add_incident

pytestmark = BROWSER_TEST

PASSWORD = "Good-velo-42-bleu"
SIZES = (DESKTOP, PHONE)
# Colours and sizes are looked at in the first one, words in all of them.
LANGUAGE, *OTHER_LANGUAGES = languages()
# But for the map's.
PUBLIC = ("qualite", "camera", "confidentialite", "accessibilite", "licences", "nowhere")
OPERATORS = ("exploitation/", "exploitation/regles", "exploitation/modeles")


@pytest.fixture(scope="module")
def app(start_shared_app):
    app = start_shared_app(monitor_level="0", dashboard_password=PASSWORD)
    add_incident(app, "first")
    return app


def look(page: Page, where: str, *changed: str) -> dict[str, list[Problem]]:
    """What axe finds on a page as it is, in either theme: in the dark where it has changed."""
    # The themes are colours alone. Without motion: on their way they are neither.
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = {f"{where}, light": axe_problems(page)}
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found[f"{where}, dark"] = axe_problems_of_colour(page, *changed)
    return {place: problems for place, problems in found.items() if problems}


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def read(page: Page, where: str) -> dict[str, list[Problem]]:
    """What axe finds on a page as it is in both sizes, but for colours."""
    found = {}
    for size in SIZES:
        resize(page, size)
        found[f"{where}, {size[0]} px"] = axe_problems_of_words(page)
    resize(page, DESKTOP)
    return {place: problems for place, problems in found.items() if problems}


def states_of_the_map_page(app, page):
    """Shows one state after the other: its name, and the parts that it changes."""
    page.until_painted(app.publish(Status.CONGESTED))
    yield "map", ()
    page.page.locator(".explained summary").first.click()
    page.page.locator('a[href="#all-stretches-summary"]').press("Enter")
    expect(page.page.locator("#stretch-rows tr")).to_have_count(len(app.network.stretches))
    page.page.locator(".find-field").fill("rocade")
    expect(page.page.locator("[role=listbox] [role=option]").first).to_be_visible()
    yield "opened and found", (".explained", "#stretch-rows", "#find")
    page.page.keyboard.press("Escape")
    page.page.locator("#worst-0").click()
    expect(page.page.locator("#panel-place")).to_be_visible()
    yield "road", ("#panel",)


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_the_map_page(app, visit, size):
    page = visit(f"{app.url}?lang={LANGUAGE}", size, bypass_csp=True)
    found = {}
    for state, changed in states_of_the_map_page(app, page):
        found |= look(page.page, state, *changed)
    assert found == {}


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_axe_finds_nothing_on_the_map_page_in_another_language(app, visit, language):
    page = visit(f"{app.url}?lang={language}", DESKTOP, bypass_csp=True)
    found = {}
    for state, _ in states_of_the_map_page(app, page):
        found |= read(page.page, state)
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
        if language != LANGUAGE:
            found.update(read(page, path))
            return
        for size in SIZES:
            resize(page, size)
            found.update(look(page, f"{path}, {size[0]} px"))

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
