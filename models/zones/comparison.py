"""Sets a model beside its baselines, on days that none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from models.tables import markdown_table
from models.zones.baselines import CommonestStatus, HourOfWeekAverage
from models.zones.dataset import ZoneHistory
from models.zones.forecaster import Forecaster
from models.zones.measures import all_measures, ranked_probability_score
from services.learn.scoring_rules import skill
from services.operations.tables import Reason
from services.plain.statuses import ZONE_STATUSES

_SCORES: Final = {
    "accuracy": "accuracy",
    "ranked_probability_score": "RPS",
    "log_loss": "log loss",
    "brier_score": "Brier",
    "calibration_error": "calibration error",
}


def compare(
    model: Forecaster,
    seen: ZoneHistory,
    unseen: ZoneHistory,
    rivals: Sequence[Forecaster] = (),
) -> dict[str, Any]:
    """Measures of the model, of both baselines, and of rivals that are there as they are.

    Parameters
    ----------
    model : Forecaster
        Trained on the days of ``seen``, which the baselines get whole as well.
    seen, unseen : ZoneHistory
        Of different days; the measures are those of ``unseen``.
    rivals : sequence of Forecaster
        Such as the champion; none of them may have seen the days of ``unseen``.

    Returns
    -------
    dict
        ``days``, ``observations``, ``forecasters`` by name, and ``against``: for
        each baseline and rival, the model's skill and on how many days it was better, by
        ranked probability score.
    """
    baselines: list[Forecaster] = [
        HourOfWeekAverage(seen.counts()),
        CommonestStatus(seen.counts()),
        *rivals,
    ]
    measures = {
        forecaster.name: all_measures(forecaster.predict(unseen.cells()), unseen.statuses())
        for forecaster in (model, *baselines)
    }
    own = measures[model.name]["ranked_probability_score"]
    days = unseen.dates()
    return {
        "days": [day.isoformat() for day in days],
        "observations": len(unseen.frame),
        "forecasters": measures,
        "against": {
            baseline.name: {
                "rps_skill": skill(own, measures[baseline.name]["ranked_probability_score"]),
                "days_better": _days_better(model, baseline, unseen),
                "days": len(days),
            }
            for baseline in baselines
        },
    }


def objection(comparison: dict[str, Any]) -> Reason | None:
    """Whether the hour-of-week average has the better ranked probability score."""
    value = comparison["against"][HourOfWeekAverage.name]["rps_skill"]
    return None if value is not None and value >= 0.0 else "worse_than_average"


def comparison_table(comparison: dict[str, Any]) -> str:
    """The scores as a Markdown table, and the skill in words below."""
    header = ["", *_SCORES.values(), "RPS skill of the model"]
    rows = [
        [name, *(f"{measures[key]:.4f}" for key in _SCORES), _skill_of(comparison, name)]
        for name, measures in comparison["forecasters"].items()
    ]
    better = [
        f"Better than the {name} on {item['days_better']} of {item['days']} days (by RPS)."
        for name, item in comparison["against"].items()
    ]
    return "\n".join([markdown_table(header, rows), "", *better])


def status_table(comparison: dict[str, Any], forecaster: str) -> str:
    """Precision and recall of each status for one forecaster, as a Markdown table."""
    measures = comparison["forecasters"][forecaster]["by_status"]
    header = ["status", "happened", "forecast", "precision", "recall"]
    rows = [
        [
            status,
            f"{measures[status]['happened']:,}",
            f"{measures[status]['forecast']:,}",
            _share(measures[status]["precision"]),
            _share(measures[status]["recall"]),
        ]
        for status in ZONE_STATUSES
    ]
    return markdown_table(header, rows)


def calibration_table(comparison: dict[str, Any], forecaster: str) -> str:
    """Forecast probabilities beside observed frequencies, as a Markdown table."""
    header = ["probability", "forecasts", "mean probability", "observed frequency"]
    rows = [
        [
            f"{item['from']:.1f} to {item['to']:.1f}",
            f"{item['forecasts']:,}",
            f"{item['mean_probability']:.3f}",
            f"{item['observed_frequency']:.3f}",
        ]
        for item in comparison["forecasters"][forecaster]["calibration"]
    ]
    return markdown_table(header, rows)


def _days_better(model: Forecaster, baseline: Forecaster, unseen: ZoneHistory) -> int:
    parts = [unseen.on([day]) for day in unseen.dates()]
    return sum(_score(model, part) < _score(baseline, part) for part in parts)


def _score(forecaster: Forecaster, part: ZoneHistory) -> float:
    return ranked_probability_score(forecaster.predict(part.cells()), part.statuses())


def _skill_of(comparison: dict[str, Any], name: str) -> str:
    item = comparison["against"].get(name)
    if item is None:
        return ""
    return "-" if item["rps_skill"] is None else f"{item['rps_skill']:+.1%}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
