"""The nowcaster among the kinds of models."""

from __future__ import annotations

from typing import Final

from models.catalogue import ModelKind
from models.nowcast.evaluation import AVERAGE, NOWCASTER
from models.versions import NOWCASTER_FILE

NOWCAST: Final = ModelKind(
    "nowcast",
    "nowcast",
    (NOWCASTER_FILE,),
    {NOWCASTER: "challenger_rps", AVERAGE: "average_rps"},
)
