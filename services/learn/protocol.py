"""What a kind of model has to offer to be scored, and the judging that zone forecasts share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from services.learn.observations import ObservedZones, UsualZones
from services.learn.tally import Evaluated, Prediction
from services.operations.tables import Kind
from services.plain.statuses import ZONE_STATUSES

_SECONDS_PER_MINUTE: Final = 60


@dataclass(frozen=True)
class ZoneForecasts:
    """What a model had said of every zone at some times.

    Attributes
    ----------
    shares : array, shape (times, zones, statuses)
        NaN where it had said nothing.
    ratio, p10, p90 : array, shape (times, zones), or None
        Speed ratio and its band, for models that give them.
    """

    model_version: str
    shares: NDArray[np.float64]
    ratio: NDArray[np.float64] | None = None
    p10: NDArray[np.float64] | None = None
    p90: NDArray[np.float64] | None = None


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
    observed: ObservedZones, hour: datetime, lead_minutes: int, said: ZoneForecasts
) -> Evaluated:
    """Evaluate forecasts of zones beside both baselines.

    A case needs all three to have said something: a time and zone of which
    persistence, the average or the model knows nothing counts for none of them.

    Parameters
    ----------
    hour : datetime
        Aware; the hour that begins then.
    said : ZoneForecasts
        Of the times ``observed.within(hour)``.
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
        model_version=said.model_version,
        lead_minutes=lead_minutes,
        zone=np.nonzero(everywhere)[1],
        observed=status[everywhere],
        ratio=ratio[everywhere],
        predictions={
            "model": _prediction(said.shares, said.ratio, said.p10, said.p90, everywhere),
            "persistence": Prediction(
                shares=np.eye(len(ZONE_STATUSES))[observed.status[before][everywhere]],
                ratio=last_ratio[everywhere],
            ),
            "average": _average(usual, everywhere),
        },
    )


def _prediction(
    shares: NDArray[np.float64],
    ratio: NDArray[np.float64] | None,
    p10: NDArray[np.float64] | None,
    p90: NDArray[np.float64] | None,
    cases: NDArray[np.bool_],
) -> Prediction:
    return Prediction(
        shares[cases], *(None if part is None else part[cases] for part in (ratio, p10, p90))
    )


def _average(usual: UsualZones, cases: NDArray[np.bool_]) -> Prediction:
    def at_each(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.broadcast_to(values, cases.shape + values.shape[1:])

    return _prediction(
        at_each(usual.shares), at_each(usual.ratio), at_each(usual.p10), at_each(usual.p90), cases
    )
