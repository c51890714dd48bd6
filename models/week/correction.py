"""The network that corrects the prior: what it is shown, what it is made of, how it is fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.hour_waves import HOUR_HARMONICS, hour_waves
from models.training_command import Report
from models.versions import weights_hash
from models.week.prior import Prior
from services.history.hour_of_week import HOURS_PER_DAY, HOURS_PER_WEEK
from services.history.ratio_histogram import RATIO_BINS

# Where the network is told the cumulated shares of a prior: every 10 % from 0.10 to 1.20.
_SHOWN_BOUNDS: Final = np.arange(2, 25, 2)
# And of the hours beside it: at 0.30 and 0.70.
_NEIGHBOUR_BOUNDS: Final = np.array([6, 14])
_NEIGHBOUR_HOURS: Final = (-1, 1)
# Of the calendar: the school holidays flag.
PRIOR_FEATURES: Final = 2 * len(_SHOWN_BOUNDS) + len(_NEIGHBOUR_HOURS) * len(_NEIGHBOUR_BOUNDS) + 1
_SMALLEST_SHARE: Final = 1e-4
_SEGMENT_WIDTH: Final = 8
_DAY_WIDTH: Final = 4
_CLASS_WIDTH: Final = 3
_HIDDEN_UNITS: Final = 48


@dataclass(frozen=True)
class FitOptions:
    """How to train; the defaults made the shipped model.

    Attributes
    ----------
    epochs : int
        As many as did best on another simulation.
    batch_cells : int
        Hours of the week of segments in a step.
    """

    epochs: int = 6
    seed: int = 35
    learning_rate: float = 0.004
    weight_decay: float = 1e-3
    batch_cells: int = 8_192


@dataclass(frozen=True)
class Lesson:
    """Counts of some days, beside the prior that the other days gave: nothing is told twice.

    Attributes
    ----------
    counts : array of int, shape (HOURS_PER_WEEK, segments, bins)
    """

    prior: Prior
    counts: NDArray[np.uint16]
    is_school_holiday: bool


def build_network(segments: int, classes: int) -> Any:
    """Functional model: where, when and the prior in; corrected shares of the ratio bins out.

    Its last layer starts at zero, so that training begins with the prior itself.

    Returns
    -------
    keras.Model
        Inputs ``segment``, ``road_class``, ``day`` (codes, width 1), ``hour_waves``,
        ``school_holiday`` (0 or 1), ``prior_features`` and ``log_prior`` (bins).
        Output (cells, bins): a distribution, so that its quantiles cannot cross.
    """
    codes = {
        name: keras.Input((1,), name=name, dtype="int32")
        for name in ("segment", "road_class", "day")
    }
    numbers = {
        "hour_waves": keras.Input((2 * HOUR_HARMONICS,), name="hour_waves"),
        "school_holiday": keras.Input((1,), name="school_holiday"),
        "prior_features": keras.Input((PRIOR_FEATURES,), name="prior_features"),
    }
    log_prior = keras.Input((RATIO_BINS,), name="log_prior")
    sizes = {
        "segment": (segments, _SEGMENT_WIDTH),
        "road_class": (classes, _CLASS_WIDTH),
        "day": (7, _DAY_WIDTH),
    }
    embedded = [
        keras.layers.Flatten()(keras.layers.Embedding(*sizes[name])(code))
        for name, code in codes.items()
    ]
    hidden = keras.layers.Concatenate()([*embedded, *numbers.values()])
    for _ in range(2):
        hidden = keras.layers.Dense(_HIDDEN_UNITS, activation="gelu")(hidden)
    change = keras.layers.Dense(RATIO_BINS, kernel_initializer="zeros", name="change")(hidden)
    shares = keras.layers.Softmax(name="shares")(keras.layers.Add()([log_prior, change]))
    inputs = {**codes, **numbers, "log_prior": log_prior}
    return keras.Model(inputs, shares, name="segment_speed_ratio_by_hour_of_week")


class WeekNetwork:
    """A trained network, asked for the whole week at once.

    Parameters
    ----------
    class_codes : array of int, shape (segments,)
    """

    def __init__(self, model: Any, class_codes: NDArray[np.intp]) -> None:
        self._model = model
        self._class_codes = class_codes

    def shares(self, prior: Prior) -> NDArray[np.float32]:
        """Corrected shares of the ratio bins in an ordinary week, schools open.

        Returns
        -------
        array, shape (HOURS_PER_WEEK, segments, bins)
        """
        cells = _LessonCells(prior, self._class_codes, is_school_holiday=False)
        segments = len(self._class_codes)
        places = np.arange(segments)
        return np.stack(
            [
                self._model.predict_on_batch(cells.inputs(np.full(segments, hour), places))
                for hour in range(HOURS_PER_WEEK)
            ]
        )

    def save(self, path: Any) -> None:
        """Write the model in Keras' own format."""
        self._model.save(path)

    def weight_count(self) -> int:
        """How many numbers were learned."""
        return int(self._model.count_params())

    def weights_hash(self) -> str:
        """Six hexadecimal digits that change with any weight."""
        return weights_hash(self._model.get_weights())


def fit_network(
    lessons: Sequence[Lesson], class_codes: NDArray[np.intp], options: FitOptions, report: Report
) -> WeekNetwork:
    """Train on lessons, the same way every time.

    Parameters
    ----------
    class_codes : array of int, shape (segments,)
    """
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    batches = _Batches(lessons, class_codes, options)
    model = build_network(len(class_codes), int(class_codes.max()) + 1)
    steps = options.epochs * len(batches)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(options.learning_rate, steps),
            weight_decay=options.weight_decay,
        ),
        loss="categorical_crossentropy",
        jit_compile=False,
    )
    # Made by the first step, its variables would have that step traced twice.
    model.optimizer.build(model.trainable_variables)
    model.fit(
        batches,
        epochs=options.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[_progress(options.epochs, report)],
    )
    return WeekNetwork(model, class_codes)


class _LessonCells:
    """The cells of one lesson as the network's inputs."""

    def __init__(
        self, prior: Prior, class_codes: NDArray[np.intp], *, is_school_holiday: bool
    ) -> None:
        self._prior = prior
        self._class_codes = class_codes
        self._flag = np.float32(is_school_holiday)
        self._cumulated = {
            "week": prior.week.cumsum(axis=-1),
            "day_type": prior.day_type.cumsum(axis=-1),
        }

    def inputs(self, hours: NDArray[np.int64], segments: NDArray[np.int64]) -> dict[str, Any]:
        """Inputs of some cells, by name."""
        return {
            "segment": segments[:, None].astype(np.int32),
            "road_class": self._class_codes[segments, None].astype(np.int32),
            "day": (hours[:, None] // HOURS_PER_DAY).astype(np.int32),
            "hour_waves": hour_waves(hours).astype(np.float32),
            "school_holiday": np.full((len(hours), 1), self._flag),
            "prior_features": self._features(hours, segments),
            "log_prior": np.log(np.maximum(self._prior.week[hours, segments], _SMALLEST_SHARE)),
        }

    def _features(
        self, hours: NDArray[np.int64], segments: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        week, day_type = self._cumulated["week"], self._cumulated["day_type"]
        columns = [
            _logit(week[hours, segments][:, _SHOWN_BOUNDS - 1]),
            _logit(day_type[hours, segments][:, _SHOWN_BOUNDS - 1]),
            *(
                _logit(week[(hours + step) % HOURS_PER_WEEK, segments][:, _NEIGHBOUR_BOUNDS - 1])
                for step in _NEIGHBOUR_HOURS
            ),
            np.log1p(self._prior.observations[hours, segments])[:, None],
        ]
        return np.hstack(columns).astype(np.float32)


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """All observed cells of all lessons in an order that the seed gives, new for each epoch."""

    def __init__(
        self, lessons: Sequence[Lesson], class_codes: NDArray[np.intp], options: FitOptions
    ) -> None:
        super().__init__()
        self._lessons = lessons
        self._cells = [
            _LessonCells(item.prior, class_codes, is_school_holiday=item.is_school_holiday)
            for item in lessons
        ]
        observed = [item.counts.any(axis=-1) for item in lessons]
        self._rows = np.concatenate(
            [
                np.column_stack([np.full(int(seen.sum()), place), *np.nonzero(seen)])
                for place, seen in enumerate(observed)
            ]
        )
        total = sum(int(item.counts.sum(dtype=np.int64)) for item in lessons)
        self._mean_observations = total / max(1, len(self._rows))
        self._size = options.batch_cells
        self._generator = np.random.default_rng(options.seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._size)

    def on_epoch_end(self) -> None:
        """Put the cells into another order."""
        self._generator.shuffle(self._rows)

    def __getitem__(self, index: int) -> tuple[dict[str, Any], Any, Any]:
        rows = self._rows[index * self._size : (index + 1) * self._size]
        parts = [self._part(place, rows[rows[:, 0] == place]) for place in np.unique(rows[:, 0])]
        inputs = {name: np.concatenate([part[0][name] for part in parts]) for name in parts[0][0]}
        counts = np.concatenate([part[1] for part in parts]).astype(np.float32)
        observations = counts.sum(axis=-1)
        # All observations of a cell share its inputs: their shares, weighted by their number,
        # give the cross-entropy of the single observations.
        return inputs, counts / observations[:, None], observations / self._mean_observations

    def _part(self, place: int, rows: NDArray[np.int64]) -> tuple[dict[str, Any], Any]:
        hours, segments = rows[:, 1], rows[:, 2]
        counts = self._lessons[place].counts[hours, segments]
        return self._cells[place].inputs(hours, segments), counts


def _logit(shares: NDArray[np.floating]) -> NDArray[np.floating]:
    bounded = np.clip(shares, _SMALLEST_SHARE, 1.0 - _SMALLEST_SHARE)
    found: NDArray[np.floating] = np.log(bounded / (1.0 - bounded))
    return found


def _progress(epochs: int, report: Report) -> Any:
    def on_epoch_end(epoch: int, logs: dict[str, float]) -> None:
        report(f"epoch {epoch + 1} of {epochs}  cross-entropy {logs['loss']:.4f}")

    return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
