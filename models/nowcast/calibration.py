"""Widens or narrows the P10–P90 band until it holds what it says, whatever speed is forecast.

Split conformal prediction in its quantile form (Romano, Patterson and Candès 2019),
with a factor of the half-band in place of a distance, for each side, each class of
forecast speed (Mondrian, Vovk et al. 2003) and, if asked for, each step ahead on its
own, learned on rows that the network did not see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.forecast import BandForecast

Array = NDArray[np.float32]
Factors = tuple[tuple[float, ...], ...]

_LITTLE: Final = 1e-6
# Forecasts this much above the slow limit can still come out below it.
_SLOW_MARGIN: Final = 1.25
# Of a step on its own: so many outside, or its factor is noise and all steps tell it together.
_MIN_OUTSIDE: Final = 20.0


@dataclass(frozen=True)
class CalibrationOptions:
    """What share of the speeds may fall outside the band, on each side.

    Attributes
    ----------
    edges : tuple of float
        Ascending, in the table's unit: where one class of medians ends and the next begins.
    tails : tuple of float
        Shares below P10 and above P90 of each class, one more than there are edges.
    by_step : bool
        Whether each step ahead has factors of its own.
    """

    edges: tuple[float, ...]
    tails: tuple[float, ...]
    by_step: bool = False


def slow_apart(
    slow_below: float, slow_tail: float = 0.06, other_tail: float = 0.105
) -> CalibrationOptions:
    """Two classes: medians up to 1.25 × a speed below which traffic is slow, and all others.

    A sudden jam is always forecast as faster than it turns out: with a smaller tail the
    slow class is given wider bands to make up for those.
    """
    return CalibrationOptions((_SLOW_MARGIN * slow_below,), (slow_tail, other_tail))


@dataclass(frozen=True)
class BandCalibration:
    """Factors of the lower and the upper half of the band.

    Attributes
    ----------
    edges : tuple of float
        As in :class:`CalibrationOptions`.
    lower, upper : tuples of tuples of float, shape (classes, steps)
        Of each class and step ahead, or with one step for all.
    """

    edges: tuple[float, ...]
    lower: Factors
    upper: Factors

    def apply(self, forecast: BandForecast) -> BandForecast:
        """The forecast with P10 and P90 calibrated; they never pass the median."""
        median = forecast.median
        chosen = _classes(median, self.edges)
        lower, upper = (
            _factors_of(chosen, np.array(factors, dtype=np.float32))
            for factors in (self.lower, self.upper)
        )
        return replace(
            forecast,
            p10=median - lower * (median - forecast.p10),
            p90=median + upper * (forecast.p90 - median),
        )


def calibration_from(fields: Mapping[str, Any]) -> BandCalibration:
    """A calibration as it was stored: by its fields, tuples as lists.

    The first nowcasters stored two classes, with one factor for all steps.

    Examples
    --------
    >>> calibration_from({"slow_up_to": 0.6, "lower": [1.0, 0.9], "upper": [1.1, 1.2]}).lower
    ((1.0,), (0.9,))
    """
    if "slow_up_to" in fields:
        edges = (float(fields["slow_up_to"]),)
        lower, upper = (tuple((value,) for value in fields[side]) for side in ("lower", "upper"))
    else:
        edges = tuple(fields["edges"])
        lower, upper = (tuple(map(tuple, fields[side])) for side in ("lower", "upper"))
    return BandCalibration(edges, lower, upper)


def learn_calibration(
    forecast: BandForecast, observed: Array, options: CalibrationOptions
) -> BandCalibration:
    """Factors from a forecast and what was observed (NaN where unknown), arrays of one shape.

    The last axis holds the steps ahead.
    """
    median = forecast.median
    chosen = _classes(median, options.edges)
    below = (median - observed) / np.maximum(median - forecast.p10, _LITTLE)
    above = (observed - median) / np.maximum(forecast.p90 - median, _LITTLE)
    classes = list(enumerate(options.tails))
    lower, upper = (
        tuple(
            _class_factors(excess, chosen == place, tail, by_step=options.by_step)
            for place, tail in classes
        )
        for excess in (below, above)
    )
    return BandCalibration(options.edges, lower, upper)


def _classes(median: Array, edges: tuple[float, ...]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.searchsorted(np.array(edges, np.float32), median)
    return found


def _factors_of(chosen: NDArray[np.int64], factors: Array) -> Array:
    """The factor of each forecast, by its class and its step."""
    steps = 0 if factors.shape[1] == 1 else np.arange(factors.shape[1])
    found: Array = factors[chosen, steps]
    return found


def _class_factors(
    excess: Array, is_member: NDArray[np.bool_], tail: float, *, by_step: bool
) -> tuple[float, ...]:
    of_all = _factor(excess[is_member], tail, 1.0)
    together = 1.0 if of_all is None else of_all
    if not by_step:
        return (together,)
    found = (
        _factor(excess[..., step][is_member[..., step]], tail, _MIN_OUTSIDE)
        for step in range(excess.shape[-1])
    )
    return tuple(together if factor is None else factor for factor in found)


def _factor(excess: Array, tail: float, min_outside: float) -> float | None:
    """How many half-bands hold all but the tail; None where too few are known to say."""
    known = excess[~np.isnan(excess)]
    if len(known) * tail < min_outside:
        return None
    return max(0.0, float(np.quantile(known, 1.0 - tail)))
