"""The forecasts that a model wrote: a table of zone, day and hour, read without TensorFlow.

<models>/champion                      the version in use, one line of text
<models>/<version>/forecasts.parquet   its table; see models/ for what lies beside it

Two such directories are looked at: ``models`` in the data directory, where local
training writes, and then the one shipped with the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import lru_cache, partial
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
from services.forecast.observed_counts import ObservedZones, ZoneCounts, corrects, prior_count
from services.history.averages import shrunk
from services.plain.forecast import Basis, Forecast, Origin
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

    def has_learned(self, source: Source, day: date) -> bool:
        """Whether a day may be among those learned from: it is then no test of the model."""
        return source == self.source and day <= self.last_day


@dataclass(frozen=True)
class ForecastTable:
    """Every forecast of one model, ready to be looked up. Build with :func:`make_table`.

    Attributes
    ----------
    feature_version : str
        Version of the encoding that the model was trained with.
    forecasts : mapping
        The 24 forecasts of each zone and day.
    observed_shares : mapping
        Of each of them, the weight of what was observed ÷ that of all it rests on; empty where
        the forecasts are the model's own.
    is_set_aside : bool
        Whether they are the average of what was observed, where there is one.
    edition : str
        What was observed by then; empty likewise.
    """

    model_version: str
    feature_version: str
    trained_on: TrainedOn
    forecasts: Mapping[tuple[str, int], tuple[Forecast, ...]] = field(hash=False)
    observed_shares: Mapping[tuple[str, int], tuple[float, ...]] = field(
        default_factory=dict, hash=False
    )
    is_set_aside: bool = False
    edition: str = ""

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

    def day_shares(self, day: int, zone: str) -> tuple[float, ...]:
        """The observed shares of the 24 hours of one zone and day."""
        own = 0.0 if self.is_simulated else 1.0
        return self.observed_shares.get((zone, day), (own,) * HOURS)

    def basis(self, day: int, hour: int, zone: str) -> Basis:
        """What a forecast rests on."""
        share = self.day_shares(day, zone)[hour]
        return make_basis(self.trained_on, share, is_set_aside=self.is_set_aside)


def make_basis(trained_on: TrainedOn, observed_share: float, *, is_set_aside: bool) -> Basis:
    """What forecasts rest on, whichever kind of model they come from.

    Parameters
    ----------
    is_set_aside : bool
        Whether the average of what was observed is shown instead of the model, where there is one.
    """
    origin: Origin = "initial" if trained_on.source == "demo" else "observed"
    if is_set_aside and observed_share > 0.0:
        origin = "average"
    return Basis(origin, observed_share, trained_on.days)


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
        self._observed = ObservedZones(city, data_dir)
        self._corrected = lru_cache(maxsize=1)(partial(corrected, city))

    def table(self) -> ForecastTable:
        """The current table, as its model wrote it.

        Raises
        ------
        ForecastUnavailable
            When none can be read and none ever could.
        """
        return self._champion.table()

    def shown(self, source: Source) -> ForecastTable:
        """The current table as it is shown beside the traffic of a source.

        What is observed of it enters the forecasts of an initial model.

        Raises
        ------
        ForecastUnavailable
            When none can be read and none ever could.
        """
        table = self.table()
        counts = self._observed.counts() if corrects(table.trained_on.source, source) else None
        if counts is None:
            return table
        return self._corrected(table, counts, is_set_aside=self._champion.is_set_aside(table))


def corrected(
    city: City, table: ForecastTable, counts: ZoneCounts, *, is_set_aside: bool
) -> ForecastTable:
    """What a model says and what was observed, together."""
    weight = prior_count(is_set_aside=is_set_aside)
    said = np.array(
        [
            [[hour.shares for hour in table.day(day, zone)] for day in range(DAYS)]
            for zone in city.zone_choices
        ]
    )
    seen = np.moveaxis(counts.statuses, 0, 1).reshape(table_shape(city))
    n = seen.sum(axis=-1)
    observed = n / (n + weight)
    return replace(
        make_table(
            city,
            table.model_version,
            table.feature_version,
            table.trained_on,
            shrunk(seen, said, weight).astype(np.float64),
        ),
        observed_shares={
            (zone, day): tuple(observed[place, day].tolist())
            for place, zone in enumerate(city.zone_choices)
            for day in range(DAYS)
        },
        is_set_aside=is_set_aside,
        edition=f"{counts.edition} {weight}",
    )


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
