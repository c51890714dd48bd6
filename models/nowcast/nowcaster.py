"""The nowcaster: a trained network with all it needs to forecast the next hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.nowcast.architecture import MEAN, P10, P50, P90
from models.nowcast.calibration import BandCalibration
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
from models.nowcast.fit import fit_network
from models.nowcast.forecast import BandForecast
from models.nowcast.graph import Neighbours, choose_neighbours, telling_neighbours
from models.nowcast.options import NowcastOptions
from models.nowcast.profile import DailyProfile, UsualSpeeds
from models.nowcast.speed_table import RowTimes
from models.training_command import Report

_TIMES_PER_CALL: Final = 32
# Half of the hour ahead.
TELLING_STEPS: Final = 6


class Profile(Protocol):
    """What is usual at any row."""

    def rows(self, times: RowTimes) -> UsualSpeeds:
        """What is usual at each row."""


@dataclass(frozen=True)
class NowcasterParts:
    """What training gives and forecasting needs."""

    profile: Profile
    neighbours: Neighbours
    levels: Levels
    network: Any


class TrainedNowcaster:
    """Forecasts the ``HORIZONS`` steps after a row, for all detectors at once."""

    def __init__(self, parts: NowcasterParts, calibration: BandCalibration | None = None) -> None:
        self._parts = parts
        self._calibration = calibration
        self._forward = _compiled(parts.network)

    @property
    def weights(self) -> int:
        """Trained numbers in the network."""
        return int(self._parts.network.count_params())

    @property
    def network(self) -> Any:
        """The Keras model itself."""
        return self._parts.network

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
        parts = self._parts
        series = make_series(speed, parts.profile.rows(times), parts.neighbours)
        heads = np.concatenate(
            [
                self._forecast(series, times, rows[start : start + _TIMES_PER_CALL])
                for start in range(0, len(rows), _TIMES_PER_CALL)
            ]
        )
        forecast = BandForecast(heads[..., MEAN], heads[..., P50], heads[..., P10], heads[..., P90])
        if calibrated and self._calibration is not None:
            return self._calibration.apply(forecast)
        return forecast

    def _forecast(
        self, series: Series, times: RowTimes, rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        levels = self._parts.levels
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
    times : RowTimes
        Of these rows.
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
        profile = DailyProfile(speed, times, options.profile)
        usual = profile.rows(times)
        neighbours = choose_neighbours(speed - usual.speed, adjacency)
        levels = learn_levels(speed)
        rows = np.arange(LAGS - 1, len(speed) - HORIZONS)
        windows = make_windows(make_series(speed, usual, neighbours), levels, rows)
        network = fit_network(
            network_inputs(windows.features, times, rows),
            changes_ahead(speed, rows, windows, levels.unit),
            telling_neighbours(
                speed - usual.speed,
                TELLING_STEPS,
                neighbours,
                options.fit.sizes.telling_neighbours,
            ),
            seed=seed,
            options=options.fit,
            report=report,
        )
        super().__init__(NowcasterParts(profile, neighbours, levels, network))


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
