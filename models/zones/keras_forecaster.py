"""The Keras model as a forecaster: asked, saved, and checked when it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from models.errors import ModelMismatch
from models.records import read_measures
from models.versions import MODEL_FILE, weights_hash
from models.zones.features import FEATURES, Cells, InputSpec, encode
from models.zones.forecaster import KERAS_MODEL_NAME


class KerasForecaster:
    """Asks a Keras model, whose inputs are checked once, here.

    Raises
    ------
    ModelMismatch
        When the model does not take what ``features.encode`` gives.
    """

    name: Final = KERAS_MODEL_NAME

    def __init__(self, model: Any) -> None:
        check_inputs(model)
        self._model = model

    def predict(self, cells: Cells) -> NDArray[np.float64]:
        """See :class:`models.zones.forecaster.Forecaster`."""
        # Called as a function: predict() builds a data pipeline for every call.
        shares = np.asarray(self._model(encode(cells), training=False), dtype=np.float64)
        normalised: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return normalised

    def save(self, path: Path) -> None:
        """Write the model in Keras' own format."""
        self._model.save(path)

    def weight_count(self) -> int:
        """How many numbers were learned."""
        return int(self._model.count_params())

    def weights_hash(self) -> str:
        """Six hexadecimal digits that change with any weight."""
        return weights_hash(self._model.get_weights())


def check_inputs(model: Any) -> None:
    """Refuse a model whose inputs or output are not those of ``features.FEATURES``.

    Raises
    ------
    ModelMismatch
        In one line that tells both.
    """
    inputs = model.input if isinstance(model.input, dict) else {}
    found = tuple(
        InputSpec(name, given.shape[-1], keras.backend.standardize_dtype(given.dtype))
        for name, given in inputs.items()
    )
    if set(found) != set(FEATURES.inputs):
        raise ModelMismatch(
            f"the model takes {_listed(found)}; this code encodes {_listed(FEATURES.inputs)}"
        )
    if model.output.shape[-1] != len(FEATURES.statuses):
        raise ModelMismatch(
            f"the model gives {model.output.shape[-1]} probabilities; "
            f"this code reads {len(FEATURES.statuses)}"
        )


def load_forecaster(directory: Path) -> KerasForecaster:
    """Load the model of one version and check that this code speaks its language.

    Raises
    ------
    ModelMismatch
        When a file is missing or damaged, when the model was trained with another
        encoding, or when its weights are not those that its version names.
    """
    measures = read_measures(directory, extra=["features"])
    if measures["features"]["version"] != FEATURES.version:
        raise ModelMismatch(
            f"{directory.name} was trained with features {measures['features']['version']}, "
            f"this code encodes {FEATURES.version}: train again with python -m models.train"
        )
    try:
        model = keras.models.load_model(directory / MODEL_FILE, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelMismatch(f"{directory / MODEL_FILE} cannot be loaded: {reason}") from error
    forecaster = KerasForecaster(model)
    if not str(measures["model_version"]).endswith(f"-{forecaster.weights_hash()}"):
        raise ModelMismatch(
            f"{directory / MODEL_FILE} does not hold the weights of {measures['model_version']}"
        )
    return forecaster


def _listed(inputs: tuple[InputSpec, ...]) -> str:
    return ", ".join(f"{item.name} ({item.width} {item.dtype})" for item in inputs) or "no names"
