"""A second city from its network to its scores: its own zones and its own clock all the way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from models import challenge, evaluate, registry
from models.nowcast import recalibrate
from models.nowcast import train as train_nowcast
from models.nowcast.city_table import load_city_table
from models.week import train as train_week
from models.week.observations import load_segment_history
from models.zones import train as train_zones
from models.zones.dataset import load_zone_history
from services.base.errors import ConfigurationError, ForecastUnavailable
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.forecast.champions import CHAMPION_FILE
from services.forecast.zone_forecasts import (
    FORECASTS_FILE,
    CachedForecasts,
    TrainedOn,
    encode_table,
    make_table,
    table_shape,
)
from services.history import writer
from services.history.typical import read_usual_hour, typical_zones
from services.history.upkeep import keep_up
from services.learn.hourly import score_past_hours
from services.learn.summary import quality_report
from services.learn.zone_tables import ZoneTables
from services.operations.database import open_operations
from services.operations.tables import ForecastScore
from services.traffic.indicators import compute_indicators
from services.traffic.network import Network
from services.traffic.status import Status
from services.traffic.store import Store
from services.traffic.usual import Comparison
from services.traffic.usual_hour import compare_traffic
from tests.factories import make_snapshot_for
from tests.lisbon import LISBON

# The last hour of a Monday in Lisbon; in Rennes it is Tuesday.
MOMENT = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)
LAST_HOUR_OF_MONDAY = 23
VERSION = "2026-06-01-aaaaaa"
NETWORK = Network(
    city=LISBON,
    version="lisbon",
    segment_ids=("1", "2", "3"),
    geometry=tuple(
        [[[lon, 38.700], [lon, 38.709]]]
        for lon in (LISBON.centre_lon_deg, LISBON.centre_lon_deg - 0.1, LISBON.centre_lon_deg - 0.2)
    ),
    names=np.array(["Rua do Ouro", "Segunda Circular", "Rua da Junqueira"]),
    road_classes=np.array(["", "IC", ""]),
    speed_limit_kmh=np.array([50.0, 80.0, 50.0]),
)


def snapshot_at(moment):
    return make_snapshot_for(NETWORK, Status.FREE_FLOW, observed_at=moment)


@pytest.fixture
def data_dir(tmp_path):
    """Two evenings, the second one shown, and a model that says the same of every hour."""
    store = Store(LISBON, tmp_path)
    store.prepare()
    store.publish(NETWORK, snapshot_at(MOMENT))
    for hours in (25, 24, 1, 0):
        writer.append_snapshot(tmp_path, snapshot_at(MOMENT - timedelta(hours=hours)))
    keep_up(LISBON, tmp_path, MOMENT + timedelta(days=2), None)
    shares = np.broadcast_to((0.8, 0.15, 0.05), table_shape(LISBON)).copy()
    learned = TrainedOn("live", date(2026, 5, 1), date(2026, 6, 1), 30, 1_000)
    models = tmp_path / "models"
    (models / VERSION).mkdir(parents=True)
    document = encode_table(make_table(LISBON, VERSION, "1", learned, shares))
    (models / VERSION / FORECASTS_FILE).write_bytes(document)
    (models / CHAMPION_FILE).write_text(VERSION)
    return tmp_path


def test_its_network_is_of_its_zones_wherever_it_is_read(data_dir):
    read = Store(LISBON, data_dir).network("lisbon")
    assert [LISBON.zones[code] for code in read.zone_codes] == ["baixa", "circulares", "bairros"]
    ratios = compute_indicators(read, snapshot_at(MOMENT)).zone_ratios
    assert ratios == pytest.approx(dict.fromkeys(LISBON.zones, 0.9))


def test_its_usual_week_is_by_its_clock(data_dir):
    times = typical_zones(data_dir, "live", NETWORK)["times"].unstack()
    assert set(times.columns) == set(LISBON.zone_choices)
    # Sunday's and Monday's, an hour before midnight each.
    found = {hour: row.max() for hour, row in times.iterrows() if row.any()}
    assert found == {22: 1, 23: 1, 6 * 24 + 22: 1, 6 * 24 + 23: 1}


def test_its_traffic_is_compared_with_its_usual(data_dir):
    store = Store(LISBON, data_dir)
    store.write_usual_hour(read_usual_hour(data_dir, "live", NETWORK, MOMENT))
    usual = store.usual_hour()
    assert usual.tells_of(snapshot_at(MOMENT))
    # Seen once: too seldom to be told.
    assert compare_traffic(NETWORK, snapshot_at(MOMENT), usual).zones.tolist() == [
        Comparison.NOT_TOLD
    ] * len(LISBON.zones)


def test_its_forecasts_are_looked_up_and_scored_by_its_zones_and_days(data_dir):
    shipped = data_dir / "none"
    table = CachedForecasts(LISBON, data_dir, shipped).table()
    assert table.at(0, LAST_HOUR_OF_MONDAY, "grande-lisboa").shares == (0.8, 0.15, 0.05)
    operations = open_operations(load_settings(data_dir=data_dir))
    kinds = [ZoneTables(LISBON, data_dir, shipped, "live", [])]
    now = MOMENT + timedelta(hours=3)
    assert score_past_hours(LISBON, data_dir, "live", kinds, operations, now=now) > 0
    with operations.begin() as session:
        [day] = set(session.scalars(select(ForecastScore.day)))
        leads = quality_report(LISBON, session, "live", now).leads
    assert day == date(2026, 6, 15)
    assert [set(lead.zones) for lead in leads] == [set(LISBON.zone_choices)] * 2


def test_its_models_learn_by_its_clock(data_dir):
    zones = load_zone_history(LISBON, data_dir, "live")
    assert zones.counts().sum(axis=(1, 2, 3)).tolist() == [4] * len(LISBON.zone_choices)
    assert np.flatnonzero(zones.counts().sum(axis=(0, 1, 3))).tolist() == [22, 23]
    week = load_segment_history(LISBON, data_dir, "live", lambda _: None)
    assert np.flatnonzero(week.days_observed().any(axis=1)).tolist() == [22, 23, 166, 167]
    table = load_city_table(LISBON, data_dir, "live", 4, lambda _: None)
    assert table.dates() == [date(2026, 6, 14), date(2026, 6, 15)]
    assert table.zone_ratio.shape[1] == len(LISBON.zone_choices)


def test_another_city_refuses_what_is_its_own(data_dir):
    with pytest.raises(
        ConfigurationError, match="is of 'Lisboa', this installation is of 'Rennes'"
    ):
        Store(RENNES, data_dir).prepare()
    with pytest.raises(ForecastUnavailable, match="not every zone, day and hour once"):
        CachedForecasts(RENNES, data_dir, data_dir / "none").table()


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (train_zones, []),
        (train_week, []),
        (train_nowcast, []),
        (recalibrate, ["2026-11-22-9b9575"]),
        (registry, ["list"]),
        (challenge, ["--kind", "zones"]),
        (evaluate, ["--model", "model.keras"]),
    ],
)
def test_no_command_that_learns_takes_the_history_of_another_city(
    command, arguments, data_dir, capsys
):
    assert command.main([*arguments, "--data-dir", str(data_dir)]) == 2
    refusal = capsys.readouterr().err
    assert "is of 'Lisboa', this installation is of 'Rennes'" in refusal
    assert refusal.count("\n") == 1
