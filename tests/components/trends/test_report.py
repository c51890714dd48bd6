"""What a report says beside its figures."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from components.trends.report import ReportFrame, build_report, days_figure
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.plain.trends.bottlenecks import BottleneckRow
from services.plain.trends.days import DaysAnswer, DayValue
from services.plain.trends.marks import Mark
from services.plain.trends.reliability import (
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
)
from services.plain.trends.report import MeanDay, ReportAnswer
from services.plain.trends.week import WeekAnswer
from tests.components.trees import text_of

FRENCH = load_texts("fr")
DAY = date(2026, 11, 24)
NONE = [None] * 96


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def answer(**changes):
    parts = [PartReliability("morning", 0.1, 1, "share", None)]
    place = PlaceReliability("zone:rocade", False, 60.0, parts, None)
    working = [None] * 32 + [0.5] + [None] * 63
    made = {
        "measure": "congestion",
        "reliability": ReliabilityAnswer(DAY, DAY, 1, 2, [place]),
        "working_days": MeanDay(working, NONE, NONE, 3),
        "other_days": MeanDay(NONE, NONE, NONE, 0),
        "week": WeekAnswer("congestion", "mean", [[None] * 24] * 8, [[0] * 24] * 8, [], []),
        "days": DaysAnswer("congestion", []),
        "bottlenecks": [],
        "bottlenecks_found": 0,
        "marks": [],
        "marks_left_out": 0,
        "made_at": at(29, 23, 5),
    }
    return ReportAnswer(**(made | changes))


def frame(**changes):
    made = {
        "place": "Zone : Rocade",
        "period": "du 2 au 29",
        "source": "Source : Rennes",
        "dataset_url": "https://d",
        "licence_url": "https://l",
        "network_version": "net",
        "is_simulated": False,
        "local": RENNES.local,
    }
    return ReportFrame(**(made | changes))


def told(**changes):
    return text_of(build_report(FRENCH, answer(**changes), frame()))


def test_it_says_of_what_it_is_when_it_was_made_and_of_which_data():
    words = told()
    assert "Rapport : Zone : Rocade" in words
    # Five past midnight in the city.
    assert "Rapport fait le 30/11/2026 à 0 h 05." in words
    assert "Source : Rennes" in words
    assert "net" in words
    assert "23 CFR 490.511" in words


def test_simulated_traffic_is_called_so():
    simulated = text_of(build_report(FRENCH, answer(), frame(is_simulated=True)))
    assert "Trafic simulé" in simulated
    assert "Trafic simulé" not in told()


def test_the_worst_of_the_mean_day_is_told():
    assert "50 % en moyenne à 8 h" in told()


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Mark("public_holiday", at(10, 23), at(11, 23)), "11/11/2026 – Jour férié"),
        (Mark("no_data", at(10, 23), at(13, 23)), "11/11/2026 au 13/11/2026 – Sans données"),
        (Mark("model", at(12, 7), at(12, 7), what="v2"), "12/11/2026 8 h – Autre modèle"),
        (Mark("roadwork", at(12, 7), at(12, 9), what="Pont"), "12/11/2026 8 h à 10 h – Travaux"),
        (Mark("roadwork", at(12, 7), at(14, 9), what="Pont", lasts=True), "depuis le 12/11/2026"),
        (Mark("roadwork", at(12, 7), at(13, 9)), "12/11/2026 8 h à 13/11/2026 10 h"),
    ],
)
def test_what_happened_is_told_with_its_time_in_the_city(mark, words):
    assert words in told(marks=[mark])


def test_bottlenecks_are_told_with_how_many_there_are():
    where = ["inner_north", "between", "Rocade", "Porte A", "Porte B", 900]
    row = BottleneckRow(
        "s1", 1, "rocade", where, 2, [0] * 24, 400.0, 300.0, 1800.0, 5400.0, False, []
    )
    words = told(bottlenecks=[row], bottlenecks_found=7)
    assert "Les 1 qui ont le plus coûté, sur 7." in words
    assert "1 h 30" in words


def test_days_off_are_hatched():
    days = [
        DayValue(date(2026, 11, 13), 0.5, "working_day", is_observed=True),
        DayValue(date(2026, 11, 14), 0.1, "weekend", is_observed=True),
        DayValue(date(2026, 11, 11), 0.2, "public_holiday", is_observed=True),
    ]
    working, off = days_figure(FRENCH, DaysAnswer("congestion", days))["data"]
    assert (working["y"], off["y"]) == ([0.5], [0.1, 0.2])
    assert (working["marker"]["pattern"]["shape"], off["marker"]["pattern"]["shape"]) == ("", "/")
