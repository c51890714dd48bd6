"""The forecasts that a model wrote: a table of zone, day and hour, read without TensorFlow.

<models>/champion                      the version in use, one line of text
<models>/<version>/forecasts.parquet   its table; see models/ for what lies beside it

Two such directories are looked at: ``models`` in the data directory, where local
training writes, and then the one shipped with the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import ForecastUnavailable
from services.base.parquet_file import ParquetForm, numbers
from services.city.city import City
from services.forecast import champions
from services.forecast.champions import CachedChampion, model_roots
from services.plain.forecast import Forecast
from services.plain.statuses import ZONE_STATUSES
from services.traffic.snapshot import SOURCES, Source

DAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS: Final = len(DAY_NAMES)
HOURS: Final = 24
FORECASTS_FILE: Final = "forecasts.parquet"

_PROBABILITY_COLUMNS: Final = tuple(f"p_{status}" for status in ZONE_STATUSES)
_KEY_COLUMNS: Final = ("zone", "day", "hour")
_FORM: Final = ParquetForm(b"traffic_forecasts", "a table of forecasts", ForecastUnavailable)
_SUM_TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class TrainedOn:
    """The history that a model learned from; both days are included, local to the city."""

    source: Source
    first_day: date
    last_day: date
    days: int
    snapshots: int


@dataclass(frozen=True)
class ForecastTable:
    """Every forecast of one model, ready to be looked up. Build with :func:`make_table`.

    Attributes
    ----------
    feature_version : str
        Version of the encoding that the model was trained with.
    forecasts : mapping
        The 24 forecasts of each zone and day.
    """

    model_version: str
    feature_version: str
    trained_on: TrainedOn
    forecasts: Mapping[tuple[str, int], tuple[Forecast, ...]] = field(hash=False)

    @property
    def is_simulated(self) -> bool:
        """Whether the model learned from simulated traffic, which the page must say."""
        return self.trained_on.source == "demo"

    def at(self, day: int, hour: int, zone: str) -> Forecast:
        """The forecast of one zone, day (0 is Monday) and hour, all already checked."""
        return self.forecasts[zone, day][hour]

    def day(self, day: int, zone: str) -> tuple[Forecast, ...]:
        """The 24 forecasts of one zone and day (0 is Monday), from 0 h to 23 h."""
        return self.forecasts[zone, day]


def table_shape(city: City) -> tuple[int, int, int, int]:
    """How many zones, days, hours and statuses a table of a city has."""
    return len(city.zone_choices), DAYS, HOURS, len(ZONE_STATUSES)


def make_table(
    city: City,
    model_version: str,
    feature_version: str,
    trained_on: TrainedOn,
    probabilities: NDArray[np.float64],
) -> ForecastTable:
    """Build a table from its probabilities.

    Parameters
    ----------
    model_version, feature_version, trained_on
        See :class:`ForecastTable`.
    probabilities : array, shape (zones, days, hours, statuses)
        In the orders of ``City.zone_choices``, Monday to Sunday, 0 h to 23 h and ``ZONE_STATUSES``.

    Raises
    ------
    ForecastUnavailable
        When the shape is another, or a row is no distribution.
    """
    shape = table_shape(city)
    if probabilities.shape != shape:
        raise ForecastUnavailable(f"a table of shape {probabilities.shape} instead of {shape}")
    off_by = np.abs(probabilities.sum(axis=-1) - 1.0)
    if not (np.all(probabilities >= 0.0) and np.all(off_by <= _SUM_TOLERANCE)):
        raise ForecastUnavailable("a row of probabilities that are negative or do not sum to 1")
    forecasts = {
        (zone, day): tuple(
            Forecast(zone, day, hour, tuple(shares))
            for hour, shares in enumerate(probabilities[code, day].tolist())
        )
        for code, zone in enumerate(city.zone_choices)
        for day in range(DAYS)
    }
    return ForecastTable(model_version, feature_version, trained_on, MappingProxyType(forecasts))


def encode_table(table: ForecastTable) -> bytes:
    """The table as one Parquet file, a row per zone, day and hour; where it comes from inside."""
    rows = [forecast for day in table.forecasts.values() for forecast in day]
    columns: dict[str, list[Any]] = {
        name: [getattr(row, name) for row in rows] for name in _KEY_COLUMNS
    }
    for place, name in enumerate(_PROBABILITY_COLUMNS):
        columns[name] = [row.shares[place] for row in rows]
    header = {
        "model_version": table.model_version,
        "feature_version": table.feature_version,
        "trained_on": asdict(table.trained_on),
    }
    return _FORM.encode(pa.table(columns), header)


def decode_table(city: City, document: bytes) -> ForecastTable:
    """Read back :func:`encode_table`.

    Raises
    ------
    ForecastUnavailable
        When the document is no such table, or lacks a zone, day or hour.
    """
    with _FORM.decoded(document) as (content, header):
        trained_on = decode_trained_on(header["trained_on"])
        versions = header["model_version"], header["feature_version"]
        return make_table(city, *versions, trained_on, _probabilities(city, content))


def decode_trained_on(fields: dict[str, Any]) -> TrainedOn:
    """What a model learned from, out of plain data.

    Raises
    ------
    KeyError, TypeError, ValueError
        When it is not that.
    """
    if fields["source"] not in SOURCES:
        raise ValueError(f"trained on an unknown source {fields['source']!r}")
    return TrainedOn(
        source=fields["source"],
        first_day=date.fromisoformat(fields["first_day"]),
        last_day=date.fromisoformat(fields["last_day"]),
        days=int(fields["days"]),
        snapshots=int(fields["snapshots"]),
    )


def read_table(city: City, root: Path, version: str) -> ForecastTable:
    """The table of one version in a directory of models.

    Raises
    ------
    ForecastUnavailable
        When it is missing, damaged, or another version's.
    """
    return champions.read_table(root, version, FORECASTS_FILE, partial(decode_table, city))


class CachedForecasts:
    """Gives the current table; reads it again only when a champion changed.

    A new champion that cannot be read is journalled once and the last good table
    stays. Nothing is read before the first question. Safe to share between threads.

    Parameters
    ----------
    data_dir : Path
        The data directory; its ``models`` may hold a local champion, which goes before.
    shipped : Path
        The directory of the models that came with the code.
    """

    def __init__(self, city: City, data_dir: Path, shipped: Path) -> None:
        self._champion = CachedChampion(
            model_roots(data_dir, shipped), FORECASTS_FILE, partial(decode_table, city)
        )

    def table(self) -> ForecastTable:
        """The current table.

        Raises
        ------
        ForecastUnavailable
            When none can be read and none ever could.
        """
        return self._champion.table()


def _probabilities(city: City, content: pa.Table) -> NDArray[np.float64]:
    """The probabilities in the table's shape, whatever the order of the rows."""
    zones, days, hours = (content.column(name).to_pylist() for name in _KEY_COLUMNS)
    keys = list(zip(zones, days, hours, strict=True))
    expected = {
        (zone, day, hour)
        for zone in city.zone_choices
        for day in range(DAYS)
        for hour in range(HOURS)
    }
    if len(keys) != len(expected) or set(keys) != expected:
        raise ValueError(f"its {len(keys)} rows are not every zone, day and hour once")
    places = [city.zone_choices.index(zone) for zone in zones]
    probabilities = np.empty(table_shape(city))
    probabilities[places, days, hours] = np.column_stack(
        [numbers(content.column(name)) for name in _PROBABILITY_COLUMNS]
    )
    return probabilities
