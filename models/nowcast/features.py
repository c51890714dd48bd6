"""What the nowcaster looks at: the last hour, the usual hours around it, and the neighbours.

Every speed is taken relative to the detector's own last known speed, or as its
deviation from the usual. What is unknown gets 0 in both, which says "no news";
how much was unknown, and how old the last known speed is, are features of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.nowcast.graph import Neighbours, choose_neighbours
from models.nowcast.profile import DailyProfile, ProfileOptions, UsualSpeeds
from models.nowcast.speed_table import RowTimes

LAGS: Final = 12
HORIZONS: Final = 12
# Of the lags and horizons, those that are enough where all of them add little.
_SOME_LAGS: Final = (0, 3, 6, 9)
_SOME_HORIZONS: Final = (1, 3, 6, 9, 12)

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Series:
    """Speeds, what is usual at the same rows, and means over neighbours: all a window needs.

    Attributes
    ----------
    speed : array, shape (rows, detectors)
        NaN where unknown.
    usual : UsualSpeeds
        At the same rows; those after the last speed must be there for its forecast.
    near, far : arrays, shape (rows, detectors)
        Speed over one and over two hops of the graph, NaN where unknown.
    near_deviation, far_deviation : arrays, same shape
        The same of the deviations from the usual.
    """

    speed: Array
    usual: UsualSpeeds
    near: Array
    far: Array
    near_deviation: Array
    far_deviation: Array


@dataclass(frozen=True)
class Levels:
    """What speeds are compared with, learned from the training rows.

    Attributes
    ----------
    typical, fast : arrays, shape (detectors,)
        Mean and 90th percentile of each detector's speeds.
    unit : float
        The speed that counts as 1 inside the model, about one standard deviation.
    """

    typical: Array
    fast: Array
    unit: float


class Profile(Protocol):
    """What is usual at any row."""

    def rows(self, times: RowTimes) -> UsualSpeeds:
        """What is usual at each row."""


@dataclass(frozen=True)
class View:
    """What is learned before any model is: all that a window is made with."""

    profile: Profile
    neighbours: Neighbours
    levels: Levels

    def windows(self, speed: Array, times: RowTimes, rows: NDArray[np.int64]) -> Windows:
        """Windows at some rows, of speeds that begin where the times do."""
        series = make_series(speed, self.profile.rows(times), self.neighbours)
        return make_windows(series, self.levels, rows)


@dataclass(frozen=True)
class Windows:
    """The model's inputs and the speeds they are relative to.

    Attributes
    ----------
    features : array of float32, shape (times, detectors, features)
    last_speed : array of float32, shape (times, detectors)
        The last known speed within the window, or the usual one where none is.
    """

    features: Array
    last_speed: Array


def make_series(speed: Array, usual: UsualSpeeds, neighbours: Neighbours) -> Series:
    """Everything that can be computed row by row, once for all windows."""
    near, deviation = neighbours.mean(speed), neighbours.mean(speed - usual.speed)
    return Series(speed, usual, near, neighbours.mean(near), deviation, neighbours.mean(deviation))


def learn_levels(speed: Array) -> Levels:
    """Levels of the training rows; every detector needs a known speed among them."""
    return Levels(
        typical=np.nanmean(speed, axis=0),
        fast=np.nanpercentile(speed, 90, axis=0).astype(np.float32),
        unit=max(float(np.nanstd(speed)), 1e-3),
    )


def learn_view(
    speed: Array, times: RowTimes, adjacency: NDArray[np.float64] | None, options: ProfileOptions
) -> tuple[View, Array]:
    """The view of consecutive training rows, and their deviations from the usual.

    Parameters
    ----------
    speed : array, shape (rows, detectors)
        NaN where unknown; every detector is known at least once.
    adjacency : array, shape (detectors, detectors), or None
        Without one, the neighbours are those whose deviations go together.
    """
    profile = DailyProfile(speed, times, options)
    deviation = speed - profile.rows(times).speed
    return View(profile, choose_neighbours(deviation, adjacency), learn_levels(speed)), deviation


def lessons(view: View, speed: Array, times: RowTimes) -> tuple[NDArray[np.int64], Windows, Array]:
    """Every row of a training table that a forecast could be made at, its window, its changes."""
    rows = np.arange(LAGS - 1, len(speed) - HORIZONS)
    windows = view.windows(speed, times, rows)
    return rows, windows, changes_ahead(speed, rows, windows, view.levels.unit)


def make_windows(series: Series, levels: Levels, rows: NDArray[np.int64]) -> Windows:
    """Inputs of the forecasts made at some rows, from them and the rows before.

    Parameters
    ----------
    rows : array of int, shape (times,)
        Each with ``LAGS - 1`` rows of speeds before it and ``HORIZONS`` of the usual
        after it.
    """
    known = ~np.isnan(_past(series.speed, rows))
    last = last_known(series.speed, rows, series.usual.speed[rows])
    past = _past(series.speed, rows) - last[..., None]
    deviation = _past(series.speed - series.usual.speed, rows)
    at_rows = np.nan_to_num(deviation[..., 0])
    parts = [
        past[..., 1:],
        deviation,
        speeds_ahead(series.usual.speed, rows) - last[..., None],
        _ahead(series.usual.spread, rows, _SOME_HORIZONS),
        (last - levels.fast)[..., None],
        (last - levels.typical)[..., None],
        _past(series.near, rows) - last[..., None],
        _past(series.far, rows) - last[..., None],
        _past(series.near_deviation, rows)[..., _SOME_LAGS],
        _past(series.far_deviation, rows)[..., _SOME_LAGS],
        np.broadcast_to(at_rows.mean(axis=1)[:, None, None], (*last.shape, 1)),
    ]
    in_speeds = np.nan_to_num(np.concatenate(parts, axis=-1) / np.float32(levels.unit))
    unknown = np.stack([1.0 - known.mean(axis=-1), _age(known)], axis=-1).astype(np.float32)
    return Windows(np.concatenate([in_speeds, unknown], axis=-1), last)


def changes_ahead(speed: Array, rows: NDArray[np.int64], windows: Windows, unit: float) -> Array:
    """What the model learns: speeds ahead less the last one, in units; NaN where unknown.

    Returns
    -------
    array of float32, shape (times, detectors, HORIZONS)
    """
    ahead = speeds_ahead(speed, rows)
    return ((ahead - windows.last_speed[..., None]) / unit).astype(np.float32)


def speeds_ahead(speed: Array, rows: NDArray[np.int64]) -> Array:
    """What was observed, shape (times, detectors, HORIZONS); NaN where unknown."""
    return _ahead(speed, rows, range(1, HORIZONS + 1))


def last_known(speed: Array, rows: NDArray[np.int64], otherwise: Array | float = np.nan) -> Array:
    """The last speed known within the hour up to some rows, or another: (times, detectors)."""
    last = np.broadcast_to(np.asarray(otherwise, np.float32), (len(rows), speed.shape[1]))
    for lag in reversed(range(LAGS)):
        value = speed[rows - lag]
        last = np.where(np.isnan(value), last, value)
    return last


def _past(values: Array, rows: NDArray[np.int64]) -> Array:
    return np.stack([values[rows - lag] for lag in range(LAGS)], axis=-1)


def _ahead(values: Array, rows: NDArray[np.int64], steps: range | tuple[int, ...]) -> Array:
    return np.stack([values[rows + step] for step in steps], axis=-1)


def _age(known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Age of the last known speed, 0 (now) to 1 (none in the window)."""
    age = np.where(known.any(axis=-1), known.argmax(axis=-1), LAGS)
    return age / LAGS
