"""Roadworks of the demo: repeatable, announced as the live ones are, felt on their roads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.observe.demo import DemoFeed, DemoRoadworks
from services.observe.demo.demand import local_time
from services.observe.demo.sites import delay_at_site, sites_at, sites_within
from services.observe.feeds.reply import check_reply
from services.observe.feeds.roadworks import check_roadworks
from services.traffic.road_matching import segments_along
from services.traffic.status import Status

NOON = datetime(2026, 3, 10, 12, tzinfo=RENNES.time_zone)
EPOCH = date(1970, 1, 1)
# Long enough for every plan to be there.
YEAR = (20_000, 20_365)


def told_at(at):
    body = DemoRoadworks().reply(at)
    return check_roadworks(body, city=RENNES, source="demo", received_at=at)


def day_of(at):
    return (RENNES.local(at).date() - EPOCH).days


def test_the_list_passes_the_checks_of_the_live_one_and_is_the_same_every_time():
    checked = told_at(NOON)
    assert not checked.problems
    assert checked.told.source == "demo"
    assert {one.purpose for one in checked.told.roadworks} == {"simulation"}
    assert told_at(NOON + timedelta(hours=5)).told.version == checked.told.version
    assert told_at(NOON + timedelta(days=3)).told.version != checked.told.version


def test_each_is_in_the_town_that_its_road_lies_in():
    """Communes are named where they are: no roadwork is 8 km or more from its town's middle."""
    roadworks = [
        one
        for month in range(13)
        for one in told_at(NOON + timedelta(weeks=4 * month)).told.roadworks
    ]
    middles = {commune.name: np.array(commune.point) for commune in RENNES.communes}
    points = np.array([one.measures[0].geometry["coordinates"][0][0] for one in roadworks])
    away = (points - [middles[one.town] for one in roadworks]) * [74.3, 111.2]

    assert np.hypot(*away.T).max() < 8.0
    assert len({one.town for one in roadworks}) > 10
    outside = np.hypot(*((points - middles["Rennes"]) * [74.3, 111.2]).T) > 6.0
    assert outside.any()
    assert "Rennes" not in {roadworks[at].town for at in np.flatnonzero(outside)}


def test_some_are_of_today_and_some_are_to_come():
    days = [NOON.date() + timedelta(days=7 * week) for week in range(20)]
    active = [
        sum(
            one.measures[0].holds_on(day)
            for one in told_at(NOON + (day - NOON.date())).told.roadworks
        )
        for day in days
    ]
    assert 6 <= np.mean(active) <= 11
    coming = [one for one in told_at(NOON).told.roadworks if one.measures[0].first_day > days[0]]
    assert 10 <= len(coming) <= 20


@pytest.mark.parametrize("at", [NOON, NOON + timedelta(days=101)])
def test_they_are_found_on_the_segments_that_they_are_on(feed: DemoFeed, at):
    network = check_reply(feed.reply(at), city=RENNES, source="demo", received_at=at).network
    on = {
        str(site.number): {feed.network.ids[segment] for segment in site.segments}
        for site in sites_within(feed.network, feed.seed, day_of(at), day_of(at))
    }
    told = {one.event_id: one for one in told_at(at).told.roadworks if one.event_id in on}
    assert told.keys() == on.keys()
    found = segments_along(network, [one.measures[0].geometry for one in told.values()])
    for event_id, segments in zip(told, found, strict=True):
        assert on[event_id] <= {network.segment_ids[segment] for segment in segments}


def hours_of(site, hour):
    """Every local day of a site at one hour, in seconds."""
    days = range(site.first_day, site.last_day + 1)
    starts = (datetime.combine(EPOCH + timedelta(days=day), datetime.min.time()) for day in days)
    local = (start.replace(hour=hour, tzinfo=RENNES.time_zone) for start in starts)
    return np.array([int(at.astimezone(UTC).timestamp()) // 180 * 180 for at in local])


def first_site(feed, wanted):
    return next(site for site in sites_within(feed.network, feed.seed, *YEAR) if wanted(site.plan))


def test_a_closed_road_is_closed_from_its_first_day_to_its_last(feed: DemoFeed):
    site = first_site(feed, lambda plan: plan.is_closed)
    times = hours_of(site, 12).astype("datetime64[s]")
    status = feed.observations(times).status[:, list(site.segments)]
    assert (status == Status.IMPOSSIBLE).all()
    around = np.array([times[0] - np.timedelta64(1, "D"), times[-1] + np.timedelta64(1, "D")])
    assert (feed.observations(around).status[:, list(site.segments)] != Status.IMPOSSIBLE).all()


def test_the_worse_the_level_the_slower_the_road_and_the_queue_fades(feed: DemoFeed):
    found = {}
    for level in ("Circulation difficile", "Impact limité"):
        site = first_site(feed, lambda plan, level=level: plan.level == level and plan.delay)
        columns, added = delay_at_site(site, feed.network)
        of_site = np.isin(columns, site.segments)
        found[level] = float(added[of_site].min())
        assert added[of_site].min() == added.max()
        assert (added > 0).all() or not of_site.all()
    assert found == {
        "Circulation difficile": pytest.approx(1.2),
        "Impact limité": pytest.approx(0.35),
    }


def test_works_at_night_slow_nobody_by_day(feed: DemoFeed):
    site = first_site(feed, lambda plan: plan.is_at_night)

    def at_work(hour):
        found = sites_at(feed.network, feed.seed, local_time(hours_of(site, hour)))
        return site.number in {one.site.number for one in found}

    assert [at_work(hour) for hour in (2, 5, 6, 12, 20, 21, 23)] == [
        True, True, False, False, False, True, True,
    ]  # fmt: skip


def test_those_without_effect_slow_nobody(feed: DemoFeed):
    site = first_site(feed, lambda plan: plan.level == "Impact nul")
    found = sites_at(feed.network, feed.seed, local_time(hours_of(site, 12)))
    assert site.number not in {one.site.number for one in found}
