from __future__ import annotations

import importlib

import numpy as np
import pytest

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.mark.parametrize("warm_up_steps", [0, 4])
@pytest.mark.parametrize("least_share", [0.0, 0.01])
def test_it_is_to_the_bit_what_keras_gives_from_the_first_step_to_beyond_the_last(
    warm_up_steps, least_share
):
    keras = importlib.import_module("keras")
    own = importlib.import_module("models.learning_rate").WarmUpThenCosine(
        first=1e-4,
        highest=2e-3,
        warm_up_steps=warm_up_steps,
        falling_steps=16,
        least_share=least_share,
    )
    of_keras = keras.optimizers.schedules.CosineDecay(
        1e-4, 16, alpha=least_share, warmup_target=2e-3, warmup_steps=warm_up_steps
    )
    rates = [float(own(step)) for step in range(24)]
    assert rates == [float(of_keras(step)) for step in range(24)]
    assert rates[0] == pytest.approx(1e-4 if warm_up_steps else 2e-3)
    assert max(rates) == pytest.approx(2e-3)
    assert rates[-1] == pytest.approx(2e-3 * least_share, abs=1e-9)
    assert own.from_config(own.get_config()) == own
    assert np.diff(rates[warm_up_steps:]).max() <= 0
