from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from models import tables
from models.zones import measures
from models.zones.baselines import CommonestStatus, HourOfWeekAverage
from models.zones.comparison import compare, comparison_table, objection
from services.forecast import asked_hour
from services.learn.scoring_rules import skill
from tests.models.histories import BLOCKED, DENSE, FREE, zone_history

# Three forecasts and what then happened, worked out by hand below.
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.3, 0.2]])
OBSERVED = np.array([FREE, BLOCKED, DENSE])


def test_ranked_probability_score_by_hand():
    # Cumulated errors: (0.7-1, 0.9-1), (0.1-0, 0.7-0), (0.5-0, 0.8-1); halved, then averaged.
    expected = ((0.09 + 0.01) + (0.01 + 0.49) + (0.25 + 0.04)) / 2 / 3
    assert measures.ranked_probability_score(PROBABILITIES, OBSERVED) == pytest.approx(expected)


def test_other_scores_by_hand():
    assert measures.accuracy(PROBABILITIES, OBSERVED) == pytest.approx(1 / 3)
    expected = -(math.log(0.7) + math.log(0.3) + math.log(0.3)) / 3
    assert measures.log_loss(PROBABILITIES, OBSERVED) == pytest.approx(expected)
    brier = (0.14 + (0.01 + 0.36 + 0.49) + (0.25 + 0.49 + 0.04)) / 3
    assert measures.brier_score(PROBABILITIES, OBSERVED) == pytest.approx(brier)


def test_a_certain_forecast_that_fails_costs_much_but_not_infinitely():
    loss = measures.log_loss(np.array([[1.0, 0.0, 0.0]]), np.array([BLOCKED]))
    assert loss == pytest.approx(-math.log(measures.PROBABILITY_FLOOR))


def test_precision_and_recall_by_hand():
    found = measures.by_status(PROBABILITIES, OBSERVED)
    assert found["free"] == {"happened": 1, "forecast": 2, "precision": 0.5, "recall": 1.0}
    assert found["dense"] == {"happened": 1, "forecast": 1, "precision": 0.0, "recall": 0.0}
    assert found["blocked"] == {"happened": 1, "forecast": 0, "precision": None, "recall": 0.0}


def test_calibration_compares_each_bin_with_what_was_observed_in_it():
    sure = np.array([[0.95, 0.05, 0.0]] * 10)
    bins = measures.calibration(sure, np.array([FREE] * 9 + [BLOCKED]))
    assert [(item["from"], item["forecasts"]) for item in bins] == [(0.0, 20), (0.9, 10)]
    assert bins[0]["mean_probability"] == pytest.approx(0.025)
    assert bins[0]["observed_frequency"] == pytest.approx(0.05)
    assert bins[1]["observed_frequency"] == pytest.approx(0.9)
    expected = (20 * 0.025 + 10 * 0.05) / 30
    assert measures.calibration_error(bins) == pytest.approx(expected)


def test_a_certainty_falls_into_the_last_bin():
    [low, high] = measures.calibration(np.array([[1.0, 0.0, 0.0]]), np.array([FREE]))
    assert (low["from"], high["to"]) == (0.0, 1.0)


def test_skill_is_the_share_of_the_reference_that_is_saved():
    assert skill(0.03, 0.04) == pytest.approx(0.25)
    assert skill(0.05, 0.04) == pytest.approx(-0.25)
    assert skill(0.0, 0.0) is None


def test_baselines_learn_from_the_seen_days_and_all_are_measured_on_the_others():
    observed = zone_history(weeks=8)
    seen, unseen = observed.on(observed.dates()[:42]), observed.on(observed.dates()[42:])
    oracle = Named(HourOfWeekAverage(unseen.counts()))
    found = compare(oracle, seen, unseen)
    assert found["observations"] == len(unseen.frame)
    assert found["days"] == [day.isoformat() for day in unseen.dates()]
    average = HourOfWeekAverage(seen.counts()).predict(unseen.cells())
    assert found["forecasters"]["hour-of-week average"]["log_loss"] == pytest.approx(
        measures.log_loss(average, unseen.statuses())
    )
    # It has seen what it is asked, so nothing that has not can match it.
    against = found["against"]["hour-of-week average"]
    assert against["rps_skill"] > 0
    assert against["days_better"] > against["days"] / 2 == 7
    assert objection(found) is None


def test_a_model_that_loses_to_the_average_is_found_out():
    observed = zone_history(weeks=4)
    seen, unseen = observed.on(observed.dates()[:21]), observed.on(observed.dates()[21:])
    found = compare(Named(CommonestStatus(seen.counts())), seen, unseen)
    assert objection(found) == "worse_than_average"
    assert found["against"]["commonest status"]["rps_skill"] == pytest.approx(0.0)
    printed = comparison_table(found)
    assert "named" in printed
    assert "-" in printed.splitlines()[3]


@pytest.mark.parametrize("module", [measures, tables, asked_hour])
def test_examples_in_the_documentation_are_true(module):
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


class Named:
    """Another forecaster under the name of the one that is evaluated."""

    name = "named"

    def __init__(self, forecaster):
        self.predict = forecaster.predict
