"""What a view of Tendances shows, taken away by the browser: files, pictures, paper."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from services.plain.trends.asking import Done, Running
from services.plain.trends.export import ExportAnswer, ExportQuery
from services.plain.trends.report import ReportQuery
from services.web.trends_client import TrendsClient
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, axe_problems
from tests.components.trends.test_report import answer

pytestmark = BROWSER_TEST

ROW, STATE = "#trends-exports", ".trends-exports-state"
FIGURES = ".trends-report .main-svg"
BODY = "\ufeffplace;mean_s\r\nzone:rocade;90.0\r\n".encode()
# A4 in points.
A4 = (595, 842)
BEYOND = """() => [...document.querySelectorAll(".trends-report *")]
    .filter((element) => element.checkVisibility() && !element.closest(".quality-scroll"))
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
    .map((element) => element.className)"""


@pytest.fixture
def asked(monkeypatch):
    """A report is there at once, its file the second time that it is asked for."""
    queries = []

    def ask(_self, query, wait_s=0.0, asker=""):
        queries.append(query)
        if isinstance(query, ReportQuery):
            return Done(answer())
        if not isinstance(query, ExportQuery):
            return Running(0, 0)
        is_first = sum(isinstance(one, ExportQuery) for one in queries) == 1
        return Running(1, 2) if is_first else Done(ExportAnswer(BODY, 1))

    monkeypatch.setattr(TrendsClient, "ask", ask)
    return queries


@pytest.fixture
def report(asked, live_app, visit):
    def open_report(size=DESKTOP, **options):
        url = f"{live_app.url}tendances/?vue=rapport&lieu=zone:rocade&du=2026-11-02&au=2026-11-15"
        page = visit(f"{url}&lang=fr", size, **options)
        expect(page.page.locator(ROW)).to_be_visible()
        expect(page.page.locator(FIGURES).first).to_be_visible()
        return page

    return open_report


def test_a_file_is_fetched_once_it_is_made(report, asked):
    page = report()
    with page.page.expect_download() as download:
        page.page.click(f"{ROW} [data-export=csv]")
    name = "tendances-rapport-zone-rocade-2026-11-02-2026-11-15-tous.csv"
    assert download.value.suggested_filename == name
    assert Path(download.value.path()).read_bytes() == BODY
    expect(page.page.locator(STATE)).to_have_text("Le fichier est là.")
    exports = [one for one in asked if isinstance(one, ExportQuery)]
    assert [(one.view, one.form, one.language) for one in exports] == [("rapport", "csv", "fr")] * 2
    # That it was not there yet is no error.
    assert page.errors == []


def test_a_picture_is_light_whatever_the_page_is(report):
    page = report(color_scheme="dark")
    with page.page.expect_download() as download:
        page.page.click(f"{ROW} [data-export=png]")
    picture = Image.open(BytesIO(Path(download.value.path()).read_bytes())).convert("RGB")
    assert picture.size == (2560, 1440)
    assert picture.getpixel((5, 5)) == (255, 255, 255)
    # Title, caption and source have ink.
    for top, bottom in ((24, 76), (84, 126), (146, 190)):
        darkest, _ = picture.crop((150, top, 1500, bottom)).convert("L").getextrema()
        assert darkest < 140


def test_a_report_is_printed_on_a4_without_what_is_around_it(report):
    page = report(color_scheme="dark")
    pdf = page.page.pdf(prefer_css_page_size=True, print_background=True)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {A4}
    assert 3 <= len(sizes) <= 6
    page.page.emulate_media(media="print")
    for selector in (ROW, "#trends-views", ".site-nav", ".trends-settings"):
        expect(page.page.locator(selector).first).not_to_be_visible()
    expect(page.page.locator(".trends-report h2").first).to_be_visible()


def test_a_report_fits_a_phone_and_whoever_reads_it(report):
    page = report(PHONE)
    assert page.js(BEYOND) == []
    assert axe_problems(page.page) == []
