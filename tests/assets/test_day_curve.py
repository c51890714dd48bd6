"""Today's curve in the browser: its lines, sentence and table, on every kind of day."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from services.city.rennes import RENNES
from services.traffic.day_curve import hours_of_day
from tests.assets.scripts import loaded
from tests.components.trees import plain

WIDTH = 400
HEIGHT = 110
CHART = "document.getElementById('day-curve-chart')"
SHAPES = f"{CHART}.children.flatMap(({{ children }}) => children)"
MONDAY = date(2026, 11, 23)
LATEST = datetime(2026, 11, 23, 11, 40, tzinfo=UTC)


def make_day(day=MONDAY, **changes):
    """Usually 18 %; observed at 20 % from midnight on, then 22 %; the peak is at 18 h."""
    hours = [int(hour.timestamp()) for hour in hours_of_day(RENNES, day)]
    observed = [20] * 51 + [None] * (4 * len(hours) - 51)
    ahead = [[at + 1800, 20, 25, 40] for at in hours[13:]]
    ahead[-6][2:] = [64, 90]
    return {
        "version": "a",
        "day": day.isoformat(),
        "start": hours[0],
        "end": hours[-1] + 3600,
        "observed": observed,
        "latest": [int(LATEST.timestamp()), 22],
        "usual": [[10, 18, 30]] * len(hours),
        "ahead": ahead,
    } | changes


@pytest.fixture(params=["fr", "en"])
def page(request):
    scripts = ("app.js", "wording.js", "writing.js", "day_chart.js", "day_curve.js")
    with loaded(*scripts, language=request.param) as page:
        at(page, LATEST + timedelta(minutes=2))
        page.js(f"Object.assign({CHART}, {{ clientWidth: {WIDTH}, clientHeight: {HEIGHT} }}) && 0")
        settings = {"timeZone": "Europe/Paris", "lateAfterSeconds": 600, "dayUrl": "/day/{version}"}
        page.change(settings=settings, texts=page.texts)
        page.language = request.param
        yield page


def at(page, now):
    page.js(
        f"void Object.assign(trafficRennes, {{ freshness: {{ now: () => {now.timestamp()} }} }})"
    )


def sentence(page):
    return plain(page.call("shown", "day-curve-sentence")["text"])


def drawn(page):
    """The shapes of the chart, by their classes."""
    shapes = page.js(
        f"{SHAPES}.map(({{ attributes, textContent }}) => ({{ ...attributes, text: textContent }}))"
    )
    return {shape["class"].split()[-1].split("--")[-1]: shape for shape in shapes}


def labels(page):
    return [
        plain(text)
        for text in page.js(f"{SHAPES}.map(({{ textContent }}) => textContent).filter(Boolean)")
    ]


def points(path):
    return [tuple(map(float, point.split())) for point in re.findall(r"[\d.]+ [\d.]+", path)]


def rows(page):
    return page.js("textOf(document.getElementById('day-curve-rows'))")


SAID_FR = "Congestion +22 % maintenant, +18 % d'habitude ; maximum prévu : +64 % vers 18 h."
SAID_EN = "Congestion is at +22% now, usually +18%; forecast to peak at +64% around 18:00."


def test_the_sentence_says_now_the_usual_and_the_peak(page):
    page.change(day=make_day())
    assert sentence(page) == {"fr": SAID_FR, "en": SAID_EN}[page.language]


def test_no_peak_is_forecast_around_an_hour_that_is_running(page):
    first, *later = make_day()["ahead"]
    page.change(day=make_day(ahead=[[int(LATEST.timestamp()), 20, 30, 40], first, later[0]]))
    assert (
        sentence(page)
        == {
            "fr": "Congestion +22 % maintenant, +18 % d'habitude ;"
            " prévue à +30 % au plus d'ici minuit.",
            "en": "Congestion is at +22% now, usually +18%;"
            " forecast to stay at or below +30% until midnight.",
        }[page.language]
    )


def test_what_was_observed_long_ago_is_told_with_its_time(page):
    at(page, LATEST + timedelta(hours=2))
    page.change(day=make_day(ahead=[]))
    assert (
        sentence(page)
        == {
            "fr": "Congestion +22 % à 12:40, +18 % d'habitude",
            "en": "Congestion was at +22% at 12:40, usually +18%",
        }[page.language]
    )


def test_a_day_of_which_nothing_was_observed_has_its_forecast(page):
    page.change(day=make_day(latest=None, observed=[None] * 96, usual=[None] * 24))
    assert sentence(page).startswith(
        {"fr": "Maximum prévu", "en": "Forecast to peak"}[page.language]
    )
    shapes = drawn(page)
    assert (shapes["observed"]["d"], shapes["usual"]["d"]) == ("", "")
    assert shapes["forecast"]["d"] != ""


def named(page):
    """The lines that the legend names."""
    lines = ("observed", "usual", "forecast")
    return [line for line in lines if not page.call("shown", f"day-curve-legend-{line}")["hidden"]]


def test_the_legend_names_the_lines_that_there_are(page):
    page.change(day=make_day())
    assert named(page) == ["observed", "usual", "forecast"]
    page.change(day=make_day(usual=[None] * 24))
    assert named(page) == ["observed", "forecast"]
    page.change(day=make_day(ahead=[]))
    assert named(page) == ["observed", "usual"]
    page.change(day=None)
    assert named(page) == []


def test_lines_go_from_left_to_right_and_what_is_more_is_higher(page):
    page.change(day=make_day())
    shapes = drawn(page)
    observed, usual, forecast = (
        points(shapes[name]["d"]) for name in ("observed", "usual", "forecast")
    )
    for line in (observed, usual, forecast):
        assert line == sorted(line, key=lambda point: point[0])
        assert all(0 <= x <= WIDTH for x, _ in line)
    # 22 % after 20 %, and the peak above all; where one ends the other begins.
    assert observed[-1][1] < observed[0][1]
    assert min(forecast, key=lambda point: point[1])[0] > observed[-1][0]
    assert forecast[0] == observed[-1]
    assert usual[0][0] < observed[0][0]


def test_a_line_is_broken_where_nothing_was_observed(page):
    day = make_day()
    day["observed"][10:20] = [None] * 10
    page.change(day=day)
    assert drawn(page)["observed"]["d"].count("M") == 2


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (MONDAY, 24)]
)
def test_the_axis_has_the_hours_of_the_city_whatever_the_clocks_do(page, day, hours):
    at(page, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    page.change(day=make_day(day, latest=None))
    word = {"fr": "{} h", "en": "{}:00"}[page.language]
    assert [text for text in labels(page) if "%" not in text] == [
        word.format(hour) for hour in (0, 6, 12, 18, 24)
    ]
    assert len(rows(page)) == hours


def test_levels_are_written_as_people_write_percentages(page):
    page.change(day=make_day())
    found = [text for text in labels(page) if "%" in text]
    assert (
        found
        == {
            "fr": ["0 %", "+50 %", "+100 %"],
            "en": ["0%", "+50%", "+100%"],
        }[page.language]
    )


def test_the_table_says_the_same(page):
    page.change(day=make_day())
    found = [[plain(cell) for cell in row] for row in rows(page)]
    hour = {"fr": "{} h", "en": "{}:00"}[page.language]
    more, band = {
        "fr": ("+{} %", "+64 % (de +20 % à +90 %)"),
        "en": ("+{}%", "+64% (+20% to +90%)"),
    }[page.language]
    assert found[0] == [hour.format(0), more.format(20), more.format(18), "—"]
    assert found[18] == [hour.format(18), "—", more.format(18), band]


def test_the_mark_stands_at_the_moment_of_the_page(page):
    page.change(day=make_day(), moment={"kind": "now"})
    now = points(drawn(page)["observed"]["d"])[-1][0]

    def mark():
        return float(drawn(page)["day-curve-moment"]["d"][1:].split()[0])

    assert mark() == now
    page.change(moment={"kind": "ahead", "minutes": 60})
    hour_wide = mark() - now
    assert hour_wide == pytest.approx((WIDTH - 62) / 24, abs=0.2)
    page.change(moment={"kind": "hour", "date": MONDAY.isoformat(), "hour": 18})
    # From 12:40 to the middle of the hour.
    assert mark() - now == pytest.approx(hour_wide * (5 + 50 / 60), abs=0.5)
    page.change(moment={"kind": "hour", "date": "2026-11-24", "hour": 18})
    assert "day-curve-moment" not in drawn(page)


def test_a_day_that_is_over_is_not_shown_as_today(page):
    page.change(day=make_day())
    at(page, LATEST + timedelta(hours=12))
    page.js("void trafficRennes.day.follow(undefined)")
    assert sentence(page) == page.texts["day_curve"]["waiting"]
    assert (drawn(page), rows(page)) == ({}, [])


def test_a_version_is_fetched_once_and_told_to_the_next_refresh(page):
    page.js(
        "void Object.assign(trafficRennes, { dayCurve: async (version) => {"
        f" globalThis.told.push(version); return {{ ...{json.dumps(make_day())}, version }}; }} }})"
    )
    assert page.js("trafficRennes.day.version()") is None
    page.js("void trafficRennes.day.follow('b')")
    page.js("void trafficRennes.day.follow(undefined)")
    assert page.js("[trafficRennes.day.version(), told]") == ["b", ["b"]]
