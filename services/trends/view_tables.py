"""The table of each view: what is taken away of what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import harmonic_mean
from typing import Any, Final

from services.base.texts import Texts
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.trends.asking import Query
from services.plain.trends.before_after import (
    BeforeAfterAnswer,
    BeforeAfterQuery,
    PlaceChange,
)
from services.plain.trends.bottlenecks import BottlenecksAnswer, BottlenecksQuery
from services.plain.trends.cost import CostAnswer, CostQuery
from services.plain.trends.curve import CurveAnswer, CurveQuery, Measure
from services.plain.trends.days import DaysAnswer, DaysQuery
from services.plain.trends.reliability import ReliabilityAnswer, ReliabilityQuery
from services.plain.trends.replay import ReplayAnswer, ReplayQuery
from services.plain.trends.report import ReportAnswer, ReportQuery
from services.plain.trends.scan import ScanAnswer, ScanQuery
from services.plain.trends.trip import TripAnswer, TripQuery
from services.plain.trends.week import WEEK_ROWS, WeekAnswer, WeekQuery
from services.traffic.network import Network
from services.trends.place_words import place_words, segment_words
from services.trends.places import place_of
from services.trends.replay import read_header
from services.trends.table import Column, Table, Unit

_SECONDS_PER_MINUTE: Final = 60
_QUARTER: Final = timedelta(minutes=15)
_PERCENT: Final = 100
_HOURS: Final = 24
# The column of each measure, and its unit.
_MEASURED: Final[Mapping[Measure, tuple[str, Unit]]] = {
    "congestion": ("congestion_ratio", "1"),
    "jam": ("jam_km", "km"),
    "status": ("slow_length_share", "1"),
    "speed": ("speed_kmh", "km/h"),
    "time": ("travel_time_min", "min"),
}
# The rows of a week, as machines read them.
_WEEK_NAMES: Final = (*DAY_NAMES, "public_holiday")
# The statuses in columns, by DATEX name.
_SHARES: Final = {
    "freeFlow": "free_flow",
    "heavy": "heavy",
    "congested": "congested",
    "impossible": "closed",
    "unknown": "unknown",
}


@dataclass(frozen=True)
class Words:
    """What names in tables are made of.

    Attributes
    ----------
    network : Network
        Of today.
    texts : Texts
        Of the language asked for.
    """

    network: Network
    texts: Texts

    def place(self, key: str) -> str:
        """What a place is called."""
        return place_words(self.network, key, self.texts)

    def segment(self, segment: int) -> str:
        """The stretch of a segment, given its place in the network's order."""
        return segment_words(self.network, segment, self.texts)

    def segments(self, key: str) -> list[int]:
        """Those of a place, in the network's order."""
        found: list[int] = place_of(self.network, key).segments.tolist()
        return found


TableOf = Callable[[Any, Words], Table]
"""Of a view's answer, and what names are made of."""


@dataclass(frozen=True)
class ViewTables:
    """What is taken away of a view.

    Attributes
    ----------
    table : callable
        All that it shows.
    on_the_map : callable, optional
        The same by place, for GeoJSON: a table that says where each row is. None where the view
        tells of one place alone (``services.plain.trends.export.ON_THE_MAP``).
    """

    table: TableOf
    on_the_map: TableOf | None = None


def clock_of(hours: Sequence[float]) -> list[str]:
    """Hours of the city's clock as it shows them.

    >>> clock_of([7.25, 23.95])
    ['07:15', '23:57']
    """
    minutes = [round(hour * _SECONDS_PER_MINUTE) for hour in hours]
    return [f"{one // 60:02d}:{one % 60:02d}" for one in minutes]


def curve_table(answer: CurveAnswer, _words: Words) -> Table:
    """A row for each quarter of an hour."""
    name, unit = _MEASURED[answer.measure]
    times = len(answer.clock)

    def column(what: str, values: Sequence[float | None] | None) -> list[Column]:
        if values is None:
            return []
        # The other day may be one on which the clock changes.
        fitted = [*values[:times], *[None] * (times - len(values))]
        return [Column(f"{what}_{name}", "number", fitted, unit, what)]

    usual = answer.usual
    band = [] if usual is None else [
        *column("usual_p10", usual.low),
        *column("usual_median", usual.middle),
        *column("usual_p90", usual.high),
    ]  # fmt: skip
    shares = [
        Column(f"{_SHARES[status]}_length_share", "number", list(values), "1", "length_share")
        for status, values in answer.statuses.items()
    ]
    ahead = answer.forecast
    forecast = [] if ahead is None else [
        *column("forecast", ahead.middle),
        *column("forecast_low", ahead.low),
        *column("forecast_high", ahead.high),
    ]  # fmt: skip
    begins = [answer.start + place * _QUARTER for place in range(times)]
    return Table(
        [
            Column("begins_at", "moment", begins),
            Column("clock", "text", answer.clock),
            Column(name, "number", answer.values, unit),
            *band,
            *column("other_day", answer.other),
            *column("period_mean", answer.mean),
            *forecast,
            *shares,
        ],
        facts={
            "observed_share": answer.observed_share,
            "usual_days": usual.days if usual else 0,
            "days_without_data": list(answer.lacking),
            "forecast_band": None if ahead is None else ahead.band,
            "marks": answer.marks,
        },
    )


def week_table(answer: WeekAnswer, _words: Words) -> Table:
    """A row for each hour of each day of the week, and of public holidays."""
    name, unit = _MEASURED[answer.measure]
    cells = [(row, hour) for row in range(WEEK_ROWS) for hour in range(_HOURS)]
    return Table(
        [
            Column("weekday", "text", [_WEEK_NAMES[row] for row, _ in cells]),
            Column("clock_hour", "whole", [hour for _, hour in cells], "h"),
            Column(name, "number", [answer.values[row][hour] for row, hour in cells], unit),
            Column("days", "whole", [answer.days[row][hour] for row, hour in cells], "1"),
        ],
        facts={
            "statistic": answer.statistic,
            "public_holidays": list(answer.holidays),
            "days_without_data": list(answer.lacking),
        },
    )


def days_table(answer: DaysAnswer, _words: Words) -> Table:
    """A row for each day."""
    name, unit = _MEASURED[answer.measure]
    return Table(
        [
            Column("day", "day", [one.day for one in answer.days]),
            Column(name, "number", [one.value for one in answer.days], unit),
            Column("day_kind", "text", [one.kind for one in answer.days]),
            Column("is_observed", "flag", [one.is_observed for one in answer.days]),
        ]
    )


def report_table(answer: ReportAnswer, words: Words) -> Table:
    """A row for each part of the week: what a report says in figures."""
    return reliability_table(answer.reliability, words)


def replay_table(answer: ReplayAnswer, _words: Words) -> Table:
    """A row for each moment that was kept."""
    header = read_header(answer.document)
    moments, second = [], header.start
    for step in header.steps:
        second += step
        moments.append(datetime.fromtimestamp(second, UTC))
    levels = [None if one is None else one / _PERCENT for one in header.levels]
    return Table(
        [
            Column("observed_at", "moment", moments),
            Column("congestion_ratio", "number", levels, "1"),
        ],
        facts={"is_over": answer.is_over, "segments": header.segments},
    )


def scan_table(answer: ScanAnswer, words: Words) -> Table:
    """A row for each segment and time, in the order of travel."""
    times, count = len(answer.local_hours), len(answer.segments)
    clock, closed = clock_of(answer.local_hours), set(map(tuple, answer.closed))
    cells = [(place, time) for place in range(count) for time in range(times)]
    speeds = [answer.speed_kmh[place][time] for place, time in cells]
    along = [
        replace(one, values=[one.values[place] for place, _ in cells])
        for one in _along(answer, words)
    ]
    return Table(
        [
            *_begins(answer, [time for _, time in cells]),
            Column("clock", "text", [clock[time] for _, time in cells]),
            *along,
            Column("speed_kmh", "whole", speeds, "km/h"),
            Column("is_closed", "flag", [cell in closed for cell in cells]),
        ],
        facts=_scan_facts(answer),
    )


def scan_on_the_map(answer: ScanAnswer, words: Words) -> Table:
    """A row for each segment: its speed over all times."""
    known = [[one for one in speeds if one is not None] for speeds in answer.speed_kmh]
    times = max(len(answer.local_hours), 1)
    closed = [segment for segment, _ in answer.closed]
    count = len(answer.segments)
    return Table(
        [
            *_along(answer, words),
            # Of times of the same length that many cars took as one did: harmonic, as lengths add.
            Column("mean_speed_kmh", "number", [_harmonic(one) for one in known], "km/h"),
            Column("lowest_speed_kmh", "whole", [min(one, default=None) for one in known], "km/h"),
            Column("observed_share", "number", [round(len(one) / times, 4) for one in known], "1"),
            Column("closed_share", "number", [
                round(closed.count(place) / times, 4) for place in range(count)
            ], "1"),
        ],
        segments=[[segment] for segment in answer.segments],
        facts=_scan_facts(answer),
    )  # fmt: skip


def _along(answer: ScanAnswer, words: Words) -> list[Column]:
    begins_m = [0.0, *answer.ends_m[:-1]]
    return [
        Column("segment_id", "text", answer.segment_ids),
        Column("stretch", "text", [words.segment(one) for one in answer.segments]),
        Column("from_m", "number", begins_m, "m"),
        Column("to_m", "number", answer.ends_m, "m"),
        Column("free_flow_speed_kmh", "number", answer.free_kmh, "km/h"),
    ]


def _begins(answer: ScanAnswer, times: Sequence[int]) -> list[Column]:
    """When times begin; of a mean day the clock is all that there is."""
    if answer.start is None:
        return []
    begins = [answer.start + timedelta(seconds=answer.step_s * time) for time in times]
    return [Column("begins_at", "moment", begins)]


def _scan_facts(answer: ScanAnswer) -> dict[str, Any]:
    return {
        "days": answer.days,
        "days_asked": answer.asked,
        "outlines": answer.outlines,
        "queues": answer.queues,
    }


def _harmonic(speeds: Sequence[int]) -> float | None:
    return round(harmonic_mean(speeds), 1) if speeds else None


def trip_table(answer: TripAnswer, _words: Words) -> Table:
    """A row for each departure."""
    step = timedelta(seconds=answer.step_s)
    closed = set(answer.closed)
    count = len(answer.local_hours)
    return Table(
        [
            Column("departs_at", "moment", [answer.start + place * step for place in range(count)]),
            Column("clock", "text", clock_of(answer.local_hours)),
            Column("driven_s", "number", answer.driven_s, "s"),
            Column("forecast_s", "number", answer.forecast_s, "s"),
            Column("forecast_p90_s", "number", answer.high_s, "s"),
            Column("usual_median_s", "number", answer.usual_s, "s"),
            Column("usual_p10_s", "number", answer.usual_low_s, "s"),
            Column("usual_p90_s", "number", answer.usual_high_s, "s"),
            Column("is_closed", "flag", [place in closed for place in range(count)]),
        ],
        facts={
            "length_m": answer.length_m,
            "free_flow_s": answer.free_s,
            "usual_days": answer.usual_days,
            "forecast_p90_from": answer.high_from,
            "is_nowcast_included": answer.has_nowcast,
            "is_model_from_simulated_traffic": answer.is_simulated,
        },
    )


def reliability_table(answer: ReliabilityAnswer, words: Words) -> Table:
    """A row for each place and part of the week."""
    rows = [(place, part) for place in answer.places for part in place.parts]
    indices = [part.indices for _, part in rows]

    def number(name: str, unit: Unit, of: str) -> Column:
        values = [None if one is None else float(getattr(one, of)) for one in indices]
        return Column(name, "number", values, unit)

    return Table(
        [
            Column("place", "text", [place.place for place, _ in rows]),
            Column("place_name", "text", [words.place(place.place) for place, _ in rows]),
            Column("week_part", "text", [part.part for _, part in rows]),
            Column("free_flow_s", "number", [place.free_s for place, _ in rows], "s"),
            number("mean_s", "s", "mean_s"),
            number("p95_s", "s", "p95_s"),
            number("travel_time_index", "1", "travel_time_index"),
            number("planning_time_index", "1", "planning_time_index"),
            number("buffer_index", "1", "buffer_index"),
            number("lottr", "1", "lottr"),
            Column("is_reliable", "flag", [one and one.is_reliable for one in indices]),
            Column("observed_share", "number", [part.observed_share for _, part in rows], "1"),
            Column("observed_days", "whole", [part.days for _, part in rows]),
            Column("untold", "text", [part.untold for _, part in rows]),
        ],
        segments=[words.segments(place.place) for place, _ in rows],
        facts={
            "first_day": answer.first,
            "last_day": answer.last,
            "observed_days": answer.observed_days,
            "days_without_data": answer.lacking_days,
        },
    )


def bottlenecks_table(answer: BottlenecksAnswer, words: Words) -> Table:
    """A row for each bottleneck."""
    rows = answer.rows
    return Table(
        [
            Column("rank", "whole", list(range(1, len(rows) + 1))),
            Column("head_segment_id", "text", [row.head for row in rows]),
            Column("stretch", "text", [words.segment(row.segment) for row in rows]),
            Column("corridor", "text", [row.corridor for row in rows]),
            Column("queues", "whole", [row.queues for row in rows]),
            Column("days_with_queue", "whole", [row.days for row in rows]),
            Column("longest_m", "number", [row.longest_m for row in rows], "m"),
            Column("mean_length_m", "number", [row.mean_length_m for row in rows], "m"),
            Column("mean_duration_s", "number", [row.mean_duration_s for row in rows], "s"),
            Column("lost_s", "number", [row.lost_s for row in rows], "s"),
            Column("reaches_end", "flag", [row.reaches_end for row in rows]),
            *(
                Column(f"days_with_queue_{hour:02d}h", "whole", [
                    row.days_by_hour[hour] for row in rows
                ], meaning="days_with_queue_at")
                for hour in range(_HOURS)
            ),
        ],
        segments=[[row.segment] for row in rows],
        facts={
            "found": answer.found,
            "observed_days": answer.days,
            "days_asked": answer.asked,
            "corridors": answer.corridors,
        },
    )  # fmt: skip


def before_after_table(answer: BeforeAfterAnswer, words: Words) -> Table:
    """A row for each day of each place; what changed is among the facts."""
    rows = [
        (one, period, day, value)
        for one in answer.places
        for period, values in (("before", one.before), ("after", one.after))
        for day, value in zip(values.days, values.values, strict=True)
    ]
    return Table(
        [
            Column("place", "text", [one.place for one, *_ in rows]),
            Column("place_name", "text", [words.place(one.place) for one, *_ in rows]),
            Column("period", "text", [period for _, period, *_ in rows]),
            Column("day", "day", [day for *_, day, _ in rows]),
            *_in_unit("mean", [one for one, *_ in rows], [value for *_, value in rows]),
        ],
        facts={"places": answer.places},
    )


def before_after_on_the_map(answer: BeforeAfterAnswer, words: Words) -> Table:
    """A row for each place."""
    places = answer.places
    changes = [one.change for one in places]

    def change(of: str) -> list[float | None]:
        return [None if one is None else getattr(one, of) for one in changes]

    return Table(
        [
            Column("place", "text", [one.place for one in places]),
            Column("place_name", "text", [words.place(one.place) for one in places]),
            *_in_unit("before", places, change("before")),
            *_in_unit("after", places, change("after")),
            *_in_unit("change_low", places, change("low")),
            *_in_unit("change_high", places, change("high")),
            Column("p_value", "number", change("p_value"), "1"),
            Column("is_beyond_chance", "flag", change("is_beyond_chance")),
            Column("untold", "text", [one.untold for one in places]),
        ],
        segments=[words.segments(one.place) for one in places],
    )


def _in_unit(
    name: str, places: Sequence[PlaceChange], values: Sequence[float | None]
) -> list[Column]:
    """A column for routes, in seconds, and one for areas, of how many times free flow."""
    columns: tuple[tuple[str, Unit], ...] = (("s", "s"), ("index", "1"))
    return [
        Column(f"{name}_{unit}", "number", [
            value if place.unit == unit else None
            for place, value in zip(places, values, strict=True)
        ], told, f"{name}_{unit}")
        for unit, told in columns
    ]  # fmt: skip


def cost_table(answer: CostAnswer, _words: Words) -> Table:
    """A row for each hour of departure."""
    hours = list(range(_HOURS))
    return Table(
        [
            Column("departure_hour", "whole", hours, "h"),
            Column("lost_on_working_days_s", "number", answer.working_days, "s"),
            Column("lost_on_other_days_s", "number", answer.other_days, "s"),
        ],
        facts={
            "is_route": answer.is_route,
            "free_flow_s": answer.free_s,
            "mean_lost_s": answer.mean_s,
            "jam_km_hours_a_day": answer.jam_km_hours,
            "observed_days": answer.observed_days,
            "days_without_data": answer.lacking_days,
            "observed_share": answer.observed_share,
            "counted": answer.counted,
        },
    )


TABLES: Final[Mapping[type[Query[Any]], ViewTables]] = {
    CurveQuery: ViewTables(curve_table),
    WeekQuery: ViewTables(week_table),
    DaysQuery: ViewTables(days_table),
    ReportQuery: ViewTables(report_table),
    ReplayQuery: ViewTables(replay_table),
    ScanQuery: ViewTables(scan_table, scan_on_the_map),
    TripQuery: ViewTables(trip_table),
    ReliabilityQuery: ViewTables(reliability_table, reliability_table),
    BottlenecksQuery: ViewTables(bottlenecks_table, bottlenecks_table),
    BeforeAfterQuery: ViewTables(before_after_table, before_after_on_the_map),
    CostQuery: ViewTables(cost_table),
}
"""Of every view; a further one needs its function here, and nothing else to be taken away."""
