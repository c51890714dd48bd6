"""Trains the nowcaster's network, the same way every time, and reads nothing it must not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.learning_rate import WarmUpThenCosine
from models.nowcast.architecture import MEAN, build_network
from models.nowcast.options import Architecture, FitOptions
from models.training_command import Report
from services.plain.forecast import QUANTILES

Inputs = dict[str, NDArray[np.generic]]

_WARM_UP_STEPS: Final = 200
_LITTLE: Final = 1e-6
_REPORTS_PER_EPOCH: Final = 10


@dataclass(frozen=True)
class NetworkPlan:
    """What a network is built from, before it is trained; see ``architecture.build_network``."""

    telling: NDArray[np.int64]
    offset: NDArray[np.float32]
    scale: NDArray[np.float32]
    sizes: Architecture

    def build(self) -> Any:
        """An untrained network."""
        return build_network(self.telling, self.offset, self.scale, self.sizes)


class WindowBatches:
    """Batches of windows, each made when it is needed; every pass has another order.

    Parameters
    ----------
    make : callable
        Gives the inputs and the changes of some rows.
    """

    def __init__(
        self,
        make: Callable[[NDArray[np.int64]], tuple[Inputs, NDArray[np.float32]]],
        rows: NDArray[np.int64],
        *,
        times_per_step: int,
        seed: int,
    ) -> None:
        self._make = make
        self._generator = np.random.default_rng(seed)
        self._rows = rows
        self._times_per_step = times_per_step

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._times_per_step)

    def __iter__(self) -> Iterator[tuple[Inputs, NDArray[np.float32]]]:
        self._rows = self._generator.permutation(self._rows)
        for start in range(0, len(self._rows), self._times_per_step):
            yield self._make(self._rows[start : start + self._times_per_step])


def fit_network(
    inputs: Inputs,
    changes: NDArray[np.float32],
    telling: NDArray[np.int64],
    *,
    seed: int,
    options: FitOptions,
    report: Report,
) -> Any:
    """A network trained from the seed on.

    Parameters
    ----------
    inputs : dict of arrays
        As :func:`models.nowcast.architecture.build_network` names them, first axis times.
    changes : array, shape (times, detectors, horizons)
        In units; NaN where unknown, which is never learned from.
    telling : array of int, shape (detectors, neighbours)
    """
    plan = NetworkPlan(telling, *learn_scaling(inputs["features"]), options.sizes)
    _begin(seed)
    data = tf.data.Dataset.from_tensor_slices((inputs, changes))
    batches = data.shuffle(len(changes), seed=seed).batch(options.times_per_step)
    network = _compiled(plan, options, steps_per_epoch=len(batches))
    network.fit(
        batches,
        epochs=options.epochs,
        callbacks=[_progress(report)],
        shuffle=False,
        verbose=0,
    )
    return network


def fit_on_batches(
    plan: NetworkPlan, batches: WindowBatches, *, seed: int, options: FitOptions, report: Report
) -> Any:
    """The same from windows that would not fit in memory all at once.

    Parameters
    ----------
    report : callable
        Gets ten lines an epoch: an epoch takes minutes.
    """
    _begin(seed)
    network = _compiled(plan, options, steps_per_epoch=len(batches))
    every = max(1, len(batches) // _REPORTS_PER_EPOCH)
    # A generator within fit() runs on a thread of TensorFlow's, which can end in a deadlock.
    for epoch in range(options.epochs):
        network.reset_metrics()
        for step, (inputs, changes) in enumerate(batches, start=1):
            loss = network.train_on_batch(inputs, changes)
            if step % every == 0:
                report(f"epoch {epoch + step / len(batches):5.1f}  loss {loss:.4f}")
    return network


def learn_scaling(
    features: NDArray[np.generic],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Offset and scale that give mean 0 and deviation 1; 0 for what never varied."""
    flat = features.reshape(-1, features.shape[-1])
    mean, deviation = flat.mean(axis=0, dtype=np.float64), flat.std(axis=0, dtype=np.float64)
    scale = np.where(deviation > _LITTLE, 1.0 / np.maximum(deviation, _LITTLE), 0.0)
    return (-mean * scale).astype(np.float32), scale.astype(np.float32)


def _begin(seed: int) -> None:
    """Whatever is drawn from now on, shuffling as well, follows from the seed alone."""
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


def _compiled(plan: NetworkPlan, options: FitOptions, steps_per_epoch: int) -> Any:
    network = plan.build()
    network.compile(
        optimizer=keras.optimizers.AdamW(
            _schedule(options.learning_rate, steps_per_epoch * options.epochs),
            weight_decay=options.weight_decay,
            global_clipnorm=1.0,
        ),
        loss=_loss(options.huber_units),
        jit_compile=False,
    )
    # Made by the first step, its variables would have that step traced twice.
    network.optimizer.build(network.trainable_variables)
    return network


def _schedule(learning_rate: float, steps: int) -> Any:
    warm_up = min(_WARM_UP_STEPS, steps // 5)
    return WarmUpThenCosine(
        first=learning_rate * 0.05,
        highest=learning_rate,
        warm_up_steps=warm_up,
        falling_steps=max(1, steps - warm_up),
        least_share=0.01,
    )


def _loss(huber_units: float) -> Callable[[Any, Any], Any]:
    """Huber's loss of the mean and the pinball losses of the quantiles, over what is known."""

    def loss(changes: Any, heads: Any) -> Any:
        changes = changes[:, :, None, :]
        known = tf.cast(tf.math.is_finite(changes), heads.dtype)
        observed = tf.where(tf.math.is_finite(changes), changes, tf.zeros_like(changes))
        error = tf.abs(observed - heads[..., MEAN])
        near = tf.minimum(error, huber_units)
        total = near * (error - 0.5 * near)
        for place, share in enumerate(QUANTILES.values()):
            over = observed - heads[..., place]
            total += tf.maximum(share * over, (share - 1.0) * over)
        # Every member gets the gradient that it would get alone: sum over members.
        summed = tf.reduce_sum(tf.reduce_sum(total * known, axis=(0, 1, 3)))
        return summed / tf.maximum(tf.reduce_sum(known), 1.0)

    return loss


def _progress(report: Report) -> Any:
    def on_epoch_end(epoch: int, logs: dict[str, float]) -> None:
        report(f"epoch {epoch + 1:3d}  loss {logs['loss']:.4f}")

    return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
