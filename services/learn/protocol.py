"""What a kind of model has to offer to be scored, and the evaluation that zone forecasts share."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

import numpy as np

from services.learn.observations import ObservedZones
from services.learn.tally import Evaluated, Prediction
from services.operations.tables import Kind
from services.plain.statuses import ZONE_STATUSES

_SECONDS_PER_MINUTE: Final = 60


class ScoredKind(Protocol):
    """A kind of model whose forecasts are scored: the one adapter that a new kind needs."""

    @property
    def kind(self) -> Kind:
        """Under which name its scores are kept."""

    @property
    def leads_minutes(self) -> tuple[int, ...]:
        """How long before the time it is about each forecast is looked at."""

    def evaluated(
        self, observed: ObservedZones, hour: datetime, lead_minutes: int
    ) -> Evaluated | None:
        """What was forecast for the hour that begins then, beside what was observed.

        None when nothing had been forecast. Kinds that forecast zones build on
        :func:`evaluate_zones`; one that forecasts segments may make a case of each.

        Raises
        ------
        TrafficError
            When the forecasts cannot be read now: the hour is evaluated another time.
        """


def evaluate_zones(
    observed: ObservedZones,
    hour: datetime,
    lead_minutes: int,
    model_version: str,
    said: Prediction,
) -> Evaluated:
    """Evaluate forecasts of zones beside both baselines.

    A case needs all three to have said something: a time and zone of which
    persistence, the average or the model knows nothing counts for none of them.

    Parameters
    ----------
    hour : datetime
        Aware; the hour that begins then.
    said : Prediction
        What the model had said, arrays of shape (times, zones, …): of the times
        ``observed.within(hour)``, NaN where it had said nothing.
    """
    at = observed.within(hour)
    ratio, status = observed.ratio[at], observed.status[at]
    before = observed.last_before(observed.epoch_s[at] - lead_minutes * _SECONDS_PER_MINUTE)
    last_ratio = np.where(before[:, np.newaxis] >= 0, observed.ratio[before], np.nan)
    usual = observed.usual.at(hour)
    everywhere = (
        ~np.isnan(ratio)
        & ~np.isnan(last_ratio)
        & ~np.isnan(usual.shares).any(axis=1)
        & ~np.isnan(said.shares).any(axis=2)
    )
    return Evaluated(
        model_version=model_version,
        lead_minutes=lead_minutes,
        zone=np.nonzero(everywhere)[1],
        observed=status[everywhere],
        ratio=ratio[everywhere],
        predictions={
            "model": said.each(lambda part: part[everywhere]),
            "persistence": Prediction(
                shares=np.eye(len(ZONE_STATUSES))[observed.status[before][everywhere]],
                ratio=last_ratio[everywhere],
            ),
            # The same at every time.
            "average": usual.each(lambda part: part[np.nonzero(everywhere)[1]]),
        },
    )
