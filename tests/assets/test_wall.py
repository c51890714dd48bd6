"""When a wall turns to the forecast, and when it loads itself anew."""

from __future__ import annotations

import pytest

from services.city.rennes import RENNES
from tests.assets.scripts import loaded

HOUR_MS = 3_600_000
# 12:47 and 4:12 of the next night in Rennes.
NOON, NIGHT = 1_724_669_220, 1_724_724_720
AHEAD = {"kind": "ahead", "minutes": 30}
NOW = {"kind": "now"}


@pytest.fixture
def page():
    with loaded("app.js", "wording.js", "wall.js") as page:
        page.change(settings={"timeZone": RENNES.time_zone.key}, texts=page.texts, moment=NOW)
        page.js("void (trafficRennes.moment = { NOW: { kind: 'now' } })")
        yield page


def says(
    page,
    *,
    at=NOON,
    is_current=True,
    is_unreachable=False,
    next_hour="ready",
    lacks_script=False,
):
    """What the other parts of the page tell."""
    flags = f"isCurrent: {str(is_current).lower()}, isUnreachable: {str(is_unreachable).lower()}"
    page.js(f"void (trafficRennes.freshness = {{ now: () => {at}, told: () => ({{ {flags} }}) }})")
    lacks = str(lacks_script).lower()
    page.js(f"void (trafficRennes.mapStart = {{ lacksScript: () => {lacks} }})")
    page.js(f"void (trafficRennes.nowcast = {{ told: () => ({{ kind: '{next_hour}' }}) }})")


def test_it_turns_between_now_and_half_an_hour_ahead(page):
    says(page)
    assert page.call("trafficRennes.wall.nextMoment") == AHEAD
    page.change(moment=AHEAD)
    assert page.call("trafficRennes.wall.nextMoment") == NOW


@pytest.mark.parametrize("told", [{"next_hour": "outdated"}, {"is_current": False}])
def test_it_stays_at_now_without_a_forecast_or_data_of_now(page, told):
    says(page, **told)
    assert page.call("trafficRennes.wall.nextMoment") == NOW


@pytest.mark.parametrize(
    ("told", "age_hours", "is_due"),
    [
        ({"at": NOON}, 100, False),
        ({"at": NIGHT}, 13, True),
        # Not twice a night.
        ({"at": NIGHT}, 0.5, False),
        ({"is_unreachable": True}, 0.5, True),
        ({"is_unreachable": True}, 0.2, False),
        ({"lacks_script": True}, 0.1, True),
        ({"lacks_script": True}, 0.04, False),
    ],
)
def test_it_loads_itself_anew_at_night_and_where_only_the_refresh_fails(
    page, told, age_hours, is_due
):
    says(page, **told)
    assert page.call("trafficRennes.wall.isDue", age_hours * HOUR_MS) is is_due


def test_it_loads_itself_anew_where_the_server_went_away_while_it_was_loaded(page):
    page.change(texts=None, settings=None)
    due = [page.call("trafficRennes.wall.isDue", hours * HOUR_MS) for hours in (0.2, 0.5)]
    assert due == [False, True]


def test_other_visitors_see_no_wall(page):
    assert page.js("trafficRennes.isWall") is False
