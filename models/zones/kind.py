"""The zones model among the kinds of models."""

from __future__ import annotations

from typing import Final

from models.catalogue import ModelKind
from models.versions import MODEL_FILE
from models.zones.baselines import CommonestStatus, HourOfWeekAverage
from models.zones.forecaster import KERAS_MODEL_NAME
from services.forecast.zone_forecasts import FORECASTS_FILE

# The first kind lies in the directory of the models itself.
ZONES: Final = ModelKind(
    "zones",
    ".",
    (MODEL_FILE, FORECASTS_FILE),
    {
        KERAS_MODEL_NAME: "challenger_rps",
        HourOfWeekAverage.name: "average_rps",
        CommonestStatus.name: "commonest_rps",
    },
)
