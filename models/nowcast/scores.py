"""How good forecasts of speed were, up to each horizon, and whether a difference is chance."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.forecast import BandForecast, SpeedForecast

Array = NDArray[np.float32]

# Steps ahead that tables show: 15, 30, 45 and 60 minutes where a step is 5.
SHOWN_STEPS: Final = (3, 6, 9, 12)


def all_scores(forecast: SpeedForecast, observed: Array, slow_below: float) -> dict[str, Any]:
    """RMSE and MAE up to each shown step, and the coverage of the band if there is one.

    Parameters
    ----------
    observed : array, shape (times, detectors, HORIZONS)
        NaN where unknown, which is not counted.
    slow_below : float
        Speeds that ``coverage_slow`` is about.
    """
    scores: dict[str, Any] = {
        "rmse": [_rmse(_errors(forecast.mean, observed, steps)) for steps in SHOWN_STEPS],
        "mae": [_mae(_errors(forecast.median, observed, steps)) for steps in SHOWN_STEPS],
    }
    if isinstance(forecast, BandForecast):
        longest = counted_windows(len(observed), SHOWN_STEPS[-1])
        known = ~np.isnan(observed)
        known[longest:] = False
        slow = known & (observed < slow_below)
        inside = (forecast.p10 <= observed) & (observed <= forecast.p90)
        scores["coverage"] = float(inside[known].mean())
        scores["coverage_slow"] = float(inside[slow].mean()) if slow.any() else None
        scores["band_width"] = float((forecast.p90 - forecast.p10)[known].mean())
    return scores


def paired_bootstrap(
    own: Array, other: Array, block_times: int, draws: int = 2_000, seed: int = 0
) -> dict[str, float]:
    """The difference of two mean errors, and how sure it is, over blocks of time.

    Errors of neighbouring minutes and of all detectors at one time are not
    independent: whole blocks of consecutive times are drawn, the same for both
    (moving-block bootstrap, Künsch 1989).

    Parameters
    ----------
    own, other : arrays, shape (times,)
        Mean error of each forecaster at each time (squared or absolute), one a time.

    Returns
    -------
    dict
        ``difference`` (own less other; negative is better), ``low`` and ``high`` (its
        95 % interval) and ``better`` (share of draws in which it is below 0).
    """
    difference = own.astype(np.float64) - other
    block = min(block_times, len(difference))
    count = -(-len(difference) // block)
    generator = np.random.default_rng(seed)
    starts = generator.integers(0, len(difference) - block + 1, size=(draws, count))
    sums = np.concatenate([[0.0], np.cumsum(difference)])
    means = (sums[starts + block] - sums[starts]).mean(axis=1) / block
    low, high = np.quantile(means, (0.025, 0.975))
    return {
        "difference": float(difference.mean()),
        "low": float(low),
        "high": float(high),
        "better": float((means < 0.0).mean()),
    }


def mean_of_runs(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The same scores, averaged over several seeds."""
    return {
        name: None
        if any(run[name] is None for run in runs)
        else np.mean([run[name] for run in runs], axis=0).tolist()
        for name in runs[0]
    }


def counted_windows(windows: int, steps: int) -> int:
    """How many of the windows count for a horizon, when ``windows`` count for the shortest.

    T-GCN's protocol takes as many windows as fit for each horizon: a few more of the
    shorter ones, and none that ends on the very last row.
    """
    return windows - (steps - SHOWN_STEPS[0])


def errors_by_time(forecast: Array, observed: Array) -> tuple[Array, Array]:
    """Mean squared and mean absolute error over the whole hour, at each time anything is known."""
    error = _errors(forecast, observed, SHOWN_STEPS[-1])
    error = error[~np.isnan(error).all(axis=(1, 2))]
    return np.nanmean(error**2, axis=(1, 2)), np.nanmean(np.abs(error), axis=(1, 2))


def _errors(forecast: Array, observed: Array, steps: int) -> Array:
    windows = counted_windows(len(observed), steps)
    return forecast[:windows, :, :steps] - observed[:windows, :, :steps]


def _rmse(error: Array) -> float:
    return float(np.sqrt(np.nanmean(error.astype(np.float64) ** 2)))


def _mae(error: Array) -> float:
    return float(np.nanmean(np.abs(error.astype(np.float64))))
