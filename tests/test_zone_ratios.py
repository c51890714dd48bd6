"""One table of zones whose speed ratios were worked out by hand, for all that use such a ratio."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from models.nowcast.city_table import STEP_SECONDS, zones_at
from models.nowcast.zone_bands import zone_ratios_of
from models.zones.dataset import load_zone_history
from services.city.rennes import RENNES
from services.history import writer
from services.history.typical import typical_zones
from services.history.window import window
from services.learn.observations import observed_zones
from services.plain.statuses import ZONE_STATUSES
from services.traffic.indicators import compute_indicators, travel_time_s
from services.traffic.network import Network
from services.traffic.snapshot import make_snapshot
from services.traffic.status import Status
from services.traffic.store import Store
from services.traffic.usual import Comparison
from services.traffic.usual_hour import compare_traffic
from services.traffic.zone_ratios import travel_times_s, zone_times
from tests.factories import UNHINDERED, make_usual_hour

# Free flow is the limit, but on the belt: half of it.
CITY = replace(UNHINDERED, free_flow_shares=(("Réseau d'armature", 60.0, 0.5),))
# A Friday, 8 h in Rennes.
MOMENT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
EIGHT_ON_FRIDAYS = 4 * 24 + 8
UNKNOWN, FREE, HEAVY, CONGESTED, CLOSED = Status
# By zone: the limit, then the status and speed (km/h) of some segments of one kilometre each, then
# how many more there are, unknown. In units of 4 s, free flow and actual time:
ROADS = {
    # 18 + 18 to 36 + 18. What the feed writes beside a closed road or an unknown one is no speed.
    "centre-ville": (50, [(HEAVY, 25), (FREE, 50), (CLOSED, 50), (UNKNOWN, 50)], 0),
    # 10 + 10 to 10 + 30. Faster than the limit is the limit.
    "rocade": (90, [(FREE, 120), (HEAVY, 30)], 0),
    # 15 to 30. One in forty is less than one in twenty.
    "penetrantes": (60, [(HEAVY, 30)], 39),
    # 60 to 120. Two in forty are one in twenty, and less than one in four.
    "ceinture": (60, [(CONGESTED, 15), (CONGESTED, 15)], 38),
    # 300 to 9 * 30 + 900. Ten in forty are one in four. A standstill is 1 km/h.
    "quartiers": (30, [(FREE, 30)] * 9 + [(CONGESTED, 0)], 30),
}
# Of the whole network 17 segments in 126 are known.
SHOWN = [36 / 54, 20 / 40, np.nan, 60 / 120, 300 / 1_170, 431 / 1_414]
EVALUATED = [36 / 54, 20 / 40, np.nan, np.nan, 300 / 1_170, np.nan]
STATUSES = {
    "centre-ville": "dense",
    "rocade": "dense",
    "ceinture": "dense",
    "quartiers": "blocked",
    "metropole": "blocked",
}
_NAMES = {"rocade": "Rocade"}
_CLASSES = {"penetrantes": "Réseau d'appui", "ceinture": "Réseau d'armature"}


def _rows():
    """Zone, limit, status and speed of every segment."""
    for zone, (limit, told, more) in ROADS.items():
        for status, speed in [*told, *[(UNKNOWN, limit)] * more]:
            yield zone, limit, status, speed


def _network():
    rows = list(_rows())
    # Written with five decimals, they stay of one length.
    longitudes = [
        round(RENNES.centre_lon_deg + (0 if zone == "centre-ville" else 0.1), 4)
        for zone, *_ in rows
    ]
    south, north = round(RENNES.centre_lat_deg, 3), round(RENNES.centre_lat_deg, 3) + 0.009
    return Network(
        city=CITY,
        version="workedout",
        segment_ids=tuple(f"{place:03d}_D" for place in range(len(rows))),
        geometry=tuple([[[east, south], [east, north]]] for east in longitudes),
        names=np.array([_NAMES.get(zone, "Rue") for zone, *_ in rows]),
        road_classes=np.array([_CLASSES.get(zone, "Réseau de desserte") for zone, *_ in rows]),
        speed_limit_kmh=np.array([limit for _, limit, *_ in rows], float),
    )


NETWORK = _network()
SNAPSHOT = make_snapshot(
    network_version=NETWORK.version,
    observed_at=MOMENT,
    received_at=MOMENT,
    source="live",
    columns={
        "status": np.array([int(status) for *_, status, _ in _rows()]),
        "speed_kmh": np.array([speed for *_, speed in _rows()]),
        "travel_time_s": np.zeros(len(NETWORK)),
        "reliability_pct": np.full(len(NETWORK), 60),
        "probes": np.ones(len(NETWORK)),
    },
)


@pytest.fixture
def data_dir(tmp_path):
    """A history that holds the snapshot."""
    Store(CITY, tmp_path).keep_network(NETWORK)
    writer.append_snapshot(tmp_path, SNAPSHOT)
    return tmp_path


def test_the_segments_are_in_the_zones_that_the_table_says():
    assert [RENNES.zones[code] for code in NETWORK.zone_codes] == [zone for zone, *_ in _rows()]


def test_the_definition():
    times = zone_times(NETWORK, travel_time_s(NETWORK, SNAPSHOT))
    assert times.known.tolist() == [2, 2, 1, 2, 10, 17]
    assert times.segments.tolist() == [4, 2, 40, 40, 40, 126]
    assert times.speed_ratios() == pytest.approx(SHOWN, nan_ok=True)
    assert times.speed_ratios(min_known_share=0.25) == pytest.approx(EVALUATED, nan_ok=True)
    of_any = times.speed_ratios(min_known_share=0.0)
    assert of_any[RENNES.zones.index("penetrantes")] == pytest.approx(0.5)


def test_it_holds_for_any_number_of_times():
    free_flow = NETWORK.free_flow_kmh
    speed_kmh = np.stack(
        [[free_flow, free_flow / 2], [free_flow / 4, np.full_like(free_flow, np.nan)]]
    )
    ratios = zone_times(NETWORK, travel_times_s(NETWORK, speed_kmh)).speed_ratios()
    expected = np.array([[1.0, 0.5], [0.25, np.nan]])
    np.testing.assert_allclose(
        ratios, np.repeat(expected[..., None], len(RENNES.zone_choices), axis=-1)
    )
    assert np.nanmax(ratios) <= 1.0
    assert zone_times(NETWORK, np.empty((0, len(NETWORK)))).speed_ratios().shape == (0, 6)


def test_the_live_figures_are_those_of_the_table():
    indicators = compute_indicators(NETWORK, SNAPSHOT)
    told = [np.nan if ratio is None else ratio for ratio in indicators.zone_ratios.values()]
    assert list(indicators.zone_ratios) == list(RENNES.zones)
    assert told == pytest.approx(SHOWN[:-1], nan_ok=True)
    assert indicators.congestion_level == pytest.approx(1_414 / 431 - 1)


def test_what_has_no_ratio_is_not_compared_with_the_usual():
    zones = compare_traffic(NETWORK, SNAPSHOT, make_usual_hour(NETWORK, observed_at=MOMENT)).zones
    assert ((zones == Comparison.NOT_TOLD) == np.isnan(SHOWN[:-1])).all()


def test_the_usual_week_is_made_of_them(data_dir):
    usual = typical_zones(data_dir, "live", NETWORK).loc[EIGHT_ON_FRIDAYS]
    assert usual["times"].tolist() == (~np.isnan(SHOWN)).astype(int).tolist()
    assert usual["mean_ratio"].tolist() == pytest.approx(SHOWN, abs=5e-4, nan_ok=True)


def test_forecasts_are_evaluated_by_them(data_dir):
    found = observed_zones(CITY, data_dir, "live", date(2026, 11, 20), date(2026, 11, 20))
    assert found.ratio[0] == pytest.approx(EVALUATED, nan_ok=True)
    usual = found.counts[date(2026, 11, 20)].sum(axis=(0, 2))
    assert usual.tolist() == (~np.isnan(SHOWN)).astype(int).tolist()


def test_the_model_of_zones_learns_from_them(data_dir):
    frame = load_zone_history(CITY, data_dir, "live").frame
    learned = {
        RENNES.zone_choices[row.zone]: ZONE_STATUSES[row.status] for row in frame.itertuples()
    }
    assert learned == STATUSES


def test_the_next_hour_learns_from_them_and_is_forecast_by_them(data_dir):
    observed = window(data_dir, "live", MOMENT, MOMENT + timedelta(seconds=1), NETWORK)
    end_s = np.array([int(MOMENT.timestamp()), int(MOMENT.timestamp()) + STEP_SECONDS])
    learned, nothing = zones_at(observed, NETWORK, end_s)
    assert learned == pytest.approx(SHOWN, nan_ok=True)
    assert np.isnan(nothing).all()
    is_known = np.isin([int(status) for *_, status, _ in _rows()], [FREE, HEAVY, CONGESTED])
    speed_kmh = np.array([speed for *_, speed in _rows()])
    ratio = np.where(is_known, speed_kmh / NETWORK.speed_limit_kmh, np.nan)
    assert zone_ratios_of(NETWORK, ratio) == pytest.approx(SHOWN, nan_ok=True)
