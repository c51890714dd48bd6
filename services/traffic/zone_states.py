"""The state of a zone in words and minutes, which cannot contradict each other.

The word and the minutes lost follow from one speed ratio, by the free-flow speed of the zone; how
it compares with the usual is told of the minutes as they are shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from services.plain.statuses import ZoneStatus
from services.traffic.indicators import congestion_level, zone_status
from services.traffic.usual import Comparison

_KM: Final = 10.0
_MINUTES_PER_HOUR: Final = 60.0


@dataclass(frozen=True)
class ZoneState:
    """What is told of a zone.

    Attributes
    ----------
    status : ZoneStatus
        By the Highway Capacity Manual, of the speed ratio.
    lost_min : int
        Minutes lost on ten kilometres against free flow.
    comparison : Comparison
    """

    status: ZoneStatus
    lost_min: int
    comparison: Comparison


def lost_min_per_10_km(ratio: float, free_flow_kmh: float) -> float:
    """Minutes lost on ten kilometres against free flow.

    Parameters
    ----------
    ratio : float
        Speed ratio of the zone (``services.traffic.zone_ratios``).
    free_flow_kmh : float
        ``Network.zone_free_flow_kmh``.

    Examples
    --------
    >>> lost_min_per_10_km(0.5, 60.0)
    10.0
    """
    return congestion_level(ratio) * _KM / free_flow_kmh * _MINUTES_PER_HOUR


def zone_state(
    ratio: float,
    free_flow_kmh: float,
    comparison: Comparison = Comparison.NOT_TOLD,
    usual_ratio: float = math.nan,
) -> ZoneState:
    """The state of a zone.

    Parameters
    ----------
    comparison : Comparison
        Of its ratio with the usual one. Where as many minutes are lost as usual, it is as usual:
        a ratio may differ by what nobody feels.
    usual_ratio : float
        The median at this hour, where a comparison is told.
    """
    lost_min = round(lost_min_per_10_km(ratio, free_flow_kmh))
    told = comparison
    if comparison in {Comparison.BUSIER, Comparison.QUIETER}:
        usual_min = round(lost_min_per_10_km(usual_ratio, free_flow_kmh))
        told = Comparison.USUAL if lost_min == usual_min else comparison
    return ZoneState(zone_status(ratio), lost_min, told)
