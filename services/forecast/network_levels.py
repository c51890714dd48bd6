"""The congestion level of the whole network as it is forecast for the hours of a day.

The week's table tells the P10, P50 and P90 of each segment's speed. Quantiles of segments do not
add up: with medians alone the simulated rush of 16 h came to +35 % where +101 % was observed. Means
do, whatever ties the segments to each other, so that each segment's mean travel time is estimated
from its three quantiles (Swanson's rule, 0.3, 0.4 and 0.3 of P10, P50 and P90: Hurst, Brown and
Swanson, *AAPG Bulletin* 84, 2000) and these are added as those of a snapshot are. Over five weeks
of simulated traffic the median of observed ÷ forecast was 0.91 of the hours from +10 % on.

The band is no sum either: how far the network as a whole is from its forecast depends on how much
the segments slow together, of which their quantiles say nothing. Where the history knows the hour
of the week, the band is as wide as the network's own levels were there (P10 and P90 around their
median), laid around the forecast. Before that it is what the shipped model erred by on those five
weeks: four in five observed levels lay between 0.57 and 1.39 times the forecast. That is
simulated traffic: of a real town it is a guess. Both bands know nothing of today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.forecast.week_forecasts import SegmentForecasts, WeekOnNetwork
from services.history.hour_of_week import HOURS_PER_DAY
from services.traffic.day_curve import Forecast, Spread, make_spread
from services.traffic.indicators import congestion_level
from services.traffic.network import Network
from services.traffic.zone_ratios import travel_times_s, zone_times

SWANSON_WEIGHTS: Final = {"p10": 0.3, "p50": 0.4, "p90": 0.3}
SIMULATED_SPREAD: Final = (0.57, 1.39)
"""P10 and P90 of observed ÷ forecast level, five weeks of simulated traffic, from +10 % on."""


def forecast_levels(
    week: WeekOnNetwork, hours_of_week: Sequence[int], usual: Sequence[Spread | None]
) -> list[Forecast | None]:
    """The forecast of some hours of the week; None where the model knows too few segments.

    Parameters
    ----------
    usual : sequence of Spread or None
        What is usual at each of them.
    """
    return [
        _with_band(forecast_level(week.network, week.at(*divmod(hour, HOURS_PER_DAY))), known)
        for hour, known in zip(hours_of_week, usual, strict=True)
    ]


def forecast_level(network: Network, forecast: SegmentForecasts) -> float:
    """The expected level of the network at one hour; NaN where too few segments are known."""
    mean_s = expected_travel_time_s(network, forecast.quantiles)
    return congestion_level(float(zone_times(network, mean_s).speed_ratios()[-1]))


def expected_travel_time_s(
    network: Network, quantiles: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Seconds that driving each segment is expected to take; NaN where nothing is told.

    Parameters
    ----------
    quantiles : mapping of array, shape (segments,)
        Of speed ÷ limit, by the names of ``services.plain.forecast.QUANTILES``.
    """
    mean_s: NDArray[np.float64] = sum(
        (
            SWANSON_WEIGHTS[name] * travel_times_s(network, ratio * network.speed_limit_kmh)
            for name, ratio in quantiles.items()
        ),
        start=np.zeros(len(network)),
    )
    return mean_s


def median_kmh(
    network: Network, quantiles: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The median of the speed on each segment, which is told as its speed; NaN where nothing is.

    Parameters
    ----------
    quantiles
        As of :func:`expected_travel_time_s`.
    """
    return quantiles["p50"] * network.speed_limit_kmh


def _with_band(level: float, usual: Spread | None) -> Forecast | None:
    if usual is None:
        low, high = (share * level for share in SIMULATED_SPREAD)
    else:
        low, high = (level + bound - usual.middle for bound in (usual.low, usual.high))
    found = make_spread(low, level, high)
    return found and Forecast(*found, is_band_observed=usual is not None)
