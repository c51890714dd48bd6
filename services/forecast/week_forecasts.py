"""The forecast of every segment at every hour of an ordinary week, read without TensorFlow.

<models>/week/champion                      the version in use, one line of text
<models>/week/<version>/week.parquet        its table; see models/week for what lies beside it

The same two directories of models are looked at as for the forecasts of zones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import ForecastUnavailable
from services.base.files import FileStamp
from services.base.parquet_file import ParquetForm, numbers
from services.city.city import StatusThresholds
from services.forecast.champions import CachedChampion, model_roots
from services.forecast.observed_counts import (
    SET_ASIDE_PRIOR_COUNT,
    HourCounts,
    ObservedSegments,
    corrects,
    mean_by_length,
    prior_count,
)
from services.forecast.segment_statuses import FORECAST_STATUSES, SegmentStatuses
from services.forecast.speed_distribution import probability_up_to, status_probabilities
from services.forecast.zone_forecasts import TrainedOn, decode_trained_on, make_basis
from services.history.averages import shrunk
from services.history.hour_of_week import HOURS_PER_DAY, HOURS_PER_WEEK
from services.history.ratio_histogram import RATIO_BIN_PCT, RATIO_BINS, quantile_pct
from services.plain.forecast import QUANTILES, Basis
from services.traffic.network import Network, places_of
from services.traffic.snapshot import Source

WEEK_DIRECTORY: Final = "week"
WEEK_FILE: Final = "week.parquet"

_DAYS_COLUMN: Final = "days_observed"
_SEGMENT_COLUMN: Final = "segment_id"
_FORM: Final = ParquetForm(
    b"traffic_week_forecasts", "a table of week forecasts", ForecastUnavailable
)
# Networks live side by side while the feed moves from one to the next.
_KEPT_NETWORKS: Final = 2


@dataclass(frozen=True, eq=False)
class WeekTable:
    """What one model expects of every segment in an ordinary week.

    Attributes
    ----------
    thresholds : StatusThresholds
        Those of the feed that the model learned from.
    quantiles_pct : array of uint8, shape (3, HOURS_PER_WEEK, segments)
        P10, P50 and P90 of speed ÷ limit, in percent.
    days_observed : array of uint8, shape (HOURS_PER_WEEK, segments)
        On how many days each segment was measured at that hour.

    Raises
    ------
    ForecastUnavailable
        When shapes do not fit, a segment comes twice, or quantiles cross.
    """

    model_version: str
    trained_on: TrainedOn
    thresholds: StatusThresholds
    segment_ids: tuple[str, ...]
    quantiles_pct: NDArray[np.uint8]
    days_observed: NDArray[np.uint8]

    def __post_init__(self) -> None:
        quantiles_pct, days = self.quantiles_pct, self.days_observed
        shape = (HOURS_PER_WEEK, len(self.segment_ids))
        if quantiles_pct.shape != (len(QUANTILES), *shape) or days.shape != shape:
            raise ForecastUnavailable(
                f"tables of shapes {quantiles_pct.shape} and {days.shape} for "
                f"{len(self.segment_ids)} segments"
            )
        if len(set(self.segment_ids)) != len(self.segment_ids):
            raise ForecastUnavailable("a segment comes twice")
        if np.any(quantiles_pct[:-1] > quantiles_pct[1:]):
            raise ForecastUnavailable("quantiles that cross")

    @property
    def is_simulated(self) -> bool:
        """Whether the model learned from simulated traffic, which the page must say."""
        return self.trained_on.source == "demo"


@dataclass(frozen=True, eq=False)
class SegmentForecasts(SegmentStatuses):
    """One hour of the week on one network; arrays of shape (segments,), in the network's order.

    Attributes
    ----------
    quantiles : dict of array
        ``p10``, ``p50``, ``p90`` of speed ÷ limit; NaN where there is no basis.
    days_observed : array of uint8
        Days that the model knows of that hour; 0 for segments that it does not know.
    observed_share : array of float
        Weight of what was observed ÷ weight of all that the forecast rests on, 0 to 1.
    """

    quantiles: dict[str, NDArray[np.float64]]
    days_observed: NDArray[np.uint8]
    observed_share: NDArray[np.float64]


class WeekOnNetwork:
    """A table in the order of a network; what it does not know of it is uncertain.

    Parameters
    ----------
    network : Network
        Of today: segments are matched by the feed's id.
    observed : ObservedSegments, optional
        What enters the forecasts of an initial model.
    is_set_aside : bool
        Whether the average of what was observed is shown instead, where there is one.
    """

    def __init__(
        self,
        table: WeekTable,
        network: Network,
        observed: ObservedSegments | None = None,
        *,
        is_set_aside: bool = False,
    ) -> None:
        self.table = table
        self.network = network
        self._observed = observed
        self._is_set_aside = is_set_aside
        self._places = places_of(network.segment_ids, table.segment_ids)
        self._known = self._places >= 0

    def basis(self, found: SegmentForecasts) -> Basis:
        """What the forecasts of an hour rest on, by the length of the roads."""
        return make_basis(
            self.table.trained_on,
            mean_by_length(self.network, found.observed_share, found.has_basis),
            is_set_aside=self._is_set_aside,
        )

    def edition(self) -> FileStamp | None:
        """What changes with what was observed; None where none of it enters."""
        return None if self._observed is None else self._observed.edition()

    def at(self, day: int, hour: int) -> SegmentForecasts:
        """The forecasts of one hour of the week, already checked (day 0 is Monday)."""
        said = self._said(day, hour)
        if self._observed is None:
            return said
        counts = self._observed.at(day * HOURS_PER_DAY + hour)
        if counts is None:
            return said
        return corrected(said, counts, prior_count(is_set_aside=self._is_set_aside))

    def _said(self, day: int, hour: int) -> SegmentForecasts:
        """What the model says by itself."""
        table = self.table
        hour_of_week = day * HOURS_PER_DAY + hour
        days = np.where(self._known, table.days_observed[hour_of_week, self._places], 0)
        ratios = table.quantiles_pct[:, hour_of_week][:, self._places] / 100.0
        ratios[:, ~self._known] = np.nan
        p10, p50, p90 = ratios
        chance = status_probabilities(p10, p50, p90, table.thresholds)
        return SegmentForecasts(
            quantiles=dict(zip(QUANTILES, ratios, strict=True)),
            probabilities=np.column_stack([chance.congested, chance.heavy, chance.free]),
            days_observed=days.astype(np.uint8),
            observed_share=np.where(self._known & (not table.is_simulated), 1.0, 0.0),
        )


def corrected(said: SegmentForecasts, counts: HourCounts, weight: float) -> SegmentForecasts:
    """What a model says and what was observed, together.

    Parameters
    ----------
    weight : float
        How many observations the model counts as, where it knows a segment; elsewhere all statuses
        are alike beforehand, as for the average of what was observed.
    """
    is_known = said.has_basis[:, np.newaxis]
    weights = np.where(is_known, weight, SET_ASIDE_PRIOR_COUNT)
    n = counts.statuses.sum(axis=1)
    is_observed = n > 0
    even = np.full(len(FORECAST_STATUSES), 1.0 / len(FORECAST_STATUSES))
    statuses = shrunk(counts.statuses, np.where(is_known, said.probabilities, even), weights)
    expected = np.where(is_known, _ratio_shares(said.quantiles), 1.0 / RATIO_BINS)
    ratios = shrunk(counts.ratios, expected, weights)
    return SegmentForecasts(
        quantiles={
            name: np.where(
                is_observed,
                quantile_pct(ratios, level, RATIO_BIN_PCT) / 100.0,
                said.quantiles[name],
            )
            for name, level in QUANTILES.items()
        },
        probabilities=np.where(is_observed[:, np.newaxis], statuses, said.probabilities),
        days_observed=said.days_observed,
        observed_share=n / (n + weights[:, 0]),
    )


def _ratio_shares(quantiles: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The shares of the bins that three quantiles stand for, shape (segments, RATIO_BINS)."""
    bounds = np.arange(1, RATIO_BINS) * RATIO_BIN_PCT / 100.0
    below = np.stack(
        [probability_up_to(bound, *quantiles.values()) for bound in bounds.tolist()], axis=-1
    )
    # The distribution has a little below 0 too, and the last bin is what is left.
    return np.diff(below, axis=-1, prepend=0.0, append=1.0)


class CachedWeekForecasts:
    """Gives the champion's week on a network; read again only when a champion changed.

    Parameters
    ----------
    data_dir : Path
        The data directory; its ``models/week`` may hold a local champion, which wins.
    shipped : Path
        The directory of the models that came with the code.
    """

    def __init__(self, data_dir: Path, shipped: Path) -> None:
        roots = model_roots(data_dir, shipped, WEEK_DIRECTORY)
        self._champion = CachedChampion(roots, WEEK_FILE, decode_table)
        self._observed = lru_cache(maxsize=_KEPT_NETWORKS)(partial(ObservedSegments, data_dir))
        self._on_network = lru_cache(maxsize=_KEPT_NETWORKS)(WeekOnNetwork)

    def on(self, network: Network, source: Source) -> WeekOnNetwork:
        """The current table in the order of a network.

        Parameters
        ----------
        source : {"live", "archive", "demo"}
            Of the traffic shown: what is observed of it enters an initial model's forecasts.

        Raises
        ------
        ForecastUnavailable
            When none can be read and none ever could.
        """
        table = self._champion.table()
        if not corrects(table.trained_on.source, source):
            return self._on_network(table, network)
        return self._on_network(
            table,
            network,
            self._observed(network),
            is_set_aside=self._champion.is_set_aside(table),
        )


def encode_table(table: WeekTable) -> bytes:
    """The table as one Parquet file: a row per segment, each column its 168 hours."""
    columns: dict[str, Any] = {_SEGMENT_COLUMN: pa.array(table.segment_ids, pa.string())}
    for name, values in zip(QUANTILES, table.quantiles_pct, strict=True):
        columns[f"{name}_pct"] = _hours_by_segment(values)
    columns[_DAYS_COLUMN] = _hours_by_segment(table.days_observed)
    header = {
        "model_version": table.model_version,
        "trained_on": asdict(table.trained_on),
        "thresholds": asdict(table.thresholds),
    }
    return _FORM.encode(pa.table(columns), header, compression_level=19)


def decode_table(document: bytes) -> WeekTable:
    """Read back :func:`encode_table`.

    Raises
    ------
    ForecastUnavailable
        When the document is no such table.
    """
    with _FORM.decoded(document) as (content, header):
        return WeekTable(
            model_version=header["model_version"],
            trained_on=decode_trained_on(header["trained_on"]),
            thresholds=StatusThresholds(**header["thresholds"]),
            segment_ids=tuple(content.column(_SEGMENT_COLUMN).to_pylist()),
            quantiles_pct=np.stack([_hours(content, f"{name}_pct") for name in QUANTILES]),
            days_observed=_hours(content, _DAYS_COLUMN),
        )


def _hours_by_segment(values: NDArray[np.uint8]) -> pa.FixedSizeListArray:
    flat = pa.array(np.ascontiguousarray(values.T).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, HOURS_PER_WEEK)


def _hours(content: pa.Table, name: str) -> NDArray[np.uint8]:
    """A column as an array of shape (HOURS_PER_WEEK, segments)."""
    flat = numbers(content.column(name).combine_chunks().flatten())
    if flat.dtype != np.uint8:
        raise TypeError(f"{name} is {flat.dtype}")
    return np.ascontiguousarray(flat.reshape(len(content), HOURS_PER_WEEK).T)
