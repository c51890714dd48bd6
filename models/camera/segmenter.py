"""A Keras segmentation model, ours or somebody's own, as a function from picture to class map.

Any model of H×W×3 → H×W×C will do; ``FILE.json`` beside ``FILE.keras`` names its classes and
says how it wants its input (``services/camera/classes.py``).
"""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.camera.architecture import INPUT_SIZE
from services.camera.classes import ClassFile
from services.camera.errors import ClassFileRefused, ModelRefused
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
    version : str
        As answers name it.

    Raises
    ------
    ModelRefused
        When the shapes are others, or what comes out are no numbers.
    ClassFileRefused
        When it names more or fewer classes than the model has.
    """

    def __init__(self, model: Any, content: ClassFile, version: str) -> None:
        self.height, self.width = _checked_input(model)
        self.classes = content.classes
        self.version = version
        self._scaling = content.input
        self._answer = tf.function(lambda batch: model(batch, training=False))
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
        shares = self._shares(fitted)
        mask = shares.argmax(axis=-1).astype(np.uint8)
        confidence = np.rint(shares.max(axis=-1) * 100).astype(np.uint8)
        return Segmentation(
            mask=unletterbox_mask(mask, place),
            confidence_pct=unletterbox_mask(confidence, place),
            classes=self.classes,
            model_version=self.version,
            took_ms=(time.perf_counter() - started) * 1_000,
        )

    def _shares(self, fitted: NDArray[np.uint8]) -> NDArray[np.float32]:
        answer = self._answer(self._scaling.apply(fitted)[None])
        scores: NDArray[np.float32] = np.asarray(answer, dtype=np.float32)[0]
        if not self._needs_softmax:
            return scores
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))

    def _warm_up(self) -> bool:
        """Ask once; whether what comes out are scores that are no shares yet."""
        noise = np.random.default_rng(0).integers(0, 256, (self.height, self.width, 3))
        scores = np.asarray(self._answer(self._scaling.apply(noise.astype(np.uint8))[None]))
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
    content = read_class_file(model_file)
    model = _read_model(model_file)
    is_versioned = (model_file.parent.parent / "champion").exists()
    version = model_file.parent.name if is_versioned else model_file.stem
    try:
        return Segmenter(model, content, version)
    except ModelRefused as error:
        raise type(error)(f"{model_file.name}: {error}") from error


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


def _checked_input(model: Any) -> tuple[int, int]:
    """Height and width of the input; where a model leaves them open, ours."""
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
