"""Scan, travel time and bottlenecks of Tendances: pointed at, chosen, and looked at by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from services.plain.trends.asking import Away, Done, view_of
from services.traffic.status import Status
from services.web.trends_client import TrendsClient
from tests.browser.conftest import BROWSER_TEST, COMPACT, PHONE, serious_problems
from tests.components.trends import test_bottlenecks, test_scan, test_trip

pytestmark = BROWSER_TEST

ANSWERS = {
    "scan": test_scan.ANSWER,
    "trajet": test_trip.ANSWER,
    "bouchons": test_bottlenecks.ANSWER,
}


@pytest.fixture
def tendances(live_app, visit, monkeypatch):
    """Opens an address of the page, whose archive answers at once."""

    def ask(_client, query, *_more):
        found = ANSWERS.get(view_of(type(query)))
        return Away() if found is None else Done(found)

    monkeypatch.setattr(TrendsClient, "ask", ask)
    live_app.publish(Status.FREE_FLOW)
    route = f"troncon:{live_app.network.stretches[0].key}"

    def open_view(view, size=COMPACT):
        place = "" if view == "bouchons" else f"&lieu={route}"
        page = visit(f"{live_app.url}tendances/?vue={view}{place}", size)
        expect(page.page.locator("#trends-result .subpage-card").first).to_be_visible()
        return page

    return open_view


def test_a_cell_is_read_out_and_told_by_mouse_and_by_keyboard(tendances):
    page = tendances("scan")
    page.js("() => { window.told = []; }")
    page.js("() => document.addEventListener('trends:cell', ({ detail }) => told.push(detail))")
    plot, cell = page.page.locator("#trends-scan .nsewdrag"), page.page.locator("#trends-scan-cell")
    expect(cell).to_contain_text("Pointez")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    # The last of four quarters, in the lower third: the first segment. Plotly hears of moves.
    for share in (0.85, 0.9):
        plot.hover(position={"x": box["width"] * share, "y": box["height"] * 0.9}, force=True)
    expect(cell).to_contain_text("23 h 45, entre Sud et Pont : 5 km/h, 10")
    start_s = int(test_scan.ANSWER.start.timestamp())
    assert page.js("() => told.at(-1)") == {
        "segment": 7, "epoch_s": start_s + 2_700, "by": "scan",
    }  # fmt: skip

    page.page.locator("#trends-scan-time").press("Home")
    expect(cell).to_contain_text("23 h, ")
    page.page.locator("#trends-scan-place").press("End")
    expect(cell).to_contain_text("23 h, entre Pont et Nord : 30 km/h")
    assert page.js("() => told.at(-1).segment") == 3


def test_a_line_stands_at_the_time_that_another_part_looks_at(tendances):
    page = tendances("scan")
    shapes = "() => document.querySelector('#trends-scan .js-plotly-plot')?.layout?.shapes?.length"
    page.until(lambda: page.js(shapes) == 2, "the outlines")
    at_s = int(test_scan.ANSWER.start.timestamp()) + 1_800
    tell = "new CustomEvent('trends:time', { detail: { epoch_s, by: 'replay' } })"
    page.js(f"(epoch_s) => document.dispatchEvent({tell})", at_s)
    page.until(lambda: page.js(shapes) == 4, "the line and its core")
    place = "() => document.querySelector('#trends-scan .js-plotly-plot').layout.shapes.at(-1).x0"
    assert page.js(place) == 2
    page.js(f"(epoch_s) => document.dispatchEvent({tell})", at_s + 1_800)
    page.until(lambda: page.js(place) == 4, "the line moved")
    assert page.js(shapes) == 4


def test_bottlenecks_sort_and_the_chosen_one_is_told_and_kept_in_the_address(tendances):
    page = tendances("bouchons")
    page.until(lambda: ranks(page) == ["1", "2"], "the table")
    page.page.get_by_role("columnheader", name="Perdu").click()
    page.until(lambda: ranks(page) == ["2", "1"], "the cheapest first")
    assert page.js(BROKEN_WORDS) == []
    detail = page.page.locator("#trends-bottleneck")
    expect(detail).to_contain_text("Le plus souvent à 8 h")
    page.page.locator('.ag-row[row-id="b"] .ag-cell[col-id="hours"]').click()
    expect(detail).to_contain_text("Le plus souvent à 12 h")
    page.until(lambda: "tete=b" in page.page.url, "the address")
    page.page.reload()
    expect(detail).to_contain_text("Le plus souvent à 12 h")


BROKEN_WORDS = """() =>
  [...document.querySelectorAll(".ag-header-cell-text")].flatMap(({ firstChild: text }) =>
    [...text.data.matchAll(/\\S+/g)].flatMap(({ 0: word, index }) => {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      return range.getClientRects().length === 1 ? [] : [word];
    }),
  )"""
"""Of the table's headings, those that go over two lines."""


def ranks(page):
    """By where the rows stand, and not by their order in the document."""
    return page.js(
        "() => [...document.querySelectorAll('.ag-center-cols-container .ag-row')]"
        ".sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)"
        ".map((row) => row.querySelector('[col-id=\"rank\"]').innerText)"
    )


@pytest.mark.parametrize("view", ["scan", "trajet", "bouchons"])
def test_on_a_phone_nothing_keeps_anybody_out_and_nothing_is_cut_off(tendances, view):
    page = tendances(view, PHONE)
    expect(page.page.locator("#trends-result .js-plotly-plot").first).to_be_visible()
    assert serious_problems(page.page, "#trends-result") == []
    assert page.js("() => document.documentElement.scrollWidth <= window.innerWidth")
