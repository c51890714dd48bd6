"""An hour chosen: a look-up in the table that the model has written, against ``model.predict``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from benchmarks.prediction import load_predictor
from benchmarks.rows import NotMeasured, Options, Row, spread, times_less
from benchmarks.servers import workplace
from benchmarks.timing import time_runs
from services.city.rennes import RENNES
from services.forecast.asked_hour import asked_hour
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.forecast.zone_forecasts import CachedForecasts

_LOOK_UPS: Final = 1_000
_DAY: Final = "monday"
_NOW: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)


def measure(options: Options) -> Iterator[Row]:
    """Yield the row of a look-up, its inputs checked and its table's freshness as well."""
    name = "forecast of one hour, inputs checked"
    try:
        predict = load_predictor()
    except NotMeasured as reason:
        yield Row(name, None, note=str(reason))
        return
    predicted = time_runs(lambda: predict(8, _DAY, RENNES.first_zone), options.repeat(50, 10), 5)
    with workplace() as data_dir:
        forecasts = CachedForecasts(RENNES, data_dir, SHIPPED_ARTIFACTS)
        looked_up = time_runs(lambda: _look_up_often(forecasts), options.repeat(21, 5))
    here = spread(looked_up, "µs", 1e6 / _LOOK_UPS)
    baseline = spread(predicted, "µs", 1e6)
    yield Row(name, here, baseline, "model.predict of one row", times_less(here, baseline))


def _look_up_often(forecasts: CachedForecasts) -> None:
    for number in range(_LOOK_UPS):
        day, hour = asked_hour(RENNES, _DAY, str(number % 24), _NOW)
        forecasts.table().at(day.like_weekday, hour, RENNES.checked_zone(RENNES.first_zone))
