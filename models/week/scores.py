"""How good a week of forecasts was, from how often each status was seen in its cells.

All observations of a segment at an hour of the week get the same forecast, so that counts give
the scores of ``models/zones/measures.py`` without a row for each of millions of observations.

Sources
-------
ranked probability score, Brier score, skill
    As in ``models/zones/measures.py``; the Brier score here is that of one event,
    *not free*: 0 to 1.
average precision
    Area under precision by recall, as a sum over the distinct probabilities (no
    interpolation): chance scores the share of the event.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.tables import markdown_table
from models.week.observations import NOT_KNOWN, SegmentHistory
from services.learn.scoring_rules import ranked_probability_scores, skill

Shares = NDArray[np.float64]
Counts = NDArray[np.float64]

STATUSES: Final = ("congested", "heavy", "freeFlow")
MODEL: Final = "week model"
RAW_FREQUENCIES: Final = "hour-of-week frequencies"
PRIOR: Final = "prior alone"
CLIMATOLOGY: Final = "climatology"
SEGMENT_CLIMATOLOGY: Final = "climatology of each segment"
_ROUNDED_TO: Final = 6


def ranked_probability_score(shares: Shares, counts: Counts) -> float:
    """Mean ranked probability score, 0 (perfect) to 1.

    Parameters
    ----------
    shares : array, shape (..., statuses)
        Forecast probabilities, from the worst status to the best.
    counts : array of the same shape
        How often each status was seen.

    Examples
    --------
    >>> ranked_probability_score(np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 1.0]))
    0.5
    """
    total = sum(
        float((counts[..., status] * ranked_probability_scores(shares, status)).sum())
        for status in range(shares.shape[-1])
    )
    return total / float(counts.sum())


def brier_score_of_not_free(shares: Shares, counts: Counts) -> float:
    """Mean squared error of the probability that traffic is not free, 0 to 1."""
    probability, observed, observations = _not_free(shares, counts)
    errors = probability**2 * observations - 2 * probability * observed + observed
    return float(errors.sum() / observations.sum())


def average_precision_of_not_free(shares: Shares, counts: Counts) -> float:
    """How well the probability of *not free* finds the times that were not free, 0 to 1."""
    probability, observed, observations = _not_free(shares, counts)
    distinct, place = np.unique(probability.round(_ROUNDED_TO), return_inverse=True)
    hits = np.bincount(place, weights=observed, minlength=len(distinct))[::-1].cumsum()
    told = np.bincount(place, weights=observations, minlength=len(distinct))[::-1].cumsum()
    precision = hits / np.maximum(told, 1.0)
    gained = np.diff(hits, prepend=0.0)
    return float((precision * gained).sum() / hits[-1]) if hits[-1] else 0.0


def accuracy(shares: Shares, counts: Counts) -> float:
    """Share of observations whose status was the likeliest one."""
    chosen = shares.argmax(axis=-1)[..., None]
    return float(np.take_along_axis(counts, chosen, axis=-1).sum() / counts.sum())


def all_scores(shares: Shares, counts: Counts) -> dict[str, float]:
    """Every score of one forecaster, as plain data."""
    return {
        "ranked_probability_score": ranked_probability_score(shares, counts),
        "brier_score_of_not_free": brier_score_of_not_free(shares, counts),
        "average_precision_of_not_free": average_precision_of_not_free(shares, counts),
        "accuracy": accuracy(shares, counts),
    }


def coverage(quantiles_pct: NDArray[np.uint8], unseen: SegmentHistory) -> float:
    """Share of the observed speed ratios between P10 and P90.

    Parameters
    ----------
    quantiles_pct : array of uint8, shape (3, HOURS_PER_WEEK, segments)
    """
    low, _, high = quantiles_pct
    inside = known = 0
    for item in unseen.days:
        is_known = item.ratio_pct != NOT_KNOWN
        between = (item.ratio_pct >= low[item.hours]) & (item.ratio_pct <= high[item.hours])
        inside += int((between & is_known).sum())
        known += int(is_known.sum())
    return inside / known


def compare(
    forecasts: dict[str, Shares], counts_by_day: dict[date, Counts], told: NDArray[np.bool_]
) -> dict[str, Any]:
    """Scores of every forecaster, and the model's skill against the others.

    Parameters
    ----------
    forecasts : dict of array, shape (HOURS_PER_WEEK, segments, statuses)
        By name; :data:`MODEL` among them.
    counts_by_day : dict of array, same shape
        How often each status was seen on each day that none has learned from.
    told : array of bool, shape (HOURS_PER_WEEK, segments)
        Where the map tells a status.
    """
    counts = sum(counts_by_day.values(), np.zeros_like(forecasts[MODEL]))
    scores = {name: all_scores(shares, counts) for name, shares in forecasts.items()}
    by_day = {
        name: [ranked_probability_score(shares, seen) for seen in counts_by_day.values()]
        for name, shares in forecasts.items()
    }
    return {
        "days": [day.isoformat() for day in counts_by_day],
        "observations": int(counts.sum()),
        "shares_observed": dict(
            zip(STATUSES, (counts.sum(axis=(0, 1)) / counts.sum()).tolist(), strict=True)
        ),
        "told_share": float(told.mean()),
        "accuracy_where_told": accuracy(forecasts[MODEL][told], counts[told]),
        "forecasters": scores,
        "against": {
            name: _against(scores[MODEL], scores[name], by_day[MODEL], by_day[name])
            for name in forecasts
            if name != MODEL
        },
    }


def scores_table(comparison: dict[str, Any]) -> str:
    """The scores as a Markdown table."""
    header = [
        "", "RPS", "Brier, not free", "AP, not free", "accuracy",
        "RPS skill of the model", "Brier skill", "days better",
    ]  # fmt: skip
    rows = []
    for name, scores in comparison["forecasters"].items():
        against = comparison["against"].get(name)
        rows.append(
            [
                name,
                *(f"{value:.4f}" for value in scores.values()),
                *(["", "", ""] if against is None else _shown(against)),
            ]
        )
    return markdown_table(header, rows)


def _against(
    own: dict[str, float], other: dict[str, float], own_days: list[float], other_days: list[float]
) -> dict[str, Any]:
    rps, brier = "ranked_probability_score", "brier_score_of_not_free"
    return {
        "rps_skill": skill(own[rps], other[rps]),
        "brier_skill_of_not_free": skill(own[brier], other[brier]),
        "days_better": sum(
            mine < theirs for mine, theirs in zip(own_days, other_days, strict=True)
        ),
        "days": len(own_days),
    }


def _shown(against: dict[str, Any]) -> list[str]:
    skills = [against["rps_skill"], against["brier_skill_of_not_free"]]
    texts = ["-" if value is None else f"{value:+.1%}" for value in skills]
    return [*texts, f"{against['days_better']} of {against['days']}"]


def _not_free(
    shares: Shares, counts: Counts
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of each observed cell: the probability, how often it was observed, and observations."""
    observations = counts.sum(axis=-1)
    seen = observations > 0
    observed = counts[..., :-1].sum(axis=-1)
    return shares[..., :-1].sum(axis=-1)[seen], observed[seen], observations[seen]
