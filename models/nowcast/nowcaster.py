"""The nowcaster: a trained network with all it needs to forecast the next hour."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.nowcast.architecture import MEAN, P10, P50, P90
from models.nowcast.calibration import BandCalibration
from models.nowcast.features import Series, View, learn_view, lessons, make_series, make_windows
from models.nowcast.fit import fit_network
from models.nowcast.forecast import BandForecast
from models.nowcast.graph import telling_neighbours
from models.nowcast.options import NowcastOptions
from models.nowcast.speed_table import RowTimes
from models.training_command import Report

_TIMES_PER_CALL: Final = 32
# Half of the hour ahead.
TELLING_STEPS: Final = 6


class TrainedNowcaster:
    """Forecasts the ``HORIZONS`` steps after a row, for all detectors at once.

    Attributes
    ----------
    network : keras.Model
    calibration : BandCalibration, optional
        Applied to the band of every forecast from when it is set.
    """

    def __init__(
        self, view: View, network: Any, calibration: BandCalibration | None = None
    ) -> None:
        self.view = view
        self.network = network
        self.calibration = calibration
        self._forward = _compiled(network)

    @property
    def weights(self) -> int:
        """Trained numbers in the network."""
        return int(self.network.count_params())

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
        series = make_series(speed, self.view.profile.rows(times), self.view.neighbours)
        heads = np.concatenate(
            [
                self._forecast(series, times, rows[start : start + _TIMES_PER_CALL])
                for start in range(0, len(rows), _TIMES_PER_CALL)
            ]
        )
        forecast = BandForecast(heads[..., MEAN], heads[..., P50], heads[..., P10], heads[..., P90])
        if calibrated and self.calibration is not None:
            return self.calibration.apply(forecast)
        return forecast

    def _forecast(
        self, series: Series, times: RowTimes, rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        levels = self.view.levels
        windows = make_windows(series, levels, rows)
        changes = self._forward(network_inputs(windows.features, times, rows)).numpy()
        speeds: NDArray[np.float32] = np.maximum(
            windows.last_speed[..., None, None] + levels.unit * changes, 0.0
        ).astype(np.float32)
        return speeds


class Nowcaster(TrainedNowcaster):
    """The same, trained on a whole table of speeds that fits in memory.

    Parameters
    ----------
    speed : array, shape (rows, detectors)
        Training rows, consecutive; NaN where unknown. Every detector is known at least once.
    adjacency : array, shape (detectors, detectors), or None
        Without one, the neighbours are those whose deviations go together.
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
        view, deviation = learn_view(speed, times, adjacency, options.profile)
        rows, windows, changes = lessons(view, speed, times)
        count = options.fit.sizes.telling_neighbours
        network = fit_network(
            network_inputs(windows.features, times, rows),
            changes,
            telling_neighbours(deviation, TELLING_STEPS, view.neighbours, count),
            seed=seed,
            options=options.fit,
            report=report,
        )
        super().__init__(view, network)


def network_inputs(
    features: NDArray[np.float32], times: RowTimes, rows: NDArray[np.int64]
) -> dict[str, NDArray[np.generic]]:
    """The network's inputs at some rows, as ``architecture.build_network`` names them."""
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
