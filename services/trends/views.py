"""Which questions to the archive have an answer, and by what it is computed.

Imported where answers are computed only: it brings all that they need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from services.plain.trends.asking import Query, view_of
from services.plain.trends.before_after import BeforeAfterQuery
from services.plain.trends.bottlenecks import BottlenecksQuery
from services.plain.trends.cost import CostQuery
from services.plain.trends.coverage import CoverageQuery
from services.plain.trends.curve import CurveQuery
from services.plain.trends.days import DaysQuery
from services.plain.trends.reliability import ReliabilityQuery
from services.plain.trends.replay import ReplayQuery
from services.plain.trends.report import ReportQuery
from services.plain.trends.scan import ScanQuery
from services.plain.trends.trip import TripQuery
from services.plain.trends.week import WeekQuery
from services.trends.archive import Report
from services.trends.before_after import answer_before_after
from services.trends.bottlenecks import answer_bottlenecks
from services.trends.coverage import answer_coverage
from services.trends.curve import answer_curve
from services.trends.days import answer_days
from services.trends.lost_time import answer_cost
from services.trends.reliability import answer_reliability
from services.trends.replay import answer_replay
from services.trends.report import answer_report
from services.trends.scan import answer_scan
from services.trends.trip import answer_trip
from services.trends.week import answer_week


@dataclass(frozen=True)
class View:
    """A kind of question.

    Attributes
    ----------
    query_type : type
        Its tag is the view's name.
    answer : callable
        Given the archive, the question and the report; gives the answer. A TrafficError says
        why there is none.
    """

    query_type: type[Query[Any]]
    answer: Callable[[Any, Any, Report], msgspec.Struct]


VIEWS: Final[tuple[View, ...]] = (
    View(CoverageQuery, answer_coverage),
    View(CurveQuery, answer_curve),
    View(WeekQuery, answer_week),
    View(DaysQuery, answer_days),
    View(ReliabilityQuery, answer_reliability),
    View(BeforeAfterQuery, answer_before_after),
    View(CostQuery, answer_cost),
    View(ReportQuery, answer_report),
    View(ReplayQuery, answer_replay),
    View(ScanQuery, answer_scan),
    View(TripQuery, answer_trip),
    View(BottlenecksQuery, answer_bottlenecks),
)


def by_name(views: Iterable[View]) -> Mapping[str, View]:
    """The views by their names.

    Raises
    ------
    ValueError
        When two have the same name.
    """
    found: dict[str, View] = {}
    for view in views:
        name = view_of(view.query_type)
        if name in found:
            raise ValueError(f"two views are called {name}")
        found[name] = view
    return found
