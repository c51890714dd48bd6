"""The address of a view: whatever is shown comes back from it, and nonsense is told of."""

from __future__ import annotations

import random

import pytest

from components.palette import LEGEND_ORDER
from components.traffic_map import browser_settings
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.nowcasts import LEAD_MINUTES
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.statuses import DATEX_NAMES
from tests.assets.scripts import loaded

COMING = {"hour": 14, "day": "sunday", "today": "sunday", "date": "2026-12-27"}
DATES = {
    "sunday": "2026-12-27",
    "monday": "2026-12-28",
    "thursday": "2026-12-31",
    "saturday": "2027-01-02",
}
SETTINGS = {
    "days": DAY_NAMES,
    "timeZone": RENNES.time_zone.key,
    "zones": RENNES.zones,
    "statuses": DATEX_NAMES,
    "legendOrder": [DATEX_NAMES.index(status) for status in LEGEND_ORDER],
    "nowcast": {"leadMinutes": LEAD_MINUTES},
    "map": browser_settings("", "", "", None, RENNES.roads, names_url_template=""),
}
NOTHING = {
    "moment": {"kind": "now"},
    "zone": None,
    "find": None,
    "road": None,
    "view": None,
    "hidden": [],
}


@pytest.fixture(scope="module")
def page():
    with loaded("app.js", "wording.js", "page_address.js") as page:
        page.change(
            texts=page.texts,
            settings=SETTINGS,
            coming=COMING,
            problems=page.texts["address_problem"],
        )
        yield page


def read(page, search):
    return page.call(
        """((search) => {
            const { page, address } = trafficRennes;
            const { hidden, ...others } = address.read(search, page);
            return { ...others, hidden: [...hidden].sort() };
        })""",
        search,
    )


def write(page, view, before=""):
    return page.call(
        """(({ hidden, ...others }, before) => {
            const { page, address } = trafficRennes;
            return address.write({ ...others, hidden: new Set(hidden) }, page, before);
        })""",
        view,
        before,
    )


def some_view(chance):
    """Any view that the page can show."""
    west, south, east, north = RENNES.roads
    day = chance.choice(list(DATES))
    hour = {"kind": "hour", "day": day, "date": DATES[day], "hour": chance.randrange(24)}
    ahead = {"kind": "ahead", "minutes": chance.choice(LEAD_MINUTES)}
    place = [
        round(chance.uniform(south, north), 5),
        round(chance.uniform(west, east), 5),
        round(chance.uniform(8, 18), 2),
    ]
    entries = [*range(len(DATEX_NAMES)), "roadworks"]
    return {
        "moment": chance.choice([{"kind": "now"}, ahead, hour]),
        "zone": chance.choice([None, *RENNES.zones]),
        "find": chance.choice([None, "commune,Bruz", "ring-junction,Porte d'Alma"]),
        "road": chance.choice([None, "10273_D", "a b&c=d"]),
        "view": chance.choice([None, place]),
        "hidden": sorted(chance.sample(entries, chance.randrange(len(entries))), key=str),
    }


def test_every_view_comes_back_from_its_address(page):
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(300):
        view = some_view(chance)
        address = write(page, view)
        found = read(page, address)
        assert found.pop("problems") == [], address
        assert found | {"hidden": sorted(found["hidden"], key=str)} == view, address
        # Written again it is the same, character by character.
        assert write(page, found, address) == address


def test_an_address_is_readable(page):
    view = {
        "moment": {"kind": "hour", "day": "thursday", "date": "2026-12-31", "hour": 8},
        "zone": "rocade",
        "view": [48.11, -1.68, 12],
        "hidden": [1, "roadworks"],
        "find": "commune,Bruz",
        "road": "10273_D",
    }
    assert write(page, view) == (
        "?t=2026-12-31T08&zone=rocade&view=48.11,-1.68,12&hide=libre,travaux&find=commune,Bruz"
        "&road=10273_D"
    )
    assert write(page, NOTHING) == ""
    assert write(page, NOTHING | {"moment": {"kind": "ahead", "minutes": 30}}) == "?t=30min"


def test_what_others_put_into_the_address_stays(page):
    assert write(page, NOTHING | {"zone": "rocade"}, "?lang=en&t=30min&x=%C3%A9") == (
        "?zone=rocade&lang=en&x=%C3%A9"
    )


@pytest.mark.parametrize(
    ("search", "problem"),
    [
        ("?t=demain", "t"),
        ("?t=20min", "t"),
        ("?t=2026-12-28T24", "t"),
        ("?t=2026-12-32T08", "t"),
        ("?t=2027-02-30T08", "t"),
        ("?t=2026-12-28", "t"),
        ("?t=2026-12-26T08", "past"),
        ("?t=2027-01-03T08", "far"),
        ("?zone=paris", "zone"),
        ("?zone=constructor", "zone"),
        ("?view=48.11,-1.68", "view"),
        ("?view=48.11,-1.68,99", "view"),
        ("?view=48.85,2.35,12", "view"),
        ("?view=a,b,c", "view"),
        ("?view=48.11,-1.68,1e1", "view"),
        ("?hide=rouge", "hide"),
        ("?hide=libre,rouge", "hide"),
        ("?hide=constructor", "hide"),
    ],
)
def test_nonsense_is_told_of_and_the_rest_is_honoured(page, search, problem):
    found = read(page, f"{search}&road=10273_D")
    assert found.pop("problems") == [problem]
    assert found == NOTHING | {"road": "10273_D"}


def test_the_hour_that_summer_time_begins_with_is_no_moment(page):
    before = {"hour": 10, "day": "friday", "today": "friday", "date": "2027-03-26"}
    page.change(coming=before)
    try:
        assert read(page, "?t=2027-03-28T02")["problems"] == ["t"]
        assert read(page, "?t=2027-03-28T03")["problems"] == []
    finally:
        page.change(coming=COMING)


def test_every_problem_has_its_words_in_every_language():
    names = {"t", "past", "far", "zone", "view", "hide", "find", "road"}
    for language in ("fr", "en"):
        assert set(load_texts(language)["address_problem"]) == names


def test_an_empty_part_asks_for_nothing(page):
    assert read(page, "?t=&zone=&hide=&view=&lang=en") == NOTHING | {"problems": []}


@pytest.mark.parametrize("road", ["view", "t", "zone", "road", "toString", "__proto__", "[]"])
def test_a_road_of_any_name_is_no_problem_of_another_part(page, road):
    """Whether there is one is told once the network is there."""
    assert read(page, f"?road={road}") == NOTHING | {"road": road, "problems": []}
