"""A Keras segmentation model, ours or somebody's own, as a function from picture to class map.

Any model of H×W×3 → H×W×C will do; ``FILE.json`` beside ``FILE.keras`` names its classes and
says how it wants its input (``services/camera/classes.py``).
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.camera.architecture import INPUT_SIZE
from services.camera.classes import ClassFile
from services.camera.errors import ClassFileRefused, ModelRefused
from services.camera.familiarity import (
    FAMILIARITY_ENDING,
    Familiarity,
    blindness_of,
    read_familiarity,
)
from services.camera.model_files import read_class_file
from services.camera.picture import letterbox, unletterbox_mask
from services.camera.segmentation import Segmentation

# Four times the pixels of the largest input in common use (1024 × 2048 has half of it).
MAX_SIDE: Final = 2_048
_SUM_TOLERANCE: Final = 1e-2
_MESSAGE_LENGTH: Final = 200


class Segmenter:
    """Answers with a class map at the picture's own size; safe to ask from several threads.

    Parameters
    ----------
    model : keras.Model
        H×W×3 → H×W×C.
    content : ClassFile
        Its classes and how it wants its input.
    familiarity : Familiarity, optional
        What the pictures that it learnt from were like to it.

    Raises
    ------
    ModelRefused
        When the shapes are others, what comes out are no numbers, or it has no layer to tell
        the familiarity by.
    ClassFileRefused
        When it names more or fewer classes than the model has.
    """

    def __init__(
        self,
        model: Any,
        content: ClassFile,
        version: str,
        familiarity: Familiarity | None = None,
    ) -> None:
        self.height, self.width = checked_input(model)
        self.classes = content.classes
        self.version = version
        self._scaling = content.input
        self._familiarity = familiarity
        self._answer = _answering(model, familiarity)
        # The first call compiles: it is made here, so that nobody waits for it.
        self._needs_softmax = self._warm_up()

    def segment(self, rgb: NDArray[np.uint8]) -> Segmentation:
        """Say for each pixel what it is.

        Parameters
        ----------
        rgb : array of uint8, shape (height, width, 3)
            As :func:`services.camera.picture.decode_picture` gives it.

        Returns
        -------
        Segmentation
        """
        started = time.perf_counter()
        fitted, place = letterbox(rgb, self.height, self.width)
        scores, *features = self._answer(self._scaling.apply(fitted)[None])
        shares = self._shares(np.asarray(scores, dtype=np.float32)[0])
        mask = shares.argmax(axis=-1).astype(np.uint8)
        confidence = np.rint(shares.max(axis=-1) * 100).astype(np.uint8)
        return Segmentation(
            mask=unletterbox_mask(mask, place),
            confidence_pct=unletterbox_mask(confidence, place),
            classes=self.classes,
            model_version=self.version,
            took_ms=(time.perf_counter() - started) * 1_000,
            familiarity=self._familiar(features),
            blindness=blindness_of(fitted[place.content]),
        )

    def _familiar(self, features: Sequence[Any]) -> float | None:
        if self._familiarity is None:
            return None
        return self._familiarity.of(np.asarray(features[0])[0])

    def _shares(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self._needs_softmax:
            return scores
        return np.asarray(keras.ops.softmax(scores, axis=-1))

    def _warm_up(self) -> bool:
        """Ask once; whether what comes out are scores that are no shares yet."""
        noise = np.random.default_rng(0).integers(0, 256, (self.height, self.width, 3))
        answer = self._answer(self._scaling.apply(noise.astype(np.uint8))[None])
        scores = np.asarray(answer[0])
        expected = (1, self.height, self.width)
        if scores.ndim != 4 or scores.shape[:3] != expected:
            raise ModelRefused(
                f"the model gives {scores.shape[1:]}, expected "
                f"{self.height} × {self.width} × classes"
            )
        if scores.shape[3] != len(self.classes):
            raise ClassFileRefused(
                f"it names {len(self.classes)} classes, the model has {scores.shape[3]}"
            )
        if not np.isfinite(scores).all():
            raise ModelRefused("the model gives values that are no numbers")
        sums = scores.astype(np.float32).sum(axis=-1)
        return bool(scores.min() < 0 or np.abs(sums - 1).max() > _SUM_TOLERANCE)


def load_segmenter(model_file: Path) -> Segmenter:
    """Load a ``.keras`` file and the class file beside it, check both, and warm up.

    Code inside the file (a Lambda layer) is refused, as Keras does by itself.

    Parameters
    ----------
    model_file : Path
        ``FILE.keras``; ``FILE.json`` lies beside it. In a directory of versions the
        version is the directory's name, otherwise the file's.

    Raises
    ------
    ModelRefused
        With a sentence that says which file, and what is wrong with it.
    """
    content, familiarity = read_class_file(model_file), read_familiarity(model_file)
    model = _read_model(model_file)
    is_versioned = (model_file.parent.parent / "champion").exists()
    version = model_file.parent.name if is_versioned else model_file.stem
    try:
        return Segmenter(model, content, version, familiarity)
    except ModelRefused as error:
        raise type(error)(f"{model_file.name}: {error}") from error


def feature_function(model: Any, layer: str) -> Any:
    """A Keras model from a batch of pictures to the means of a layer, shape (batch, features).

    Raises
    ------
    ModelRefused
        When it has no such layer.
    """
    try:
        places = model.get_layer(layer).output
    except ValueError as error:
        raise ModelRefused(f"it has no layer {layer}") from error
    if len(places.shape) > 2:
        places = keras.ops.mean(places, axis=tuple(range(1, len(places.shape) - 1)))
    return keras.Model(model.inputs, keras.ops.cast(places, "float32"))


def _answering(model: Any, familiarity: Familiarity | None) -> Any:
    """From a batch to a list of scores and, where they are asked for, the means of a layer."""
    if familiarity is None:
        return tf.function(lambda batch: [model(batch, training=False)])
    features = feature_function(model, familiarity.layer).output
    if features.shape[1:] != familiarity.mean.shape:
        raise ModelRefused(
            f"its {FAMILIARITY_ENDING} is of {len(familiarity.mean)} features, "
            f"the layer {familiarity.layer} has {features.shape[-1]}"
        )
    both = keras.Model(model.inputs, [model.outputs[0], features])
    return tf.function(lambda batch: both(batch, training=False))


def _read_model(path: Path) -> Any:
    try:
        return keras.saving.load_model(path, compile=False)
    # Keras answers what it cannot read with almost any exception.
    except Exception as error:
        reason = " ".join(str(error).split())[:_MESSAGE_LENGTH]
        raise ModelRefused(
            f"{path.name}: written by Keras {_written_by(path)}, cannot be read by Keras "
            f"{keras.__version__}: {reason}"
        ) from error


def _written_by(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return "of an unknown version"


def checked_input(model: Any) -> tuple[int, int]:
    """Height and width of the input; where a model leaves them open, ours.

    Raises
    ------
    ModelRefused
    """
    shapes = model.input_shape, model.output_shape
    if any(isinstance(shape, list | dict) or len(shape) != 4 for shape in shapes):
        raise ModelRefused(f"expected H×W×3 → H×W×classes, the model has {shapes[0]} → {shapes[1]}")
    _, height, width, channels = shapes[0]
    if channels != 3:
        raise ModelRefused(f"expected 3 channels in, the model has {channels}")
    sides = (height or INPUT_SIZE, width or INPUT_SIZE)
    if max(sides) > MAX_SIDE:
        raise ModelRefused(f"its input is {sides[0]} × {sides[1]}, at most {MAX_SIDE} each way")
    return sides
