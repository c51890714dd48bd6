from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.city.rennes import RENNES
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import check_reply
from services.observe.feeds.roadworks import check_roadworks
from services.traffic.placed_roadworks import likely_causes, place_roadworks
from services.traffic.roadworks import make_list
from tests.conftest import REAL_DATA
from tests.factories import OBSERVED_AT
from tests.roadworks_replies import DAY, make_measure, make_roadwork
from tests.services.traffic.test_road_matching import (
    ACROSS,
    BESIDE,
    EAST,
    FURTHER,
    WEST,
    at,
    line,
    point,
    street_network,
)

ONE_DAY = timedelta(days=1)
ON_VERN = line((20, 0), (180, 0))


def placed_on(day, *roadworks):
    return place_roadworks(make_list("live", OBSERVED_AT, roadworks), street_network(), day)


def test_those_of_the_day_come_first_and_those_that_are_over_not_at_all():
    placed = placed_on(
        DAY,
        make_roadwork("slight", make_measure(level="none")),
        make_roadwork("closed", make_measure(level="avoid", last_day=DAY + ONE_DAY)),
        make_roadwork("over", make_measure(first_day=DAY - ONE_DAY, last_day=DAY - ONE_DAY)),
        make_roadwork(
            "later", make_measure(first_day=DAY + 3 * ONE_DAY, last_day=DAY + 9 * ONE_DAY)
        ),
        make_roadwork("soon", make_measure(first_day=DAY + ONE_DAY, last_day=DAY + 9 * ONE_DAY)),
    )
    assert [one.roadwork.event_id for one in placed] == ["closed", "slight", "soon", "later"]
    assert [one.is_active for one in placed] == [True, True, False, False]


def test_the_measures_of_a_site_count_together():
    elsewhere = make_measure(
        point(206, 40), "limited", last_day=DAY + ONE_DAY, place="Rue de Châteaugiron"
    )
    [one] = placed_on(DAY, make_roadwork("1", elsewhere, make_measure(ON_VERN, "avoid")))
    assert one.segments == (EAST, WEST, ACROSS)
    assert one.level == "avoid"
    assert one.place == "Rue de Vern ; Rue de Châteaugiron"
    [one] = placed_on(DAY, make_roadwork("1", elsewhere, make_measure(ON_VERN, "avoid", place="")))
    assert one.place == "Rue de Châteaugiron"
    assert (one.first_day, one.last_day) == (DAY, DAY + ONE_DAY)
    # In the middle of the worst one.
    lon, lat = at(100, 0)
    assert abs(one.point[0] - lon) + abs(one.point[1] - lat) < 1e-5


def test_what_has_no_geometry_is_told_and_lies_nowhere():
    [one] = placed_on(DAY, make_roadwork("1"))
    assert (one.segments, one.point) == ((), None)


def test_a_cause_is_on_the_stretch_active_and_may_slow_the_traffic():
    network = street_network()
    told = {
        "none": make_measure(ON_VERN, "none"),
        "night": make_measure(ON_VERN, "night"),
        "coming": make_measure(ON_VERN, "avoid", first_day=DAY + ONE_DAY, last_day=DAY + ONE_DAY),
        "worse": make_measure(line((20, 60), (180, 60)), "difficult"),
        "lesser": make_measure(line((200, 60), (380, 60)), "limited"),
        "unknown": make_measure(line((220, 0), (380, 0)), "unknown"),
    }
    placed = placed_on(DAY, *(make_roadwork(name, one) for name, one in told.items()))
    causes = {
        segment: placed[place].roadwork.event_id
        for segment, place in likely_causes(placed, network).items()
    }
    # The works on one half of the street may be why the other one is slow; not against its way.
    assert causes == {EAST: "unknown", FURTHER: "unknown", BESIDE: "worse"}


@pytest.mark.realdata
def test_real_roadworks_are_on_the_streets_that_they_name():
    body = (REAL_DATA / "roadworks-2026-08-20.json").read_bytes()
    told = check_roadworks(body, city=RENNES, source="live", received_at=OBSERVED_AT).told
    feed = DemoFeed()
    network = check_reply(
        feed.reply(OBSERVED_AT), city=RENNES, source="demo", received_at=OBSERVED_AT
    ).network
    streets = {
        one.place: {str(network.names[segment]) for segment in one.segments}
        for one in place_roadworks(told, network, date(2026, 8, 20))
    }
    assert streets == {
        # A house; a street that the feed of the traffic does not know; 80 m of one.
        "171 Rue de Vern": {"Rue de Vern"},
        "Rue Albert de Mun, du 16 jusqu'à la Rue Pierre Martin": set(),
        "Rue Saint-Martin, du Mail Germaine Poinso-Chapuis jusqu'à Allée Léonie Chaptal": {
            "Rue Saint-Martin"
        },
    }
