"""What addresses of reliability, before and after, and cost ask; and what is wrong with them."""

from __future__ import annotations

from datetime import date

import pytest

from callbacks.pages.trends import before_after, cost, reliability
from callbacks.pages.trends.page_view import Asked
from services.base.errors import InvalidRequest
from services.base.texts import load_texts
from services.plain.trends.before_after import BeforeAfterQuery
from services.plain.trends.common import Period
from services.plain.trends.cost import CostQuery
from services.plain.trends.reliability import ReliabilityQuery
from tests.factories import make_network

TODAY = date(2026, 11, 30)


@pytest.fixture(scope="module")
def network():
    return make_network()


@pytest.fixture
def asked(network):
    return lambda **parts: Asked(parts, network, TODAY)


def test_reliability_is_of_all_days_of_a_period_whatever_days_another_view_kept(asked):
    address = asked(lieu="reseau", du="2026-11-01", au="2026-11-15", jours="we")

    assert reliability.VIEW.query(address) == ReliabilityQuery(
        "reseau", date(2026, 11, 1), date(2026, 11, 15)
    )


def test_cost_is_of_the_four_weeks_up_to_yesterday_where_nothing_is_asked(asked):
    assert cost.VIEW.query(asked(jours="ouvres")) == CostQuery(
        "reseau", Period(date(2026, 11, 2), date(2026, 11, 29), "ouvres")
    )


def test_before_and_after_are_the_last_four_weeks_and_those_before_at_first(asked):
    assert before_after.VIEW.query(asked()) == BeforeAfterQuery(
        "reseau",
        Period(date(2026, 10, 5), date(2026, 11, 1)),
        Period(date(2026, 11, 2), date(2026, 11, 29)),
        7.0,
        9.0,
    )
    # As the controls show it.
    shown = before_after.VIEW.in_force(TODAY)
    assert (shown["du"], shown["au"], shown["du2"], shown["au2"]) == (
        "2026-10-05", "2026-11-01", "2026-11-02", "2026-11-29",
    )  # fmt: skip


def test_both_periods_their_days_hours_and_the_detour_are_in_the_address(asked):
    address = asked(
        lieu="corridor:rocade", lieu2="corridor:boulevards", du="2026-09-01", au="2026-09-28",
        du2="2026-10-01", au2="2026-10-28", jours="ouvres", h1="16:30", h2="00:00",
    )  # fmt: skip

    found = before_after.VIEW.query(address)

    assert found.before == Period(date(2026, 9, 1), date(2026, 9, 28), "ouvres")
    assert found.after == Period(date(2026, 10, 1), date(2026, 10, 28), "ouvres")
    assert (found.place, found.detour) == ("corridor:rocade", "corridor:boulevards")
    # Midnight is the end of the day.
    assert (found.from_hour, found.to_hour) == (16.5, 24.0)


@pytest.mark.parametrize("wrong", ["25:00", "7", "noon", "07:60", "-1:00", ""])
def test_a_time_that_no_clock_shows_is_refused(asked, wrong):
    with pytest.raises(InvalidRequest, match="h1"):
        before_after.VIEW.query(asked(h1=wrong))


def test_the_heading_names_both_periods(asked):
    heading = before_after.VIEW.heading(load_texts("en"), asked(jours="ouvres"))

    assert "05/10/2026 to 01/11/2026, then 02/11/2026 to 29/11/2026 (working days)" in heading
