"""What every forecaster owes, whatever it is made of."""

from __future__ import annotations

import numpy as np

from models.zones.features import Cells, every_cell, features_of
from models.zones.forecaster import Forecaster
from services.city.rennes import RENNES
from services.plain.statuses import ZONE_STATUSES


def assert_is_forecaster(forecaster: Forecaster) -> None:
    """Fail unless it answers every cell with a distribution that depends on that cell alone."""
    cells = every_cell(features_of(RENNES))
    probabilities = forecaster.predict(cells)
    assert isinstance(forecaster.name, str)
    assert forecaster.name
    assert probabilities.shape == (len(cells), len(ZONE_STATUSES))
    assert probabilities.dtype == np.float64
    assert np.all(probabilities >= 0.0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_array_equal(forecaster.predict(cells), probabilities)
    backwards = forecaster.predict(Cells(cells.zone[::-1], cells.day[::-1], cells.hour[::-1]))
    np.testing.assert_allclose(backwards[::-1], probabilities, atol=1e-6)
    one = Cells(cells.zone[500:501], cells.day[500:501], cells.hour[500:501])
    np.testing.assert_allclose(forecaster.predict(one), probabilities[500:501], atol=1e-6)
    none = Cells(cells.zone[:0], cells.day[:0], cells.hour[:0])
    assert forecaster.predict(none).shape == (0, len(ZONE_STATUSES))
