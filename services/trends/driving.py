"""How long a route takes when one drives it through time.

The speed of each segment is that of when one gets there, and not that of when one leaves.

Method
------
The speed is constant within a cell, a segment during one step of time (a quarter of an hour, or
three minutes), and changes where the next step begins, in the middle of a segment too: who is
half way then drives the other half at the new speed. Nobody overtakes: who leaves later arrives
later. Steps are real time, so that neither midnight nor a change of the clocks is anything.

What is not known is filled by what is known of the route at the same time
(:func:`services.traffic.corridor_times.filled_times_s`). A step at which nothing at all is known
stands as the one before it, for :data:`BRIDGED_S` at most. A drive of whose length less than
``MIN_KNOWN_SHARE`` (:mod:`services.traffic.corridor_times`) was measured as it was driven is not
told. A drive that meets a closed segment is none.

Sources
-------
J. Rice, E. van Zwet, "A simple and effective method for predicting travel times on freeways",
IEEE Transactions on Intelligent Transportation Systems 5(3), 2004: walking the velocity field, as
PeMS does. J. W. C. van Lint, N. J. van der Zijpp, "Improving a travel-time estimation algorithm by
using dual loop detectors", Transportation Research Record 1855, 2003: the trajectory method with
speeds that are constant by segment and period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.traffic.corridor_times import MIN_KNOWN_SHARE, filled_times_s

BRIDGED_S: Final = 900.0
"""How long what was known last stands for what is not known at all, in seconds."""


@dataclass(frozen=True, eq=False)
class SpeedField:
    """What driving each segment of a route takes, step by step; arrays are (steps, segments).

    Attributes
    ----------
    step_s : float
        Seconds from one step to the next.
    pace_s : array of float
        Seconds that the whole segment takes at the speed of that step; NaN where nothing is known,
        and where it is closed.
    is_known : array of bool
        Where that was measured, and not filled.
    is_closed : array of bool
    length_m : array of float, shape (segments,)
        In the order of travel.
    """

    step_s: float
    pace_s: NDArray[np.float64]
    is_known: NDArray[np.bool_]
    is_closed: NDArray[np.bool_]
    length_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Drives:
    """Drives of a route that leave at some times; arrays have shape (departures,).

    Attributes
    ----------
    duration_s : array of float
        NaN where the route is closed, too little of it is known, or the drive does not end within
        what is known.
    known_share : array of float
        Share of the length that was measured as it was driven, 0 to 1.
    is_closed : array of bool
        Whether the drive met a closed segment.
    """

    duration_s: NDArray[np.float64]
    known_share: NDArray[np.float64]
    is_closed: NDArray[np.bool_]


def speed_field(
    travel_s: NDArray[np.floating],
    is_closed: NDArray[np.bool_],
    free_s: NDArray[np.float64],
    length_m: NDArray[np.float64],
    step_s: float,
) -> SpeedField:
    """A field without holes, by the rule that this module states.

    Parameters
    ----------
    travel_s : array of float, shape (steps, segments)
        Seconds that each segment takes, NaN where not known (``zone_ratios.travel_times_s``).
    is_closed : array of bool, shape (steps, segments)
    free_s, length_m : array of float, shape (segments,)
        In the order of travel.
    step_s : float
    """
    open_s = np.where(is_closed, np.nan, travel_s)
    is_known: NDArray[np.bool_] = ~np.isnan(open_s)
    pace_s = filled_times_s(open_s, free_s)
    last = _last_known(np.asarray(is_known.any(axis=1)), step_s)
    pace_s = np.where(last[:, np.newaxis] >= 0, pace_s[last], np.nan)
    pace_s[is_closed] = np.nan
    return SpeedField(step_s, pace_s, is_known, is_closed, length_m)


def drive(field: SpeedField, departures_s: NDArray[np.float64]) -> Drives:
    """Drive a route from its first segment to its last.

    Parameters
    ----------
    field : SpeedField
    departures_s : array of float, shape (departures,)
        Seconds since the first step began.
    """
    steps, segments = field.pace_s.shape
    now_s = departures_s.astype(np.float64)
    slot = np.floor(now_s / field.step_s).astype(np.int64)
    is_driving = (slot >= 0) & (slot < steps)
    is_closed = np.zeros(len(now_s), bool)
    known_m = np.zeros(len(now_s))
    for segment in range(segments):
        left = np.where(is_driving, 1.0, 0.0)
        while (moving := np.flatnonzero(left > 0)).size:
            at = slot[moving]
            is_closed[moving] |= field.is_closed[at, segment]
            pace_s = field.pace_s[at, segment]
            needed_s = left[moving] * pace_s
            until_next_s = (at + 1) * field.step_s - now_s[moving]
            goes_on = needed_s >= until_next_s
            driven = np.where(goes_on, until_next_s / pace_s, left[moving])
            known_m[moving] += driven * field.length_m[segment] * field.is_known[at, segment]
            now_s[moving] = np.where(goes_on, (at + 1) * field.step_s, now_s[moving] + needed_s)
            slot[moving] += goes_on
            left[moving] = np.where(goes_on, left[moving] - driven, 0.0)
            is_lost = np.isnan(pace_s) | ((slot[moving] >= steps) & (left[moving] > 0))
            is_driving[moving] &= ~is_lost
            left[moving[is_lost]] = 0.0
        # Who ends a segment as the last step ends has no step for the next one.
        if segment < segments - 1:
            is_driving &= slot < steps
    share = known_m / field.length_m.sum()
    is_told = is_driving & (share >= MIN_KNOWN_SHARE)
    return Drives(np.where(is_told, now_s - departures_s, np.nan), share, is_closed)


def _last_known(is_any: NDArray[np.bool_], step_s: float) -> NDArray[np.int64]:
    """Which step stands for each: itself, one that is not too long ago, or -1 for none."""
    steps = np.arange(len(is_any))
    last = np.maximum.accumulate(np.where(is_any, steps, -1))
    return np.where((steps - last) * step_s <= BRIDGED_S, last, -1)
