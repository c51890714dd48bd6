"""The Keras model: day, hour and zone in, the probabilities of three statuses out."""

from __future__ import annotations

from typing import Any, Final

import keras

from models.zones.features import FeatureSpec
from services.forecast.zone_forecasts import DAYS

_EMBEDDING_WIDTH: Final = 6
_HIDDEN_UNITS: Final = 48


def build_model(features: FeatureSpec, weight_decay: float) -> Any:
    """A small functional model: embeddings and hour waves, two hidden layers, softmax.

    About 4,000 weights. Its inputs are made from the features, so they cannot differ from what
    ``features.encode`` gives.

    Parameters
    ----------
    weight_decay : float
        L2 penalty on the hidden layers.

    Returns
    -------
    keras.Model
        Not compiled; output of shape (cells, statuses) in the order of ``features.statuses``.
    """
    inputs = {
        item.name: keras.Input((item.width,), name=item.name, dtype=item.dtype)
        for item in features.inputs
    }
    codes = {"zone": len(features.zones), "day": DAYS}
    parts = [
        _embedded(given, codes[name]) if name in codes else given for name, given in inputs.items()
    ]
    hidden = keras.layers.Concatenate()(parts)
    for _ in range(2):
        hidden = keras.layers.Dense(
            _HIDDEN_UNITS,
            activation="gelu",
            kernel_regularizer=keras.regularizers.L2(weight_decay),
        )(hidden)
    shares = keras.layers.Dense(len(features.statuses), activation="softmax", name="status")
    return keras.Model(inputs, shares(hidden), name="zone_status_by_hour_of_week")


def _embedded(codes: Any, how_many: int) -> Any:
    vectors = keras.layers.Embedding(how_many, _EMBEDDING_WIDTH)(codes)
    return keras.layers.Flatten()(vectors)
