"""Training a network on labelled pictures; the weights that do best on `val` are kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from models.camera.architecture import INPUT_SIZE, WIDTHS, build_unet, build_vgg16_unet
from models.camera.augmentation import augment
from models.camera.camvid import GROUP_NAMES, VOID
from models.camera.dataset import LabelledPictures
from models.camera.measures import confusion_over, figures
from models.learning_rate import WarmUpThenCosine
from models.training_command import DEFAULT_SEED, Report
from services.camera.classes import InputScaling
from services.camera.picture import letterbox, unletterbox_mask

# What the networks see. VGG16's weights were learnt from BGR less the means of ImageNet's
# channels ("caffe" in keras.applications).
_SCALINGS: Final = {
    "small": InputScaling(),
    "vgg16": InputScaling(channels="bgr", scale=1.0, offset=(103.939, 116.779, 123.68)),
}
# Rare classes weigh more, by the root of how rare they are: by the whole of it, poles would
# swallow the walls behind them.
_RARITY_POWER: Final = 0.5
_WARM_UP_SHARE: Final = 0.05
_SMALLEST_SHARE: Final = 1e-6

Encoder = Literal["small", "vgg16"]


@dataclass(frozen=True)
class FitOptions:
    """What training is told.

    Attributes
    ----------
    epochs : int
        Times that every picture is seen.
    learning_rate : float
        The highest; reached after a warm-up, then falling along a cosine to nothing.
    ema_momentum : float
        Of the moving average of the weights, by step; the average is what is evaluated and kept.
    size : int
        Side of the input in pixels.
    encoder : {"small", "vgg16"}
    widths : tuple of int
        Channels of the small encoder at each halving of the picture.
    precision : str
        Keras' policy for training; what is kept computes in 32 bits.
    """

    epochs: int = 55
    batch_pictures: int = 8
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    ema_momentum: float = 0.99
    size: int = INPUT_SIZE
    encoder: Encoder = "small"
    widths: tuple[int, ...] = WIDTHS
    precision: str = "mixed_bfloat16"
    seed: int = DEFAULT_SEED

    @property
    def scaling(self) -> InputScaling:
        """How pictures become what the network sees."""
        return _SCALINGS[self.encoder]


def fit(
    learned: LabelledPictures,
    evaluated: LabelledPictures,
    options: FitOptions,
    report: Report,
    *,
    encoder_weights: Path | None = None,
    kept_at: Path,
) -> Any:
    """Train, and give the model whose weights had the best mean IoU on the pictures to evaluate by.

    Parameters
    ----------
    learned, evaluated : LabelledPictures
        ``train`` and ``val``.
    encoder_weights : Path, optional
        A local file for the VGG16 encoder.
    kept_at : Path
        A ``.weights.h5`` file for the best weights so far: a run that is cut off loses nothing.

    Returns
    -------
    keras.Model
        In 32 bits.
    """
    keras.utils.set_random_seed(options.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(options.precision)
    try:
        model = _built(options, encoder_weights)
    finally:
        keras.config.set_dtype_policy(policy)
    batches = _Batches(learned, options)
    steps = options.epochs * len(batches)
    schedule = WarmUpThenCosine(
        first=options.learning_rate / 10,
        highest=options.learning_rate,
        warm_up_steps=round(steps * _WARM_UP_SHARE),
        falling_steps=max(1, round(steps * (1 - _WARM_UP_SHARE))),
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=options.weight_decay,
        clipnorm=1.0,
        use_ema=True,
        ema_momentum=options.ema_momentum,
    )
    model.compile(optimizer=optimizer, loss=segmentation_loss(class_weights(learned)))
    # Made by the first step, its variables would have that step traced twice.
    optimizer.build(model.trainable_variables)
    best = _BestOnVal(evaluated, options, report, kept_at)
    model.fit(
        batches,
        epochs=options.epochs,
        shuffle=False,
        verbose=0,
        # The average of the weights is swapped in first, so that it is what is evaluated.
        callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True), best],
    )
    return restore(kept_at, options)


def restore(kept_at: Path, options: FitOptions) -> Any:
    """The model in 32 bits with the weights that training kept."""
    model = _built(options, None)
    model.load_weights(kept_at)
    return model


def class_weights(parts: LabelledPictures) -> NDArray[np.float32]:
    """Weight of each group but void: the root of its rarity, 1 on average over pixels."""
    counts = np.zeros(len(GROUP_NAMES), dtype=np.int64)
    for labels in parts.labels:
        counts += np.bincount(labels.ravel(), minlength=len(GROUP_NAMES))
    shares = np.delete(counts, VOID) / max(1, np.delete(counts, VOID).sum())
    weights = np.where(shares > 0, np.maximum(shares, _SMALLEST_SHARE) ** -_RARITY_POWER, 0.0)
    return np.asarray(weights / (weights * shares).sum(), dtype=np.float32)


def segmentation_loss(weights: NDArray[np.float32]) -> Any:
    """Weighted cross-entropy plus the Dice loss over a batch, void pixels left out.

    The Dice part (Milletari et al., "V-Net", 2016) counts each class alike, however small.
    """

    def loss(truth: Any, shares: Any) -> Any:
        hot = ops.one_hot(ops.cast(truth, "int32"), len(GROUP_NAMES), dtype="float32")
        hot = hot[..., VOID + 1 :]
        seen = ops.sum(hot, axis=-1, keepdims=True)
        shares = ops.cast(shares, "float32")
        logarithms = ops.log(ops.maximum(shares[..., VOID + 1 :], _SMALLEST_SHARE))
        weighted = hot * weights
        entropy = -ops.sum(weighted * logarithms) / ops.maximum(ops.sum(weighted), 1.0)
        found = shares[..., VOID + 1 :] * seen
        axes = (0, 1, 2)
        both = 2 * ops.sum(hot * found, axis=axes) + 1
        dice = 1 - ops.mean(both / (ops.sum(hot, axis=axes) + ops.sum(found, axis=axes) + 1))
        return entropy + dice

    return loss


def segment_with(model: Any, options: FitOptions) -> Any:
    """A function from a picture to its class map, both at the picture's own size."""
    shares_of = tf.function(lambda batch: model(batch, training=False))

    def segment(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        fitted, place = letterbox(picture, options.size, options.size)
        shares = np.asarray(shares_of(options.scaling.apply(fitted)[None]))[0]
        return unletterbox_mask(shares.argmax(axis=-1).astype(np.uint8), place)

    return segment


def _built(options: FitOptions, encoder_weights: Path | None) -> Any:
    if options.encoder == "vgg16":
        return build_vgg16_unet(len(GROUP_NAMES), options.size, encoder_weights)
    return build_unet(len(GROUP_NAMES), options.size, options.widths)


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Every picture once an epoch, in an order and a variant that the seed gives."""

    def __init__(self, parts: LabelledPictures, options: FitOptions) -> None:
        # Two threads: the next batch is drawn while this one is learned from.
        super().__init__(workers=2)
        self._parts = parts
        self._options = options
        self._epoch = 0
        self._order = self._shuffled()

    def __len__(self) -> int:
        return math.ceil(len(self._parts) / self._options.batch_pictures)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        size = self._options.batch_pictures
        # Of the place alone, so that no order of loading changes what is drawn.
        generator = np.random.default_rng([self._options.seed, self._epoch, index])
        drawn = [
            augment(
                self._parts.pictures[place],
                self._parts.labels[place],
                self._options.size,
                generator,
            )
            for place in self._order[index * size : (index + 1) * size]
        ]
        pictures = np.stack([picture for picture, _ in drawn])
        return self._options.scaling.apply(pictures), np.stack([labels for _, labels in drawn])

    def on_epoch_end(self) -> None:
        """Put the pictures into another order."""
        self._epoch += 1
        self._order = self._shuffled()

    def _shuffled(self) -> NDArray[np.int64]:
        generator = np.random.default_rng([self._options.seed, self._epoch])
        return generator.permutation(len(self._parts))


class _BestOnVal(keras.callbacks.Callback):  # type: ignore[misc]
    """Evaluates after every epoch and keeps the best weights in a file."""

    def __init__(
        self, evaluated: LabelledPictures, options: FitOptions, report: Report, kept_at: Path
    ) -> None:
        super().__init__()
        self._evaluated = evaluated
        self._options = options
        self._report = report
        self._kept_at = kept_at
        self._best = -math.inf

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        # Once, not every epoch: compiling it takes seconds.
        self._segment = segment_with(self.model, self._options)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        found = figures(confusion_over(self._evaluated, self._segment))
        is_best = found["mean_iou"] > self._best
        if is_best:
            self._best = found["mean_iou"]
            self.model.save_weights(self._kept_at)
        self._report(
            f"epoch {epoch + 1} of {self._options.epochs}  loss {(logs or {})['loss']:.4f}  "
            f"val mIoU {found['mean_iou']:.4f}  vehicle {found['iou']['vehicle'] or 0:.4f}"
            + ("  best so far" if is_best else "")
        )
