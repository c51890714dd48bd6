"""What addresses of the scan, of travel times and of bottlenecks ask, and what makes no sense."""

from __future__ import annotations

from datetime import date

import pytest

from callbacks.pages.trends import bottlenecks, page, scan, trip
from callbacks.pages.trends.page_view import Asked, RouteNeeded
from components.trends.trip import GRAPH_ID
from services.base.errors import InvalidRequest
from services.base.texts import load_texts
from services.plain.trends.bottlenecks import BottlenecksQuery
from services.plain.trends.common import Period
from services.plain.trends.scan import ScanQuery
from services.plain.trends.trip import TripQuery
from tests.components.trees import ids_of, plain, text_of, walk
from tests.components.trends.test_trip import ANSWER as TRIP
from tests.services.trends.straight_road import PLACE, straight_road

TODAY = date(2026, 11, 30)
FR = load_texts("fr")


@pytest.fixture(scope="module")
def network():
    return straight_road()


@pytest.fixture
def asked(network):
    return lambda **parts: Asked(parts, network, TODAY)


def test_a_scan_is_of_a_day_or_of_a_period_where_one_is_named(asked):
    assert scan.VIEW.query(asked(lieu=PLACE)) == ScanQuery(PLACE, TODAY)
    of_period = asked(lieu=PLACE, jour="2026-11-26", du="2026-11-02", au="2026-11-15", jours="we")
    assert scan.VIEW.query(of_period) == ScanQuery(
        PLACE, date(2026, 11, 26), Period(date(2026, 11, 2), date(2026, 11, 15), "we")
    )
    assert "du 02/11/2026 au 15/11/2026" in plain(scan.VIEW.heading(FR, of_period))
    assert "jeudi 26 novembre" in plain(scan.VIEW.heading(FR, asked(lieu=PLACE, jour="2026-11-26")))


def test_when_one_leaves_and_between_which_hours_is_no_other_question(asked):
    """One answer has all departures of the day."""
    address = asked(lieu=PLACE, depart="08:15", h1="07:00", h2="09:30")
    assert trip.VIEW.query(address) == TripQuery(PLACE, TODAY)


@pytest.mark.parametrize("parts", [{}, {"lieu": "reseau"}, {"lieu": "zone:rocade"}])
@pytest.mark.parametrize("view", [scan.VIEW, trip.VIEW])
def test_without_a_route_the_routes_that_there_are_are_offered(asked, view, parts):
    with pytest.raises(RouteNeeded):
        view.query(asked(**parts))
    shown = page.answered(None, FR, [view], asked(**parts, vue=view.name))
    assert plain(FR["trends_problem"]["route_needed"]) in text_of(shown.result)
    links = [node.href for node in walk(shown.result) if getattr(node, "href", None)]
    assert links == [f"?vue={view.name}&lieu={PLACE}"]
    assert shown.is_over


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({"depart": "25:00"}, "depart"),
        ({"depart": "huit"}, "depart"),
        ({"h1": "9"}, "h1"),
        ({"h1": "10:00", "h2": "09:00"}, "h2"),
        ({"h1": "10:00"}, "h2"),
    ],
)
def test_times_that_make_no_sense_are_refused(asked, parts, wrong):
    with pytest.raises(InvalidRequest) as refused:
        trip.VIEW.query(asked(lieu=PLACE, **parts))
    assert refused.value.parameter == wrong


def test_the_window_of_the_controls_is_the_one_in_force(asked):
    shown = trip.VIEW.in_force(TODAY)
    assert (shown["h1"], shown["h2"]) == ("07:00", "09:30")
    tree = trip.VIEW.build(FR, TRIP, asked(lieu=PLACE))
    assert "Entre 7 h et 9 h 30" in text_of(tree)
    assert GRAPH_ID in ids_of(tree)


def test_a_colour_that_there_is_none_of_is_refused(asked):
    with pytest.raises(InvalidRequest, match="couleur"):
        scan.VIEW.query(asked(lieu=PLACE, couleur="bleu"))


def test_bottlenecks_are_of_the_whole_network_and_the_last_four_weeks_at_first(asked):
    assert bottlenecks.VIEW.query(asked(tete="47060")) == BottlenecksQuery(
        "reseau", Period(date(2026, 11, 2), date(2026, 11, 29))
    )
    shown = bottlenecks.VIEW.in_force(TODAY)
    assert (shown["du"], shown["au"]) == ("2026-11-02", "2026-11-29")


def test_bottlenecks_of_a_zone_are_offered_as_those_of_its_routes(asked):
    """Queues are those of a route: nobody is told that their dates make no sense."""
    with pytest.raises(RouteNeeded):
        bottlenecks.VIEW.query(asked(lieu="zone:rocade"))
    found = bottlenecks.VIEW.query(asked(lieu=PLACE))
    assert (found.place, found.period.last) == (PLACE, date(2026, 11, 29))
