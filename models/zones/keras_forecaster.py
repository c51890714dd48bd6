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
from models.zones.features import Cells, FeatureSpec, InputSpec, encode, features_of
from models.zones.forecaster import KERAS_MODEL_NAME
from services.city.city import City


class KerasForecaster:
    """Asks a Keras model, whose inputs are checked once, here.

    Raises
    ------
    ModelMismatch
        When the model does not take what ``features.encode`` gives.
    """

    name: Final = KERAS_MODEL_NAME

    def __init__(self, model: Any, features: FeatureSpec) -> None:
        check_inputs(model, features)
        self.features = features
        self._model = model

    def predict(self, cells: Cells) -> NDArray[np.float64]:
        """See :class:`models.zones.forecaster.Forecaster`."""
        # Called as a function: predict() builds a data pipeline for every call.
        shares = np.asarray(
            self._model(encode(self.features, cells), training=False), dtype=np.float64
        )
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


def check_inputs(model: Any, features: FeatureSpec) -> None:
    """Refuse a model whose inputs or output are not those of its features.

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
    if set(found) != set(features.inputs):
        raise ModelMismatch(
            f"the model takes {_listed(found)}; this code encodes {_listed(features.inputs)}"
        )
    if model.output.shape[-1] != len(features.statuses):
        raise ModelMismatch(
            f"the model gives {model.output.shape[-1]} probabilities; "
            f"this code reads {len(features.statuses)}"
        )


def load_forecaster(city: City, directory: Path) -> KerasForecaster:
    """Load the model of one version and check that this code speaks its language.

    Raises
    ------
    ModelMismatch
        When a file is missing or damaged, when the model was trained with another
        encoding, or when its weights are not those that its version names.
    """
    features = features_of(city)
    measures = read_measures(directory, extra=["features"])
    if measures["features"]["version"] != features.version:
        raise ModelMismatch(
            f"{directory.name} was trained with features {measures['features']['version']}, "
            f"this code encodes {features.version}: train again with python -m models.train"
        )
    try:
        model = keras.models.load_model(directory / MODEL_FILE, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelMismatch(f"{directory / MODEL_FILE} cannot be loaded: {reason}") from error
    forecaster = KerasForecaster(model, features)
    if not str(measures["model_version"]).endswith(f"-{forecaster.weights_hash()}"):
        raise ModelMismatch(
            f"{directory / MODEL_FILE} does not hold the weights of {measures['model_version']}"
        )
    return forecaster


def _listed(inputs: tuple[InputSpec, ...]) -> str:
    return ", ".join(f"{item.name} ({item.width} {item.dtype})" for item in inputs) or "no names"
