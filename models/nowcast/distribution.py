"""Status probabilities from quantiles: the models' name for ``speed_distribution``."""

from __future__ import annotations

from services.forecast.speed_distribution import (
    StatusProbabilities,
    probability_up_to,
    status_probabilities,
)

__all__ = ["StatusProbabilities", "probability_up_to", "status_probabilities"]
