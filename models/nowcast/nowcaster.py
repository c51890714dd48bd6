"""The nowcaster: a trained network with all it needs to forecast the next hour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.nowcast.architecture import MEAN, P10, P50, P90
from models.nowcast.calibration import (
    BandCalibration,
)
from models.nowcast.features import (
    HORIZONS,
    LAGS,
    Levels,
    Series,
    changes_ahead,
    learn_levels,
    make_series,
    make_windows,
)
from models.nowcast.fitting import fit_network
from models.nowcast.forecast import BandForecast
from models.nowcast.graph import choose_neighbours, telling_neighbours
from models.nowcast.options import NowcastOptions
from models.nowcast.profile import DailyProfile
from models.nowcast.speed_table import RowTimes

Report = Callable[[str], None]

_TIMES_PER_CALL: Final = 32
# Half of the hour ahead.
_TELLING_STEPS: Final = 6


class Nowcaster:
    """Forecasts the ``HORIZONS`` steps after a row, for all detectors at once.

    Parameters
    ----------
    speed : array, shape (rows, detectors)
        Training rows, consecutive; NaN where unknown. Every detector is known at least once.
    times : RowTimes
        Of these rows.
    adjacency : array, shape (detectors, detectors), or None
        Without one, the neighbours are those whose deviations go together.
    seed : int
    options : NowcastOptions
    report : callable
        Gets lines of progress.
    """

    def __init__(
        self,
        speed: NDArray[np.float32],
        times: RowTimes,
        adjacency: NDArray[np.float64] | None,
        *,
        seed: int,
        options: NowcastOptions,
        report: Report,
    ) -> None:
        self._profile = DailyProfile(speed, times, options.profile)
        deviation = speed - self._profile.rows(times).speed
        self._neighbours = choose_neighbours(deviation, adjacency)
        self._levels: Levels = learn_levels(speed)
        self._calibration: BandCalibration | None = None
        rows = np.arange(LAGS - 1, len(speed) - HORIZONS)
        series = self._series(speed, times)
        windows = make_windows(series, self._levels, rows)
        changes = changes_ahead(speed, rows, windows, self._levels.unit)
        self._network = fit_network(
            self._inputs(windows.features, times, rows),
            changes,
            telling_neighbours(
                speed - series.usual.speed,
                _TELLING_STEPS,
                self._neighbours,
                options.fit.sizes.telling_neighbours,
            ),
            seed=seed,
            options=options.fit,
            report=report,
        )
        self._forward = _compiled(self._network)

    @property
    def weights(self) -> int:
        """Trained numbers in the network."""
        return int(self._network.count_params())

    @property
    def calibration(self) -> BandCalibration | None:
        """What is applied to the band, if anything."""
        return self._calibration

    def use(self, calibration: BandCalibration) -> None:
        """Apply a calibration to every later forecast."""
        self._calibration = calibration

    def forecast(
        self,
        speed: NDArray[np.float32],
        times: RowTimes,
        rows: NDArray[np.int64],
        *,
        calibrated: bool = True,
    ) -> BandForecast:
        """Forecasts made at some rows, from these and the rows before alone.

        Parameters
        ----------
        speed : array, shape (rows, detectors)
            Speeds after the chosen rows are never looked at.
        times : RowTimes
            At least ``HORIZONS`` rows beyond the last chosen one.
        rows : array of int, shape (times,)
            Each with ``LAGS - 1`` rows before it.
        """
        series = self._series(speed, times)
        parts = [
            self._forecast(series, times, rows[start : start + _TIMES_PER_CALL])
            for start in range(0, len(rows), _TIMES_PER_CALL)
        ]
        heads = np.concatenate(parts)
        forecast = BandForecast(heads[..., MEAN], heads[..., P50], heads[..., P10], heads[..., P90])
        if calibrated and self._calibration is not None:
            return self._calibration.apply(forecast)
        return forecast

    def _forecast(
        self, series: Series, times: RowTimes, rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        windows = make_windows(series, self._levels, rows)
        changes = self._forward(self._inputs(windows.features, times, rows)).numpy()
        speeds: NDArray[np.float32] = np.maximum(
            windows.last_speed[..., None, None] + self._levels.unit * changes, 0.0
        ).astype(np.float32)
        return speeds

    def _series(self, speed: NDArray[np.float32], times: RowTimes) -> Series:
        return make_series(speed, self._profile.rows(times), self._neighbours)

    def _inputs(
        self, features: NDArray[np.float32], times: RowTimes, rows: NDArray[np.int64]
    ) -> dict[str, NDArray[np.generic]]:
        detectors = np.arange(features.shape[1], dtype=np.int32)
        share_of_day = (times.slot[rows] / times.slots_per_day).astype(np.float32)
        return {
            "features": features,
            "detector": np.broadcast_to(detectors, features.shape[:2]),
            "time_of_day": share_of_day[:, None],
            "weekend": times.is_weekend[rows].astype(np.float32)[:, None],
        }


def _compiled(network: Any) -> Any:
    """The mean over the members as one graph: a hundred times faster than ``predict``."""

    def forward(inputs: Any) -> Any:
        return tf.reduce_mean(network(inputs, training=False), axis=2)

    signature = {
        name: tf.TensorSpec((None, *given.shape[1:]), given.dtype, name=name)
        for name, given in network.input.items()
    }
    # One trace for any number of times.
    return tf.function(forward, input_signature=[signature])
