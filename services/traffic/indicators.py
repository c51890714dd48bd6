"""What the traffic amounts to: one set of definitions for live figures and forecasts.

In times, delays and ratios speeds above the limit count as the limit, so that a
fast road does not hide a jam elsewhere. What is told as the speed of a place is
bounded by nothing: now it is the measured one, of a moment to come the median that
is forecast; of several segments the one at which driving each at its own takes as
long. Free flow is ``Network.free_flow_kmh``; the statuses of segments are the
feed's, thresholds of speed ÷ limit.

Sources
-------
congestion level
    TomTom Traffic Index: extra travel time as a share of the travel time in
    free flow (0.5 means a trip takes half as long again).
kilometres of jam
    Sytadin (DiRIF): length of jammed road, each direction on its own and
    whatever the number of lanes. Sytadin starts a jam below 30 km/h on roads
    limited to 90 km/h or more; the feed's ``congested`` (at most 0.30 of the
    limit, 27 km/h of 90) is the same idea for every kind of road. Closed
    segments are no jam and are not counted, nor is a speed on them.
speed ratio of a zone
    ``services.traffic.zone_ratios``.
zone status
    Highway Capacity Manual, urban street levels of service by speed as a share
    of free-flow speed: A and B above 0.67 read *free*, C and D *dense*, E and F
    up to 0.40 *blocked*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.statuses import DATEX_NAMES, ZONE_STATUSES, ZoneStatus
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot
from services.traffic.status import Status, has_speed
from services.traffic.stretches import Stretch
from services.traffic.zone_ratios import times_at_s, travel_times_s, zone_times

FREE_ABOVE_RATIO: Final = 0.67
BLOCKED_UP_TO_RATIO: Final = 0.40

_METRES_PER_KM: Final = 1_000.0
_MS_TO_KMH: Final = 3.6
_MIN_DELAY_S: Final = 1.0
WORST_STRETCHES: Final = 5
MIN_COMPARED_SHARE: Final = 0.5
"""A stretch is compared with the usual where that is known of half of what is known now."""


@dataclass(frozen=True)
class WorstStretch:
    """A stretch whose traffic loses time: what its known segments, each driven once, amount to.

    Attributes
    ----------
    stretch : Stretch
    delay_s : float
        Seconds lost against free flow.
    usual_delay_s : float or None
        Seconds more than usual at this hour, of those lost: where one usually drives faster than
        in free flow, no time is usually lost. None where too little is known of the usual.
    speed_kmh : float
        As it is told, above the limit too.
    jam_km : float
    segment_index : int
        The segment that loses the most time: where the map should fly to.
    """

    stretch: Stretch
    delay_s: float
    usual_delay_s: float | None
    speed_kmh: float
    jam_km: float
    segment_index: int


@dataclass(frozen=True, eq=False)
class StretchFigures:
    """What the traffic of every stretch amounts to, in the order of ``Network.stretches``.

    Attributes
    ----------
    delay_s : array of float, shape (stretches,)
        Seconds lost against free flow, on what is known of it.
    usual_delay_s : array of float, shape (stretches,)
        Seconds more than usual, see :class:`WorstStretch`; NaN where too little is known of it.
    speed_kmh : array of float, shape (stretches,)
        As it is told, above the limit too; NaN where nothing is known.
    jam_km : array of float, shape (stretches,)
    status_codes : array of int, shape (stretches,)
        The status of the greatest part of what is known of it; unknown where nothing is.
    """

    delay_s: NDArray[np.float64]
    usual_delay_s: NDArray[np.float64]
    speed_kmh: NDArray[np.float64]
    jam_km: NDArray[np.float64]
    status_codes: NDArray[np.intp]


@dataclass(frozen=True)
class Indicators:
    """The state of the network at a glance.

    ``speed_ratio``, of the whole network, and ``zone_ratios`` are None where too little is known.
    """

    speed_ratio: float | None
    jam_km: float
    counts: dict[str, int]
    length_shares: dict[str, float]
    zone_ratios: dict[str, float | None]
    worst_stretches: tuple[WorstStretch, ...]

    @property
    def congestion_level(self) -> float | None:
        """Of the whole network; None where too little is known."""
        return None if self.speed_ratio is None else congestion_level(self.speed_ratio)


def compute_indicators(
    network: Network, snapshot: Snapshot, usual_s: NDArray[np.float64] | None = None
) -> Indicators:
    """All indicators of one snapshot.

    Parameters
    ----------
    network, snapshot
        Of the same version.
    usual_s : array of float, shape (segments,), optional
        Seconds that each segment usually takes at this hour, NaN where that is not known.
    """
    actual_s, speed_kmh = travel_time_s(network, snapshot), measured_kmh(snapshot)
    return _indicators(network, snapshot.status_codes(), actual_s, usual_s, speed_kmh=speed_kmh)


def forecast_indicators(
    network: Network,
    codes: NDArray[np.uint8],
    expected_s: NDArray[np.float64],
    median_kmh: NDArray[np.float64],
) -> Indicators:
    """The same indicators of a forecast.

    Parameters
    ----------
    codes : array of uint8, shape (segments,)
        The likeliest status of each segment.
    expected_s : array of float, shape (segments,)
        Seconds that driving each is expected to take; NaN where nothing is told.
    median_kmh : array of float, shape (segments,)
        The median of the speed on each; NaN likewise.
    """
    return _indicators(network, codes, expected_s, speed_kmh=median_kmh)


def _indicators(
    network: Network,
    codes: NDArray[np.uint8],
    actual_s: NDArray[np.float64],
    usual_s: NDArray[np.float64] | None = None,
    *,
    speed_kmh: NDArray[np.float64],
) -> Indicators:
    found = zone_times(network, actual_s).speed_ratios().tolist()
    *of_zones, whole = [None if math.isnan(ratio) else ratio for ratio in found]
    return Indicators(
        speed_ratio=whole,
        jam_km=jam_km(network.length_m, codes),
        counts=status_counts(codes),
        length_shares=length_shares(network.length_m, codes),
        zone_ratios=dict(zip(network.city.zones, of_zones, strict=True)),
        worst_stretches=_worst_stretches(
            network, codes, actual_s, usual_s, speed_kmh=speed_kmh, how_many=WORST_STRETCHES
        ),
    )


def measured_kmh(snapshot: Snapshot) -> NDArray[np.float64]:
    """The speed on each segment as it was measured; NaN where unknown or closed."""
    has_one = has_speed(snapshot.status_codes())
    return np.where(has_one, snapshot.columns["speed_kmh"].astype(np.float64), np.nan)


def travel_time_s(network: Network, snapshot: Snapshot) -> NDArray[np.float64]:
    """Seconds to drive each segment now; NaN where unknown or closed.

    From length and speed rather than the feed's ``traveltime``, which is
    rounded to a second: a third of the 70 m median segment at 90 km/h.
    """
    return travel_times_s(network, measured_kmh(snapshot))


def congestion_level(ratio: float) -> float:
    """Extra travel time over free flow, as a share (TomTom).

    Examples
    --------
    >>> congestion_level(0.5)
    1.0
    """
    return 1.0 / ratio - 1.0


def zone_status(ratio: float) -> ZoneStatus:
    """Libre, Dense or Bloqué for a zone's speed ratio (HCM levels of service)."""
    return ZONE_STATUSES[int(zone_status_codes(np.array(ratio)))]


def zone_status_codes(ratio: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index into :data:`ZONE_STATUSES` of ratios of zones, any shape; of NaN it tells nothing."""
    dense = ZONE_STATUSES.index("dense")
    codes: NDArray[np.int64] = (
        dense - (ratio > FREE_ABOVE_RATIO).astype(np.int64) + (ratio <= BLOCKED_UP_TO_RATIO)
    )
    return codes


def jam_km(length_m: NDArray[np.float64], codes: NDArray[np.uint8]) -> float:
    """Kilometres of jammed road, directions counted apart (Sytadin)."""
    return float(length_m[codes == Status.CONGESTED].sum() / _METRES_PER_KM)


def status_counts(codes: NDArray[np.uint8]) -> dict[str, int]:
    """Number of segments of each status, by DATEX name, all names present."""
    counts = np.bincount(codes, minlength=len(DATEX_NAMES))
    return dict(zip(DATEX_NAMES, counts.tolist(), strict=True))


def worst_stretches(
    network: Network,
    snapshot: Snapshot,
    usual_s: NDArray[np.float64] | None = None,
    how_many: int | None = None,
) -> tuple[WorstStretch, ...]:
    """The stretches that lose time to traffic, the one that loses the most first.

    Left out are roundabouts, roads without a name and stretches too short to speak of.

    Parameters
    ----------
    usual_s : array of float, shape (segments,), optional
        Seconds that each segment usually takes at this hour, NaN where that is not known.
    how_many : int, optional
        At most; all by default.
    """
    actual_s, speed_kmh = travel_time_s(network, snapshot), measured_kmh(snapshot)
    return _worst_stretches(
        network,
        snapshot.status_codes(),
        actual_s,
        usual_s,
        speed_kmh=speed_kmh,
        how_many=how_many,
    )


def stretch_figures(
    network: Network,
    codes: NDArray[np.uint8],
    actual_s: NDArray[np.float64],
    usual_s: NDArray[np.float64] | None = None,
    *,
    speed_kmh: NDArray[np.float64],
) -> StretchFigures:
    """What the traffic of every stretch amounts to.

    Parameters
    ----------
    codes : array of uint8, shape (segments,)
        Status of each segment.
    actual_s, usual_s : array of float, shape (segments,)
        Seconds that driving each takes, and usually takes at this hour; NaN where not known.
    speed_kmh : array of float, shape (segments,)
        What is told as the speed on each: NaN likewise.
    """
    usual_s = np.full(len(network), np.nan) if usual_s is None else usual_s
    delay_s = actual_s - network.free_flow_time_s
    known, is_jam = ~np.isnan(delay_s), codes == Status.CONGESTED
    compared = known & ~np.isnan(usual_s)

    def total(values: NDArray[np.float64], of: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum over some segments of each stretch."""
        sums: NDArray[np.float64] = np.bincount(
            network.stretch_codes, np.where(of, values, 0.0), len(network.stretches)
        ).astype(np.float64)
        return sums

    delays_s, times_s = total(delay_s, known), total(times_at_s(network, speed_kmh), known)
    lengths_m, compared_m = total(network.length_m, known), total(network.length_m, compared)
    against_s = np.minimum(total(actual_s - usual_s, compared), delays_s)
    is_compared = (compared_m > 0) & (compared_m >= MIN_COMPARED_SHARE * lengths_m)
    statuses_m = np.array([total(network.length_m, codes == status) for status in Status])
    # Unknown is the first of them: it is what is left where no other has any length.
    statuses_m[Status.UNKNOWN] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        speeds_kmh = np.where(times_s > 0, lengths_m / times_s * _MS_TO_KMH, np.nan)
    return StretchFigures(
        delay_s=delays_s,
        usual_delay_s=np.where(is_compared, against_s, np.nan),
        speed_kmh=speeds_kmh,
        jam_km=total(network.length_m, known & is_jam) / _METRES_PER_KM,
        status_codes=statuses_m.argmax(axis=0),
    )


def _worst_stretches(
    network: Network,
    codes: NDArray[np.uint8],
    actual_s: NDArray[np.float64],
    usual_s: NDArray[np.float64] | None,
    *,
    speed_kmh: NDArray[np.float64],
    how_many: int | None,
) -> tuple[WorstStretch, ...]:
    figures = stretch_figures(network, codes, actual_s, usual_s, speed_kmh=speed_kmh)
    delay_s = actual_s - network.free_flow_time_s
    is_told = network.is_listed & (figures.delay_s >= _MIN_DELAY_S)
    worst_first = np.argsort(-figures.delay_s, kind="stable")
    against_s = [None if math.isnan(lost) else lost for lost in figures.usual_delay_s.tolist()]
    return tuple(
        WorstStretch(
            stretch=network.stretches[code],
            delay_s=float(figures.delay_s[code]),
            usual_delay_s=against_s[code],
            speed_kmh=float(figures.speed_kmh[code]),
            jam_km=float(figures.jam_km[code]),
            segment_index=_worst_segment(network.stretches[code], delay_s),
        )
        for code in worst_first[is_told[worst_first]].tolist()[:how_many]
    )


def _worst_segment(stretch: Stretch, delay_s: NDArray[np.float64]) -> int:
    """The segment that loses the most time."""
    return stretch.segments[int(np.nanargmax(delay_s[list(stretch.segments)]))]


def length_shares(length_m: NDArray[np.float64], codes: NDArray[np.uint8]) -> dict[str, float]:
    """Share of the network's length in each status, by DATEX name, all names present."""
    metres = np.bincount(codes, weights=length_m, minlength=len(DATEX_NAMES))
    return dict(zip(DATEX_NAMES, (metres / metres.sum()).tolist(), strict=True))
