"""Fits the Keras model to counted statuses, the same way every time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.training_command import Report
from models.zones.architecture import build_model
from models.zones.features import FeatureSpec, encode, every_cell
from models.zones.keras_forecaster import KerasForecaster

_MEASURE: Final = "log_loss"
# All cells fit into one step; several in one epoch, because an epoch costs more than a step.
_STEPS_PER_EPOCH: Final = 10
_REPORTED_EVERY: Final = 5


@dataclass(frozen=True)
class FitOptions:
    """How to train; the defaults made the shipped model.

    Attributes
    ----------
    epochs : int
        At most. A first training stops once ``patience`` epochs brought nothing on
        the validation days; its best number of epochs is that of the second one.
    averaging : float
        Share of the past in the moving average of the weights, which is what is
        kept: it steadies the last steps, from one seed to the next too.
    """

    epochs: int = 100
    seed: int = 35
    learning_rate: float = 0.01
    weight_decay: float = 1e-4
    averaging: float = 0.98
    patience: int = 15


@dataclass(frozen=True)
class Fitted:
    """A trained forecaster and how its training went."""

    forecaster: KerasForecaster
    epochs: int


def fit(
    features: FeatureSpec,
    train: NDArray[np.float64],
    validation: NDArray[np.float64],
    options: FitOptions,
    report: Report,
) -> Fitted:
    """Find the number of epochs on the validation days, then train on both parts for as long.

    All rows of a cell have the same inputs, so its shares, weighted by its
    observations, give the cross-entropy of the single observations at a cost that
    does not grow with the history.

    Parameters
    ----------
    features : FeatureSpec
        What the model takes and gives.
    train, validation : arrays, shape (zones, days, hours, statuses)
        Times each status was observed, on different days.
    """
    tf.config.experimental.enable_op_determinism()
    stopping = keras.callbacks.EarlyStopping(
        f"val_{_MEASURE}", mode="min", patience=options.patience
    )
    # The validation days evaluate the averaged weights, since those are kept.
    averaged = keras.callbacks.SwapEMAWeights()
    _, course = _trained(
        features, train, validation, options, [averaged, stopping, _progress(report)]
    )
    epochs = 1 + int(np.argmin(course[f"val_{_MEASURE}"]))
    report(f"best after {epochs} epochs: training on all but the test days for as long")
    final = replace(options, epochs=epochs)
    model, _ = _trained(features, train + validation, None, final, [_progress(report)])
    return Fitted(KerasForecaster(model, features), epochs)


def _trained(
    features: FeatureSpec,
    counts: NDArray[np.float64],
    validation: NDArray[np.float64] | None,
    options: FitOptions,
    callbacks: list[Any],
) -> tuple[Any, dict[str, list[float]]]:
    """A model trained from the seed on, and its measures epoch by epoch."""
    keras.utils.set_random_seed(options.seed)
    model = build_model(features, options.weight_decay)
    model.compile(
        optimizer=keras.optimizers.Adam(
            options.learning_rate, use_ema=True, ema_momentum=options.averaging
        ),
        loss="categorical_crossentropy",
        weighted_metrics=[keras.metrics.CategoricalCrossentropy(name=_MEASURE)],
        jit_compile=False,
        steps_per_execution=_STEPS_PER_EPOCH,
    )
    # Made by the first step, its variables would have that step traced twice.
    model.optimizer.build(model.trainable_variables)
    course = model.fit(
        _weighted_cells(features, counts).repeat(_STEPS_PER_EPOCH),
        validation_data=None if validation is None else _weighted_cells(features, validation),
        epochs=options.epochs,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )
    return model, course.history


def _weighted_cells(features: FeatureSpec, counts: NDArray[np.float64]) -> Any:
    """One batch: inputs, shares of the statuses and weights (mean 1) of the cells observed."""
    by_cell = counts.reshape(-1, counts.shape[-1])
    totals = by_cell.sum(axis=1)
    seen = totals > 0
    encoded = encode(features, every_cell(features))
    inputs = {name: values[seen] for name, values in encoded.items()}
    shares = by_cell[seen] / totals[seen, None]
    weights = totals[seen] / totals[seen].mean()
    batch = (inputs, shares.astype(np.float32), weights.astype(np.float32))
    return tf.data.Dataset.from_tensors(batch)


def _progress(report: Report) -> Any:
    def on_epoch_end(epoch: int, logs: dict[str, float]) -> None:
        if (epoch + 1) % _REPORTED_EVERY == 0 or epoch == 0:
            scores = "  ".join(f"{name} {logs[name]:.4f}" for name in logs if _MEASURE in name)
            report(f"epoch {epoch + 1:4d}  {scores}")

    return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
