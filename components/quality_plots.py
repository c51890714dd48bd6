"""The two plots of forecast quality: the error day by day, and the calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from dash import html

from components.line_plot import Axis, Line, build_plot
from services.base.texts import Texts, formats
from services.plain.quality import BASELINES, MODEL, CalibrationBin, DayErrors, Forecaster

_DOT_PX: Final = 2.5
_LARGEST_DOT_PX: Final = 10.0
_SMALLEST_DOT_PX: Final = 3.0
_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_DAYS_PER_TICK: Final = 10
# At most so many steps of the axis of errors.
_MOST_STEPS: Final = 5
# In the order of the legend, which is that of their telling.
_SHOWN: Final[tuple[Forecaster, ...]] = (MODEL, *BASELINES)
_POINTS: Final = 100


def daily_plot(texts: Texts, period: tuple[date, date], days: Sequence[DayErrors]) -> html.Img:
    """The error of each forecaster day by day, broken where a day was not evaluated.

    Parameters
    ----------
    period : pair of date
        First and last day of the axis.
    """
    wording, written = texts["quality"], formats(texts)
    first, last = period
    known = {day.day: day for day in days}
    count = (last - first).days + 1
    dates = [first + timedelta(days=place) for place in range(count)]
    lines = [
        Line(
            wording[f"column_{name}"],
            [
                (place, _POINTS * known[day].rps[name] if day in known else None)
                for place, day in enumerate(dates)
            ],
            [_DOT_PX] * count,
        )
        for name in _SHOWN
    ]
    top, step = _scale(max((_POINTS * day.rps[name] for day in days for name in _SHOWN), default=0))
    digits = max(0, -math.floor(math.log10(step)))
    levels = [step * place for place in range(round(top / step) + 1)]
    return build_plot(
        lines,
        # A day of room at each side.
        Axis(
            -0.5,
            count - 0.5,
            [
                (place, written.short_day(dates[place]))
                for place in range(count - 1, -1, -_DAYS_PER_TICK)
            ],
            wording["daily_x"],
        ),
        Axis(
            0, top, [(level, written.number(level, digits)) for level in levels], wording["daily_y"]
        ),
        describe_days(texts, days),
    )


def describe_days(texts: Texts, days: Sequence[DayErrors]) -> str:
    """The error day by day in words: from when to when, and from what to what."""
    wording, written = texts["quality"], formats(texts)
    lines = [
        wording["daily_of"].format(
            name=wording[f"column_{name}"],
            first=written.number(_POINTS * days[0].rps[name], 2),
            last=written.number(_POINTS * days[-1].rps[name], 2),
        )
        for name in _SHOWN
    ]
    return " ".join(
        [
            wording["daily_description"].format(
                first_day=written.day(days[0].day), last_day=written.day(days[-1].day)
            ),
            *lines,
        ]
    )


def calibration_plot(
    texts: Texts, by_kind: Mapping[str, Sequence[CalibrationBin]], described: str
) -> html.Img:
    """Forecast probabilities beside how often it was observed: a line a kind, and the diagonal."""
    wording, written = texts["quality"], formats(texts)
    ticks = [(share, written.percent(share)) for share in _SHARES]
    diagonal = Line(wording["calibration_perfect"], [(0, 0), (1, 1)], is_reference=True)
    return build_plot(
        [diagonal, *(_calibrated(name, points) for name, points in by_kind.items())],
        Axis(0, 1, ticks, wording["calibration_x"]),
        Axis(0, 1, ticks, wording["calibration_y"]),
        described,
    )


def describe_calibration(texts: Texts, by_kind: Mapping[str, Sequence[CalibrationBin]]) -> str:
    """The calibration in words."""
    wording, written = texts["quality"], formats(texts)
    return " ".join(
        wording["calibration_of"].format(
            kind=name,
            points=" ".join(
                wording["calibration_point"].format(
                    forecast=written.percent(point.mean_probability),
                    observed=written.percent(point.observed_frequency),
                )
                for point in points
            ),
        )
        for name, points in by_kind.items()
    )


def _calibrated(name: str, points: Sequence[CalibrationBin]) -> Line:
    most = max((point.cases for point in points), default=1)
    return Line(
        name,
        [(point.mean_probability, point.observed_frequency) for point in points],
        # Areas, not widths, tell how many cases a point stands for.
        [
            _SMALLEST_DOT_PX + (_LARGEST_DOT_PX - _SMALLEST_DOT_PX) * (p.cases / most) ** 0.5
            for p in points
        ],
    )


def _scale(most: float) -> tuple[float, float]:
    """The upper end of an axis from 0, and its step: 1, 2 or 5 of a power of ten."""
    if most <= 0:
        return 1.0, 0.5
    power = 10.0 ** math.floor(math.log10(most / _MOST_STEPS))
    step = next(power * part for part in (1, 2, 5, 10) if power * part * _MOST_STEPS >= most)
    return step * math.ceil(most / step), step
