"""The figures beside the map: what a snapshot, and a forecast on the map, write where."""

from __future__ import annotations

import pytest

from callbacks.live.refresh import CLOSED
from components.palette import LEGEND_ORDER
from components.unusual import COMPARISONS
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.statuses import DATEX_NAMES
from services.traffic.indicators import WORST_STRETCHES
from services.traffic.usual import Comparison
from tests.assets.scripts import loaded
from tests.components.trees import plain

SETTINGS = {
    "zones": RENNES.zones,
    "zoneChoices": RENNES.zone_choices,
    "days": DAY_NAMES,
    "timeZone": "Europe/Paris",
    "nowcast": {"leadMinutes": [15, 30]},
    "statuses": DATEX_NAMES,
    "legendOrder": [DATEX_NAMES.index(status) for status in LEGEND_ORDER],
    "worstStretches": WORST_STRETCHES,
    "corridors": [
        {"name": "Rocade", "towards": "Porte de Saint-Malo", "side": "inner"},
        {"name": "Rue de Brest", "towards": "Boulevard de Verdun", "side": None},
        {"name": "Rue de Vern", "towards": "Porte du Blosne", "side": None},
        {"name": "Rue de Nantes", "towards": "Porte de Bréquigny", "side": None},
    ],
    "corridorClosed": CLOSED,
    "map": {"comparisons": COMPARISONS},
}
SNAPSHOT = {
    "source": "live",
    # Unknown, free, heavy, jammed, closed.
    "counts": [1, 1_200, 20, 10, 0],
    "shares": [5, 900, 80, 15, 0],
    "congestion": 12,
    "jam_km": 1_234.56,
    # Status, comparison, minutes lost on ten kilometres.
    "zones": [
        ["blocked", int(Comparison.BUSIER), 41],
        ["free", int(Comparison.NOT_TOLD), 0],
        None,
        ["dense", int(Comparison.USUAL), 7],
        ["free", int(Comparison.QUIETER), 1],
    ],
    # Minutes now and in free flow.
    "corridors": [68, 21, None, 2, CLOSED, 3, None, None],
    "worst": [
        [7, 5_760, 300, 10, ["inwards", "from", "Rue de Vern", "Porte du Blosne", "", 1_834]],
        [9, 111, -61, 81, ["inner_north", "between", "Rocade", "Porte A", "Porte B", 640]],
        [3, 90, 29, 30, ["west", "whole", "Boulevard de Vitré", "", "", 350]],
        [1, 80, None, 30, ["north", "to", "Rue A", "", "Rue B", 350]],
    ],
}


@pytest.fixture
def page():
    scripts = ("app.js", "wording.js", "writing.js", "figures.js", "forecast.js", "moment.js")
    with loaded(*scripts) as page:
        page.js(
            """void Object.assign(trafficRennes, {
                freshness: { now: () => 0 },
                nowcast: { told: () => ({ kind: "ready" }) },
            })"""
        )
        page.change(settings=SETTINGS, texts=page.texts)
        page.change(snapshot=SNAPSHOT)
        yield page


def shown(page, id_, name="text"):
    value = page.call("shown", id_)[name]
    return plain(value) if isinstance(value, str) else value


def test_the_network_at_a_glance(page):
    assert shown(page, "glance-congestion") == "+12 %"
    assert shown(page, "glance-jam") == "1 234,6"
    # Shares that are nothing are not read out.
    assert shown(page, "glance-shares", "aria-label") == (
        "Libre 90 %, Dense 8 %, Bloqué 2 %, Inconnu 1 %"
    )
    assert shown(page, "share-congested", "grow") == "15"
    assert shown(page, "attribution-demo", "hidden") is True


def test_nothing_measured_has_no_figure_and_simulated_data_say_so(page):
    page.change(snapshot={**SNAPSHOT, "congestion": None, "source": "demo", "worst": []})
    assert shown(page, "glance-congestion") == "—"
    assert shown(page, "attribution-demo", "hidden") is False
    assert shown(page, "worst-none", "hidden") is False
    assert shown(page, "worst-item-0", "hidden") is True


def test_zones_now_and_against_the_usual(page):
    assert shown(page, "zone-centre-ville", "className") == "zone-tile zone-tile--blocked"
    assert shown(page, "zone-status-centre-ville") == "Bloqué"
    assert shown(page, "zone-lost-centre-ville") == "+41 min"
    assert shown(page, "zone-usual-centre-ville") == "plus chargé que d'habitude"
    assert shown(page, "zone-centre-ville", "title") == (
        "Centre-ville : Bloqué, 41 min de plus pour 10 km qu'à la vitesse libre"
        " — plus chargé que d'habitude à cette heure"
    )
    # Not compared, and not measured.
    assert shown(page, "zone-lost-rocade") == "+0 min"
    assert shown(page, "zone-usual-rocade") == ""
    assert shown(page, "zone-penetrantes", "className") == "zone-tile zone-tile--unknown"
    assert shown(page, "zone-lost-penetrantes") == "—"
    assert shown(page, "zone-usual-quartiers") == "plus calme que d'habitude"


@pytest.mark.parametrize("status", ["free", "dense", "blocked"])
@pytest.mark.parametrize("comparison", list(Comparison))
def test_a_tile_tells_minutes_and_never_a_bare_percentage(page, status, comparison):
    page.change(snapshot={**SNAPSHOT, "zones": [[status, int(comparison), 7]] * 5})
    parts = [("zone", "title"), *((f"zone-{part}", "text") for part in ("status", "lost", "usual"))]
    told = [shown(page, f"{part}-ceinture", name) for part, name in parts]
    assert "%" not in " ".join(told)
    assert "7 min" in told[0]
    # Whoever reads that it is busier reads than what.
    assert ("d'habitude" in told[3]) == (comparison is not Comparison.NOT_TOLD)


def test_a_wall_tells_minutes_alone(page):
    page.js("void Object.assign(trafficRennes, { isWall: true })")
    page.change(snapshot={**SNAPSHOT})
    assert [shown(page, f"worst-delay-{place}") for place in (1, 2)] == ["+2 min", "+2 min"]
    page.change(snapshot={**SNAPSHOT, "worst": [[7, 42, None, 10, SNAPSHOT["worst"][0][4]]]})
    assert shown(page, "worst-delay-0") == "+42 s"


def test_the_worst_stretches(page):
    def told(name):
        return [shown(page, f"worst-{name}-{place}") for place in range(4)]

    assert told("name") == [
        "Rue de Vern vers le centre",
        "Rocade nord intérieure",
        "Boulevard de Vitré vers l'ouest",
        "Rue A vers le nord",
    ]
    assert told("ends") == [
        "depuis Porte du Blosne",
        "Porte A → Porte B",
        "",
        "jusqu'à Rue B",
    ]
    assert told("delay")[:2] == ["+1 h 36 min", "+1 min 51 s"]
    assert told("detail") == [
        "1,8 km · 10 km/h · 5 min de plus que d'habitude",
        "0,6 km · 81 km/h · 1 min 1 s de moins que d'habitude",
        "0,4 km · 30 km/h · comme d'habitude",
        "0,4 km · 30 km/h",
    ]
    assert [shown(page, f"worst-item-{place}", "hidden") for place in range(5)] == [
        *[False] * 4, True,
    ]  # fmt: skip
    assert shown(page, "worst-none", "hidden") is True


def corridor_rows(page):
    rows = page.js('textOf(document.getElementById("corridors-rows"))')
    return [[plain(cell) for cell in row] for row in rows]


def test_the_corridors(page):
    assert shown(page, "corridors", "hidden") is False
    # No drive leads along the last one on this network.
    assert corridor_rows(page) == [
        ["Rocade", "sens intérieur", "68 min", "21 min", "+47 min"],
        ["Rue de Brest", "→ Boulevard de Verdun", "—", "2 min"],
        ["Rue de Vern", "→ Porte du Blosne", "Fermé", "3 min"],
    ]
    page.change(snapshot={**SNAPSHOT, "corridors": [None] * 8})
    assert shown(page, "corridors", "hidden") is True


def test_the_legend_counts_what_the_map_shows(page):
    assert shown(page, "legend-figures-freeFlow") == "90 %"
    # The measure that is shown, and how many roads that is.
    assert shown(page, "legend-unknown", "title").endswith(
        "1 % de la longueur des routes, 1 tronçon."
    )
    assert shown(page, "legend-word-unknown") == "Inconnu"
    answer = {**SNAPSHOT, "shares": [20, 700, 200, 80, 0]}
    page.change(forecast={"state": "ready", "answer": answer})
    assert shown(page, "legend-figures-freeFlow") == "70 %"
    assert shown(page, "legend-word-unknown") == "Incertain"
    # A snapshot that comes underneath changes nothing in it.
    page.change(snapshot=SNAPSHOT)
    assert shown(page, "legend-figures-freeFlow") == "70 %"
    page.change(forecast=None)
    assert shown(page, "legend-figures-freeFlow") == "90 %"
    assert shown(page, "legend-word-unknown") == "Inconnu"


def test_the_figures_are_of_the_moment_shown(page):
    answer = {**SNAPSHOT, "congestion": 45, "jam_km": 7.25, "worst": SNAPSHOT["worst"][1:]}
    page.change(forecast={"state": "ready", "answer": answer})
    assert shown(page, "glance-congestion") == "+45 %"
    assert shown(page, "glance-jam") == "7,3"
    assert shown(page, "worst-name-0") == "Rocade nord intérieure"


@pytest.mark.parametrize("state", ["waiting", "unanswered", "missing"])
def test_no_figure_of_now_stands_under_another_moment(page, state):
    page.change(forecast={"state": state})
    told = ["glance-congestion", "glance-jam", "worst-none", "legend-figures-freeFlow"]
    assert [shown(page, id_) for id_ in told] == ["—"] * 4
    assert shown(page, "worst-item-0", "hidden") is True
    assert shown(page, "share-freeFlow", "grow") == "0"
    # What says that it is of now goes on.
    assert shown(page, "corridors", "hidden") is False


def test_tiles_tell_what_is_forecast_of_an_hour(page):
    percent = {"free": [20] * 24, "dense": [45] * 24, "blocked": [35] * 24}
    table = {"status": ["dense"] * 24, "percent": percent, "basis": [["initial", 0, 28]]}
    days = [{"type": "working_day", "like": 0}] * 7
    page.change(
        zoneTable={"until": 10, "days": days, "zones": {"rocade": [table]}},
        moment={"kind": "hour", "day": "monday", "date": "2026-11-30", "hour": 18},
    )
    assert shown(page, "zone-status-rocade") == "plutôt dense"
    assert shown(page, "zone-lost-rocade") == "45 %"
    assert shown(page, "zone-rocade", "title") == (
        "Rocade, lundi 30 novembre, 18 h : plutôt dense, probabilité 45 %"
    )
    # Of this one nothing is known.
    assert shown(page, "zone-status-ceinture") == "Inconnu"
    assert shown(page, "zones-now-title") == "lundi 30 novembre, 18 h"
    page.change(moment={"kind": "now"})
    assert shown(page, "zone-lost-rocade") == "+0 min"
    assert shown(page, "zones-now-title") == "En ce moment"


def test_tiles_tell_minutes_and_probability_of_the_next_hour(page):
    leads = [["free", 0.9, 1, 0, 2], ["blocked", 0.71, 19, 9, 30]]
    page.change(nextHour={"state": "ready", "observed_at": 0, "zones": [leads] * 6})
    page.change(moment={"kind": "ahead", "minutes": 30})
    told = [shown(page, f"zone-{part}-rocade") for part in ("status", "lost", "usual")]
    assert told == ["Bloqué", "+19 min", "71 %"]
    # Too old by now.
    page.js("void (trafficRennes.nowcast.told = () => ({ kind: 'outdated' }))")
    page.change(moment={"kind": "ahead", "minutes": 15})
    assert shown(page, "zone-status-rocade") == "Inconnu"
