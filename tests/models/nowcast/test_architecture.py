"""The nowcaster's network: how many members it has, and whom a detector hears."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from models.nowcast.features import HORIZONS
from models.nowcast.options import Architecture

pytestmark = pytest.mark.tensorflow

TELLING = np.array([[1, 2], [2, 0], [0, 1]])
FEATURES = 5


def heads(sizes: Architecture, features: np.ndarray) -> np.ndarray:
    # Here and not above: collecting the tests need not wait for TensorFlow.
    architecture = importlib.import_module("models.nowcast.architecture")
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(3)
    unscaled = np.zeros(FEATURES, np.float32), np.ones(FEATURES, np.float32)
    network = architecture.build_network(TELLING, *unscaled, sizes)
    inputs = {
        "features": features,
        "detector": np.arange(len(TELLING))[None],
        "time_of_day": np.array([[0.5]]),
        "weekend": np.array([[0.0]]),
    }
    return keras.ops.convert_to_numpy(network(inputs, training=False))


@pytest.fixture
def features():
    return np.random.default_rng(5).normal(size=(1, len(TELLING), FEATURES)).astype(np.float32)


def moved(features: np.ndarray) -> np.ndarray:
    """The same but for the last detector."""
    other = features.copy()
    other[:, -1] += 1.0
    return other


def test_members_that_hear_nobody_forecast_each_detector_on_its_own(features):
    sizes = Architecture(members=2, hearing_members=0, units=8)
    once, again = heads(sizes, features), heads(sizes, moved(features))
    assert once.shape == (1, len(TELLING), 2, HORIZONS, 4)
    np.testing.assert_allclose(once[:, :-1], again[:, :-1], atol=1e-6)
    assert np.abs(once[:, -1] - again[:, -1]).max() > 1e-3


def test_only_the_hearing_members_change_with_a_neighbour(features):
    sizes = Architecture(members=2, hearing_members=1, units=8)
    once, again = heads(sizes, features), heads(sizes, moved(features))
    assert once.shape == (1, len(TELLING), 3, HORIZONS, 4)
    np.testing.assert_allclose(once[:, 0, :2], again[:, 0, :2], atol=1e-6)
    assert np.abs(once[:, 0, 2] - again[:, 0, 2]).max() > 1e-4


@pytest.mark.parametrize("layers", [1, 3])
def test_quantiles_never_cross_however_deep_it_is(features, layers):
    found = heads(Architecture(members=1, units=8, layers=layers), 4.0 * features)
    assert np.all(np.diff(found[..., :3], axis=-1) >= 0.0)
