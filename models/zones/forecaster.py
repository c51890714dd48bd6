"""What a forecaster is: the one interface of the Keras model and of its baselines."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.zones.features import Cells

KERAS_MODEL_NAME: Final = "Keras model"


class Forecaster(Protocol):
    """Gives the probability of each status in any hour of the week and zone."""

    @property
    def name(self) -> str:
        """What tables of measures call it."""

    def predict(self, cells: Cells) -> NDArray[np.float64]:
        """Probabilities, shape (cells, statuses), in the order of ``ZONE_STATUSES``.

        Every row is a distribution; the same cells get the same rows, whatever
        stands beside them.
        """
