"""The figures beside the map, for the browser: of a snapshot, or of a forecast of all segments."""

from __future__ import annotations

from typing import Any

from services.traffic.indicators import Indicators
from services.web.zone_places import worst_content


def figures_content(indicators: Indicators) -> dict[str, Any]:
    """What the legend counts and the panel tells; None where too little is known.

    Lists instead of named members: counts and shares (per mille of the length) in the order of the
    statuses' codes; of each of the worst stretches its slowest segment, the delay (s), the same
    against the usual or None, the speed (km/h), and its words.
    """
    return {
        "counts": list(indicators.counts.values()),
        "shares": [round(1_000 * share) for share in indicators.length_shares.values()],
        "congestion": _whole_percent(indicators.congestion_level),
        "jam_km": round(indicators.jam_km, 1),
        "worst": [worst_content(worst) for worst in indicators.worst_stretches],
    }


def _whole_percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)
