"""``model.predict`` for one click, as plain dashboards do it: the champion's own Keras model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.rows import NotMeasured
from models.training_command import quieten_tensorflow
from services.city.rennes import RENNES
from services.forecast.champions import CHAMPION_FILE, SHIPPED_ARTIFACTS
from services.forecast.zone_forecasts import DAY_NAMES

Predictor = Callable[[int, str, str], Any]
"""Hour, day and zone to the probabilities of the statuses."""


def champion_dir() -> Path:
    """The directory of the model that is shipped.

    Raises
    ------
    NotMeasured
        When none is.
    """
    try:
        version = (SHIPPED_ARTIFACTS / CHAMPION_FILE).read_text().strip()
    except OSError:
        raise NotMeasured("no model is shipped yet: python -m models.train makes one") from None
    return SHIPPED_ARTIFACTS / version


def load_predictor() -> Predictor:
    """Load the shipped model, TensorFlow with it.

    Raises
    ------
    NotMeasured
        When no model is shipped.
    """
    directory = champion_dir()
    # Its own messages are no part of the results.
    quieten_tensorflow()
    # TensorFlow takes seconds and 600 MB: only where it is measured.
    import keras  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    from models.versions import MODEL_FILE  # noqa: PLC0415
    from models.zones.features import Cells, encode, features_of  # noqa: PLC0415

    model = keras.models.load_model(directory / MODEL_FILE, compile=False)

    def predict(hour: int, day: str, zone: str) -> Any:
        codes = (RENNES.zone_choices.index(zone), DAY_NAMES.index(day), hour)
        cells = Cells(*(np.array([code]) for code in codes))
        return model.predict(encode(features_of(RENNES), cells), verbose=0)

    return predict
