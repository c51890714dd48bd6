"""The learning rate of a training: it rises along a line, and falls along a cosine."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from keras import ops


@dataclass(frozen=True)
class WarmUpThenCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """``keras.optimizers.schedules.CosineDecay`` with a warm-up, to the bit, as a few operations.

    Keras' own is a branch with two graphs, and an optimizer traces it anew for every weight: that
    was a quarter of the time before the first step.

    Attributes
    ----------
    first, highest : float
        At the first step, and after the warm-up.
    warm_up_steps, falling_steps : int
        Whatever comes after them learns at the last rate.
    least_share : float
        What is left of the highest at the end.
    """

    first: float
    highest: float
    warm_up_steps: int
    falling_steps: int
    least_share: float = 0.0

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step, counted from 0."""
        at = ops.minimum(ops.cast(step, "float32"), float(self.warm_up_steps + self.falling_steps))
        gone = at / float(max(1, self.warm_up_steps))
        # Subtracted in 32 bits, as there.
        climb = float(np.float32(self.highest) - np.float32(self.first))
        rising = climb * gone + self.first
        fallen = ops.cos(math.pi * ((at - float(self.warm_up_steps)) / float(self.falling_steps)))
        share = (1.0 - self.least_share) * (0.5 * (1.0 + fallen)) + self.least_share
        return ops.where(at < float(self.warm_up_steps), rising, self.highest * share)

    def get_config(self) -> dict[str, Any]:
        """What it is made of, for a model that is stored with its optimizer."""
        return asdict(self)
