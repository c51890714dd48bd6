"""Gradient-boosted trees (LightGBM) on the nowcaster's own inputs: a baseline that learns.

LightGBM is needed for development only. Where it is not installed, the benchmark leaves
this baseline out and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.features import HORIZONS, learn_view, lessons
from models.nowcast.forecast import SpeedForecast
from models.nowcast.profile import ProfileOptions
from models.nowcast.speed_table import RowTimes
from models.training_command import Report

Array = NDArray[np.float32]

# Beside the features of a window: detector, time of day, weekend.
_PLACE_AND_TIME: Final = 3


@dataclass(frozen=True)
class TreeOptions:
    """How to grow the trees of each horizon; chosen on validation rows only.

    Attributes
    ----------
    rounds : int
        Trees, one after the other.
    leaves : int
        Of each tree, at most.
    min_rows : int
        In each leaf.
    row_share, feature_share : float
        What each tree is shown.
    """

    rounds: int = 200
    learning_rate: float = 0.05
    leaves: int = 31
    min_rows: int = 1000
    row_share: float = 0.7
    feature_share: float = 0.2
    seed: int = 1


def lightgbm_is_installed() -> bool:
    """Whether this baseline can be computed."""
    return find_spec("lightgbm") is not None


class BoostedTrees:
    """One model of the change ahead for each of the ``HORIZONS`` steps, squared error.

    They get what the nowcaster gets: the same features, of the same profile, and the
    detector (as a category), time of day and weekend.

    Parameters
    ----------
    speed : array, shape (rows, detectors)
        Training rows, consecutive; NaN where unknown.
    adjacency : array, shape (detectors, detectors), or None
    """

    def __init__(
        self,
        speed: Array,
        times: RowTimes,
        adjacency: NDArray[np.float64] | None,
        *,
        profile: ProfileOptions,
        options: TreeOptions,
        report: Report,
    ) -> None:
        self._view, _ = learn_view(speed, times, adjacency, profile)
        rows, windows, changes = lessons(self._view, speed, times)
        self._models = _grown(
            _flat(windows.features, times, rows), changes.reshape(-1, HORIZONS), options, report
        )

    def forecast(self, speed: Array, times: RowTimes, rows: NDArray[np.int64]) -> SpeedForecast:
        """Forecasts made at some rows; the one value stands for the mean and the median.

        Parameters
        ----------
        speed : array, shape (rows, detectors)
        times : RowTimes
            At least ``HORIZONS`` rows beyond the last chosen one.
        rows : array of int, shape (times,)
        """
        windows = self._view.windows(speed, times, rows)
        inputs = _flat(windows.features, times, rows)
        changes = np.stack([model.predict(inputs) for model in self._models], axis=-1)
        changes = changes.reshape(*windows.last_speed.shape, HORIZONS)
        ahead = windows.last_speed[..., None] + self._view.levels.unit * changes
        speeds = np.maximum(ahead, 0.0).astype(np.float32)
        return SpeedForecast(mean=speeds, median=speeds)


def _flat(features: Array, times: RowTimes, rows: NDArray[np.int64]) -> Array:
    """One row for each time and detector, shape (times × detectors, features + 3)."""
    count, detectors, width = features.shape
    inputs = np.empty((count, detectors, width + _PLACE_AND_TIME), dtype=np.float32)
    inputs[..., :width] = features
    inputs[..., width] = np.arange(detectors)
    inputs[..., width + 1] = times.slot[rows][:, None]
    inputs[..., width + 2] = times.is_weekend[rows][:, None]
    return inputs.reshape(-1, width + _PLACE_AND_TIME)


def _grown(inputs: Array, changes: Array, options: TreeOptions, report: Report) -> list[Any]:
    # An optional package: without it the rest of the benchmark still runs.
    import lightgbm  # noqa: PLC0415

    settings = {
        "objective": "regression",
        "learning_rate": options.learning_rate,
        "num_leaves": options.leaves,
        "min_data_in_leaf": options.min_rows,
        "bagging_fraction": options.row_share,
        "bagging_freq": 1,
        "feature_fraction": options.feature_share,
        "seed": options.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    detector = inputs.shape[1] - _PLACE_AND_TIME
    # Binned once for all horizons.
    data = lightgbm.Dataset(
        inputs, categorical_feature=[detector], params=settings, free_raw_data=False
    )
    models = []
    for step in range(HORIZONS):
        known = ~np.isnan(changes[:, step])
        data.set_label(np.nan_to_num(changes[:, step]))
        data.set_weight(known.astype(np.float32))
        models.append(lightgbm.train(settings, data, num_boost_round=options.rounds))
        report(f"boosted trees: step {step + 1} of {HORIZONS}")
    return models
