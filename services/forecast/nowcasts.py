"""The next hour of every segment and zone, as the learner writes it and everybody reads it.

A table belongs to one snapshot, one network and one model. It holds the 10th, 50th and
90th percentile of the speed ratio at each lead time; statuses and their probabilities
follow from these, so that they never disagree with them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import ForecastUnavailable
from services.base.parquet_file import ParquetForm, numbers
from services.city.city import City, StatusThresholds
from services.forecast.segment_statuses import SegmentStatuses
from services.forecast.speed_distribution import status_probabilities
from services.forecast.zone_forecasts import TrainedOn, decode_trained_on, make_basis
from services.plain.forecast import QUANTILES, Basis, StatusShares
from services.plain.statuses import ZONE_STATUSES
from services.traffic.indicators import BLOCKED_UP_TO_RATIO, FREE_ABOVE_RATIO
from services.traffic.snapshot import SOURCES, Source

LEAD_MINUTES: Final = (15, 30, 45, 60)
UNKNOWN_PERCENT: Final = 255
"""Stands for the quantiles of a segment that the model knows nothing of."""
# The first lead time is 15 minutes: what is older speaks of the past.
CURRENT_FOR: Final = timedelta(minutes=15)

_HIGHEST_PERCENT: Final = UNKNOWN_PERCENT - 1
_FORM: Final = ParquetForm(b"traffic_nowcast", "a nowcast", ForecastUnavailable)
_PARTS: Final = ("middle", "below", "above")
_ZONE_DECIMALS: Final = 4
_ZONE_THRESHOLDS: Final = StatusThresholds(BLOCKED_UP_TO_RATIO, FREE_ABOVE_RATIO)


@dataclass(frozen=True)
class LeadForecast(StatusShares):
    """What a zone will be at one lead time.

    Attributes
    ----------
    minutes : int
        After the observation that the forecast was made from.
    p10, p50, p90 : float
        Quantiles of the speed ratio, as ``services.traffic.zone_ratios`` defines it, in order.
    shares : tuple of float
        Probabilities in the order of ``services.plain.statuses.ZONE_STATUSES``; their sum is 1.
    """

    minutes: int
    p10: float
    p50: float
    p90: float
    shares: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class NowcastTable:
    """The next hour as it was seen at one observation time.

    Attributes
    ----------
    network_version : str
        The network whose order the segments follow.
    snapshot_version : str
        The snapshot it was made from.
    source : {"live", "archive", "demo"}
        Of that snapshot.
    observed_at : datetime
        Aware, UTC; lead times count from here.
    percent : array of uint8, shape (3, leads, segments)
        Quantiles of the speed ratio (speed ÷ limit), in percent, ascending;
        :data:`UNKNOWN_PERCENT` where the model knows nothing.
    zone_ratios : array of float, shape (3, leads, zones)
        The same of the zones' speed ratios, zones as in ``City.zone_choices``; NaN
        where nothing is known.
    average_share : float
        What share of the roads, by length, has the average of what was observed instead of what
        the model says.
    """

    city: City
    model_version: str
    trained_on: TrainedOn
    network_version: str
    snapshot_version: str
    source: Source
    observed_at: datetime
    percent: NDArray[np.uint8]
    zone_ratios: NDArray[np.float64]
    average_share: float = 0.0

    def basis(self) -> Basis:
        """What it rests on."""
        share = self.average_share if self.is_simulated else 1.0
        return make_basis(self.trained_on, share, is_set_aside=self.average_share > 0.0)

    @property
    def is_simulated(self) -> bool:
        """Whether the model learned from simulated traffic, which the page must say."""
        return self.trained_on.source == "demo"

    def is_current(self, network_version: str, now: datetime) -> bool:
        """Whether it may be shown as the next hour of a network."""
        fresh = now - self.observed_at <= CURRENT_FOR
        return fresh and self.network_version == network_version

    def speed_ratios(self, lead: int) -> dict[str, NDArray[np.float64]]:
        """Quantiles of the segments' speed ratio at a lead time; NaN where nothing is known."""
        percent = self.percent[:, lead]
        ratios = np.where(percent == UNKNOWN_PERCENT, np.nan, percent / 100.0)
        return dict(zip(QUANTILES, ratios, strict=True))

    def segments(self, lead: int) -> SegmentStatuses:
        """What the segments will be at a lead time, by its place in :data:`LEAD_MINUTES`."""
        p10, p50, p90 = self.speed_ratios(lead).values()
        chance = status_probabilities(p10, p50, p90, self.city.thresholds)
        return SegmentStatuses(np.column_stack([chance.congested, chance.heavy, chance.free]))

    def zone(self, zone: str) -> tuple[LeadForecast, ...] | None:
        """The lead times of one zone, already checked; None where nothing is known of it."""
        return self._zones[zone]

    @cached_property
    def _zones(self) -> dict[str, tuple[LeadForecast, ...] | None]:
        p10, p50, p90 = self.zone_ratios
        found = status_probabilities(p10, p50, p90, _ZONE_THRESHOLDS)
        by_status = {"free": found.free, "dense": found.heavy, "blocked": found.congested}
        shares = np.stack([by_status[status] for status in ZONE_STATUSES], axis=-1)
        return {
            zone: None if np.isnan(p50[:, place]).any() else self._leads(place, shares[:, place])
            for place, zone in enumerate(self.city.zone_choices)
        }

    def _leads(self, zone: int, shares: NDArray[np.float64]) -> tuple[LeadForecast, ...]:
        ratios = self.zone_ratios[:, :, zone].T.tolist()
        return tuple(
            LeadForecast(minutes, p10, p50, p90, tuple(of_lead))
            for minutes, (p10, p50, p90), of_lead in zip(
                LEAD_MINUTES, ratios, shares.tolist(), strict=True
            )
        )


def to_percent(ratio: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Speed ratios in whole percent; NaN becomes :data:`UNKNOWN_PERCENT`.

    Examples
    --------
    >>> to_percent(np.array([0.304, 1.5, 9.0, np.nan])).tolist()
    [30, 150, 254, 255]
    """
    rounded = np.clip(np.round(100.0 * ratio), 0.0, _HIGHEST_PERCENT)
    return np.where(np.isnan(ratio), UNKNOWN_PERCENT, rounded).astype(np.uint8)


def encode_nowcast(table: NowcastTable) -> bytes:
    """The table as one Parquet file, a row per segment; the rest in the file's metadata.

    The median and its distances to P10 and P90 take a fifth fewer bytes than the three
    quantiles.
    """
    columns = {
        f"{part}_{minutes}": values[lead]
        for part, values in zip(_PARTS, _as_distances(table.percent), strict=True)
        for lead, minutes in enumerate(LEAD_MINUTES)
    }
    zones = np.round(table.zone_ratios, _ZONE_DECIMALS)
    header = {
        "model_version": table.model_version,
        "trained_on": asdict(table.trained_on),
        "network_version": table.network_version,
        "snapshot_version": table.snapshot_version,
        "source": table.source,
        "observed_at": table.observed_at.isoformat(),
        # JSON has no NaN: it becomes null.
        "zone_ratios": zones.tolist(),
        "average_share": table.average_share,
    }
    return _FORM.encode(pa.table(columns), header)


def decode_nowcast(city: City, document: bytes) -> NowcastTable:
    """Read back :func:`encode_nowcast`.

    Raises
    ------
    ForecastUnavailable
        When the document is no such table.
    """
    with _FORM.decoded(document) as (content, header):
        parts = [
            np.stack([numbers(content[f"{part}_{minutes}"]) for minutes in LEAD_MINUTES])
            for part in _PARTS
        ]
        return NowcastTable(
            city=city,
            model_version=str(header["model_version"]),
            trained_on=decode_trained_on(header["trained_on"]),
            network_version=str(header["network_version"]),
            snapshot_version=str(header["snapshot_version"]),
            source=_checked_source(header["source"]),
            observed_at=_checked_time(header["observed_at"]),
            percent=_from_distances(*(part.astype(np.uint8) for part in parts)),
            zone_ratios=_zone_ratios(city, header["zone_ratios"]),
            # Those issued before there was an average have none.
            average_share=float(header.get("average_share", 0.0)),
        )


def _as_distances(percent: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    low, middle, high = percent
    return middle, middle - low, high - middle


def _from_distances(
    middle: NDArray[np.uint8], below: NDArray[np.uint8], above: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    return np.stack([middle - below, middle, middle + above])


def _checked_source(value: object) -> Source:
    for source in SOURCES:
        if value == source:
            found: Source = source
            return found
    raise ValueError(f"of an unknown source {value!r}")


def _checked_time(text: str) -> datetime:
    """A time that can be compared with now, whoever wrote it."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone {text!r}")
    return moment


def _zone_ratios(city: City, values: Any) -> NDArray[np.float64]:
    ratios = np.array(values, dtype=np.float64)
    expected = (len(QUANTILES), len(LEAD_MINUTES), len(city.zone_choices))
    if ratios.shape != expected:
        raise ValueError(f"zones of shape {ratios.shape} instead of {expected}")
    return ratios
