"""The week of every segment among the kinds of models."""

from __future__ import annotations

from typing import Final

from models.catalogue import ModelKind
from models.versions import MODEL_FILE
from models.week.scores import MODEL, RAW_FREQUENCIES
from services.forecast.week_forecasts import WEEK_DIRECTORY, WEEK_FILE

WEEK: Final = ModelKind(
    "week",
    WEEK_DIRECTORY,
    (MODEL_FILE, WEEK_FILE),
    {MODEL: "challenger_rps", RAW_FREQUENCIES: "average_rps"},
)
