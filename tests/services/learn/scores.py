"""Scores as they are kept, without the hours that they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.learn.scoring_rules import CALIBRATION_BINS
from services.operations.tables import ForecastScore
from services.plain.quality import BASELINES, MODEL, Forecaster


def score_rows(
    day: date,
    errors: Mapping[Forecaster, float],
    *,
    cases: int = 72,
    better_than: Mapping[str, int] | None = None,
    calibration: list[list[float]] | None = None,
    **changes: Any,
) -> list[ForecastScore]:
    """The rows of one day, zone and lead time: the mean error of each forecaster, 0 to 1."""
    key = {
        "source": "demo",
        "kind": "nowcast",
        "zone": "rocade",
        "lead_minutes": 60,
        "model_version": "2026-11-22-9b9575",
    } | changes
    return [
        ForecastScore(
            day=day,
            forecaster=name,
            cases=cases,
            rps_sum=error * cases,
            brier_sum=error * cases,
            ratio_cases=0,
            ratio_error_sum=0.0,
            band_cases=cases,
            band_hits=round(0.79 * cases),
            better_than=dict(better_than or dict.fromkeys(BASELINES, 0)) if name == MODEL else {},
            calibration=calibration or [[0.0, 0.0, 0.0]] * CALIBRATION_BINS,
            **key,
        )
        for name, error in errors.items()
    ]
