"""How good nowcasts of a city were, lead time by lead time, beside two baselines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.city_table import CityTable
from models.nowcast.features import last_known, speeds_ahead
from models.nowcast.leads import LEAD_STEPS, at_leads
from models.tables import markdown_table
from services.city.city import StatusThresholds
from services.forecast.nowcasts import LEAD_MINUTES
from services.forecast.speed_distribution import status_probabilities
from services.history.averages import mean_of
from services.history.hour_of_week import HOURS_PER_WEEK, hours_of_week
from services.learn.scoring_rules import ranked_probability_scores, skill
from services.operations.tables import Reason
from services.traffic.status import SPEED_STATUSES, status_of_speed_ratio

Array = NDArray[np.float32]

NOWCASTER: Final = "nowcaster"
PERSISTENCE: Final = "persistence"
AVERAGE: Final = "hour-of-week average"
_NAMES: Final = (NOWCASTER, PERSISTENCE, AVERAGE)


@dataclass(frozen=True)
class EvaluatedForecast:
    """What a forecaster gave at some times, lead times and segments, all of one shape.

    Attributes
    ----------
    ratio : array, shape (times, leads, segments)
    shares : array, shape (statuses, times, leads, segments)
        In the order of :data:`SPEED_STATUSES`.
    band : pair of arrays, or None
        P10 and P90.
    """

    ratio: Array
    shares: NDArray[np.floating]
    band: tuple[Array, Array] | None = None


class HourOfWeek:
    """Mean ratio and frequencies of the statuses of each segment in each hour of the week.

    Parameters
    ----------
    is_seen : array of bool, shape (rows,)
        The rows it is made of.
    """

    def __init__(
        self, table: CityTable, is_seen: NDArray[np.bool_], thresholds: StatusThresholds
    ) -> None:
        shape = (HOURS_PER_WEEK, len(table.network))
        self._hours = hours_of_week(table.network.city, table.end_s - 1)
        total = np.zeros(shape, dtype=np.float32)
        counts = np.zeros((len(SPEED_STATUSES), *shape), dtype=np.float32)
        for row in np.flatnonzero(is_seen):
            hour, ratio = self._hours[row], table.ratio[row]
            codes = status_of_speed_ratio(ratio, thresholds)
            total[hour] += np.nan_to_num(ratio)
            for place, status in enumerate(SPEED_STATUSES):
                counts[place, hour] += codes == status
        # Where an hour was never seen, all hours of the segment stand in, then all segments.
        known = counts.sum(axis=0)
        by_segment, overall = counts.sum(axis=1), counts.sum(axis=(1, 2))
        segment_known = by_segment.sum(axis=0)
        ratio_anywhere = mean_of(total.sum(axis=0), segment_known, total.sum() / known.sum())
        shares_anywhere = mean_of(by_segment, segment_known, (overall / overall.sum())[:, None])
        self._ratio = mean_of(total, known, ratio_anywhere)
        self._shares = mean_of(counts, known, shares_anywhere[:, None])

    def at(self, rows: NDArray[np.int64]) -> EvaluatedForecast:
        """What it gives for the lead times after some rows."""
        hours = np.stack([self._hours[rows + step] for step in LEAD_STEPS], axis=1)
        return EvaluatedForecast(self._ratio[hours], self._shares[:, hours])


def persistence(
    table: CityTable, average: HourOfWeek, rows: NDArray[np.int64], thresholds: StatusThresholds
) -> EvaluatedForecast:
    """The last ratio known within the hour goes on; the average where none is."""
    known = last_known(table.ratio, rows)[:, None, :]
    last = np.where(np.isnan(known), average.at(rows).ratio, known)
    codes = status_of_speed_ratio(last, thresholds)
    return EvaluatedForecast(
        last, np.stack([codes == status for status in SPEED_STATUSES]).astype(np.float32)
    )


def from_quantiles(quantiles: Array, thresholds: StatusThresholds) -> EvaluatedForecast:
    """Of P10, P50 and P90, shape (3, times, leads, segments)."""
    p10, p50, p90 = quantiles
    found = status_probabilities(p10, p50, p90, thresholds)
    shares = np.stack([found.free, found.heavy, found.congested])
    return EvaluatedForecast(quantiles[1], shares, (quantiles[0], quantiles[2]))


def measures_by_lead(
    evaluated: dict[str, EvaluatedForecast],
    table: CityTable,
    rows: NDArray[np.int64],
    thresholds: StatusThresholds,
) -> dict[str, Any]:
    """Every measure of every forecaster, by lead time; what is unknown is not counted.

    Returns
    -------
    dict
        ``observations`` by lead time, and ``forecasters`` by name: each a list over the
        lead times of ``mae_ratio``, ``mae_kmh``, ``rps`` (ranked probability score of the
        status, 0 to 1), ``coverage`` of P10–P90 (None without a band), and
        ``by_status``: how often each was observed, its MAE, RPS and coverage.
    """
    observed = at_leads(speeds_ahead(table.ratio, rows))
    limit_kmh = table.network.speed_limit_kmh
    codes = status_of_speed_ratio(observed, thresholds)
    return {
        "observations": [int((~np.isnan(part)).sum()) for part in np.moveaxis(observed, 1, 0)],
        "forecasters": {
            name: [
                _measures(_at_lead(item, lead), observed[:, lead], codes[:, lead], limit_kmh)
                for lead in range(len(LEAD_MINUTES))
            ]
            for name, item in evaluated.items()
        },
    }


def on_common_cases(evaluated: dict[str, EvaluatedForecast]) -> dict[str, EvaluatedForecast]:
    """The same forecasts without those of which some forecaster says nothing."""
    silent = np.logical_or.reduce([np.isnan(item.ratio) for item in evaluated.values()])
    return {
        name: replace(item, ratio=np.where(silent, np.float32(np.nan), item.ratio))
        for name, item in evaluated.items()
    }


def compared_by_day(
    evaluated: dict[str, EvaluatedForecast],
    table: CityTable,
    rows: NDArray[np.int64],
    thresholds: StatusThresholds,
) -> dict[str, Any]:
    """The nowcaster against each of the others, by ranked probability score.

    Returns
    -------
    dict
        By name: ``rps_skill`` (of the mean over the lead times), ``days_better`` and
        ``days``: on how many of the evaluated days the nowcaster's mean was the lower one.
    """
    observed = at_leads(speeds_ahead(table.ratio, rows))
    codes = status_of_speed_ratio(observed, thresholds)
    days = table.times.day[rows]
    by_day = {name: _rps_by_day(item, observed, codes, days) for name, item in evaluated.items()}
    own_total, own_days = by_day[NOWCASTER]
    return {
        name: {
            "rps_skill": skill(own_total, total),
            "days_better": int((own_days < of_days).sum()),
            "days": len(of_days),
        }
        for name, (total, of_days) in by_day.items()
        if name != NOWCASTER
    }


def objection(measures: dict[str, Any]) -> Reason | None:
    """Whether a baseline has a better mean RPS or MAE over the lead times."""
    means = {
        name: [np.mean([lead[key] for lead in leads]) for key in ("rps", "mae_ratio")]
        for name, leads in measures["forecasters"].items()
    }
    own = means[NOWCASTER]
    is_no_worse = all(
        mine <= other
        for name in (PERSISTENCE, AVERAGE)
        for mine, other in zip(own, means[name], strict=True)
    )
    return None if is_no_worse else "worse_than_baseline"


def lead_table(measures: dict[str, Any]) -> str:
    """The measures as a Markdown table, a line per forecaster and lead time."""
    header = ["", "lead", "MAE, % of limit", "MAE, km/h", "RPS", "RPS skill", "P10–P90"]
    rows = [
        [
            name,
            f"{minutes} min",
            f"{100 * found['mae_ratio']:.2f}",
            f"{found['mae_kmh']:.2f}",
            f"{found['rps']:.4f}",
            _skill(measures, name, lead),
            "" if found["coverage"] is None else f"{found['coverage']:.1%}",
        ]
        for name, leads in measures["forecasters"].items()
        for lead, (minutes, found) in enumerate(zip(LEAD_MINUTES, leads, strict=True))
    ]
    return markdown_table(header, rows)


def status_table(measures: dict[str, Any]) -> str:
    """The same by the status that was observed, half an hour and an hour ahead."""
    header = ["happened", "lead", "share", "MAE, % of limit", *(f"RPS, {n}" for n in _NAMES)]
    header.append("P10–P90")
    chosen = [lead for lead, minutes in enumerate(LEAD_MINUTES) if minutes in (30, 60)]
    rows = []
    for status in SPEED_STATUSES:
        for lead in chosen:
            by_name = {
                name: measures["forecasters"][name][lead]["by_status"][status.datex]
                for name in _NAMES
            }
            own = by_name[NOWCASTER]
            if own["share"] == 0.0:
                continue
            rows.append(
                [
                    status.datex,
                    f"{LEAD_MINUTES[lead]} min",
                    f"{own['share']:.1%}",
                    f"{100 * own['mae_ratio']:.2f}",
                    *(f"{by_name[name]['rps']:.4f}" for name in _NAMES),
                    f"{own['coverage']:.1%}",
                ]
            )
    return markdown_table(header, rows)


def _at_lead(evaluated: EvaluatedForecast, lead: int) -> EvaluatedForecast:
    band = (
        None if evaluated.band is None else (evaluated.band[0][:, lead], evaluated.band[1][:, lead])
    )
    return EvaluatedForecast(evaluated.ratio[:, lead], evaluated.shares[:, :, lead], band)


def _measures(
    evaluated: EvaluatedForecast,
    observed: Array,
    codes: NDArray[np.uint8],
    limit_kmh: NDArray[np.float64],
) -> dict[str, Any]:
    # Segments that a forecaster says nothing of are left out of all its measures.
    known = ~np.isnan(observed) & ~np.isnan(evaluated.ratio)
    error = np.abs(evaluated.ratio - observed)
    scores = _rps(evaluated.shares, codes)
    inside = None
    if evaluated.band is not None:
        inside = (evaluated.band[0] <= observed) & (observed <= evaluated.band[1])
    return {
        **_means(error, scores, inside, known),
        "mae_kmh": float((error * limit_kmh)[known].mean()),
        "by_status": {
            status.datex: {
                "share": float((codes == status)[known].mean()),
                **_means(error, scores, inside, known & (codes == status)),
            }
            for status in SPEED_STATUSES
        },
    }


def _means(
    error: Array,
    scores: NDArray[np.floating],
    inside: NDArray[np.bool_] | None,
    chosen: NDArray[np.bool_],
) -> dict[str, float | None]:
    if not chosen.any():
        return {"mae_ratio": None, "rps": None, "coverage": None}
    return {
        "mae_ratio": float(error[chosen].mean(dtype=np.float64)),
        "rps": float(scores[chosen].mean(dtype=np.float64)),
        "coverage": None if inside is None else float(inside[chosen].mean()),
    }


def _rps(shares: NDArray[np.floating], codes: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Ranked probability score of each forecast, meaningless where the status is unknown."""
    return ranked_probability_scores(
        np.moveaxis(shares, 0, -1), codes.astype(np.int8) - int(SPEED_STATUSES[0])
    )


def _rps_by_day(
    evaluated: EvaluatedForecast, observed: Array, codes: NDArray[np.uint8], days: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """Mean over the lead times, in all and of each day, in the order of the days."""
    known = ~np.isnan(observed) & ~np.isnan(evaluated.ratio)
    # A segment with no forecast at all may have NaN for probabilities.
    scores = np.where(known, _rps(evaluated.shares, codes), 0.0)
    by_row, counts = scores.sum(axis=2, dtype=np.float64), known.sum(axis=2)
    total = (by_row.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)).mean()
    # A day without a case would be a draw for everybody.
    of_days = [
        (by_row[days == day].sum(axis=0) / np.maximum(counts[days == day].sum(axis=0), 1)).mean()
        for day in np.unique(days)
        if counts[days == day].any()
    ]
    return float(total), np.array(of_days)


def _skill(measures: dict[str, Any], name: str, lead: int) -> str:
    """How much better the nowcaster is than a baseline."""
    if name == NOWCASTER:
        return ""
    found = measures["forecasters"]
    value = skill(found[NOWCASTER][lead]["rps"], found[name][lead]["rps"])
    return "" if value is None else f"{value:+.1%}"
