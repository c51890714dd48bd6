"""The figures of the page of forecast quality: its tables, and its plots with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from dash import html
from dash.development.base_component import Component

from components.quality_plots import calibration_plot, daily_plot, describe_calibration
from components.subpage import build_table
from services.base.texts import Texts, formats
from services.plain.quality import (
    BASELINES,
    MODEL,
    CalibrationBin,
    ComparedScores,
    Forecaster,
    LeadQuality,
)

# The kind whose lead times differ: each is told by itself, with its band.
NEXT_HOUR: Final = "nowcast"
_MINUTES_PER_HOUR: Final = 60
_MINUTES_PER_DAY: Final = 1_440
_FORECASTERS: Final = (MODEL, *BASELINES)


def lead_name(texts: Texts, minutes: int) -> str:
    """A lead time in words."""
    written = formats(texts)
    if minutes < _MINUTES_PER_HOUR:
        return written.quantity(minutes, "min")
    if minutes < _MINUTES_PER_DAY:
        return written.quantity(minutes // _MINUTES_PER_HOUR, "h")
    return written.quantity(minutes // _MINUTES_PER_DAY, "day", is_long=True)


def told_gain(
    texts: Texts, verdict: ComparedScores, baseline: Forecaster, *, is_named: bool = True
) -> str:
    """How much less or more error than a baseline: the end of a sentence.

    Parameters
    ----------
    is_named : bool
        Whether it says than what; where the sentence began with it, it need not.
    """
    wording, gain = texts["quality"], verdict.skill[baseline]
    outcome = verdict.outcome(baseline)
    if gain is None and outcome == "worse":
        # Nobody can tell how much more than nothing an error is.
        return str(wording["told_worse_than_none"].format(baseline=wording[f"baseline_{baseline}"]))
    share = abs(gain or 0.0)
    percent = formats(texts).percent(share, 1 if share < 1 else 0)
    told = wording[f"told_{outcome}"].format(percent=percent)
    return f"{told} {wording[f'than_{baseline}']}" if is_named else str(told)


def verdict_in_words(texts: Texts, verdict: ComparedScores) -> str:
    """Which baselines the model is better than, as good as, and worse than."""
    wording = texts["quality"]
    outcomes = {name: verdict.outcome(name) for name in BASELINES}
    told: str
    if len(set(outcomes.values())) == 1:
        told = wording[f"verdict_{outcomes[BASELINES[0]]}_both"]
        return told
    told = wording["list_mark"].join(
        wording[f"verdict_{outcome}"].format(baseline=wording[f"baseline_{name}"])
        for name, outcome in outcomes.items()
    )
    return told


def lead_table(texts: Texts, leads: Sequence[LeadQuality]) -> Component:
    """Errors by kind, lead time and period, over all zones."""
    wording = texts["quality"]
    # The caption of the next hour names its kind: a phone has no room for it in each row.
    is_next_hour = leads[0].kind == NEXT_HOUR
    columns = [
        *([] if is_next_hour else ["kind"]),
        "lead",
        "period",
        "verdict",
        "cases",
        *_FORECASTERS,
        *(f"share_{name}" for name in BASELINES),
    ]
    has_band = any(v.coverage[MODEL] is not None for lead in leads for v in _verdicts(lead))
    if has_band:
        columns += ["ratio_error", "band"]
    rows = []
    for lead in leads:
        for period, verdict in (("yesterday", lead.yesterday), ("week", lead.week)):
            if verdict is None:
                continue
            rows.append(
                [
                    *([] if is_next_hour else [wording[f"kind_{lead.kind}"]]),
                    lead_name(texts, lead.lead_minutes),
                    wording[f"period_{period}"],
                    *_figures(texts, verdict),
                    *(formats(texts).percent(verdict.better_share[name]) for name in BASELINES),
                    *(_band(texts, verdict) if has_band else []),
                ]
            )
    caption = wording["leads_caption_next_hour" if is_next_hour else "leads_caption"]
    return _table(caption, [wording[f"column_{name}"] for name in columns], rows)


def zone_table(texts: Texts, days: tuple[date, date], lead: LeadQuality) -> Component:
    """Errors of one kind at one lead time by zone, from a first to a last day."""
    wording = texts["quality"]
    name = lead_name(texts, lead.lead_minutes)
    columns = ("zone", "verdict", "cases", *_FORECASTERS)
    caption = wording["zones_caption"].format(
        first_day=formats(texts).day(days[0]),
        last_day=formats(texts).day(days[1]),
        lead=name,
    )
    rows = [
        [texts["zone"][zone], *_figures(texts, verdict)] for zone, verdict in lead.zones.items()
    ]
    table = _table(caption, [wording[f"column_{name}"] for name in columns], rows)
    return html.Details([html.Summary(series_name(texts, lead)), table])


def series_name(texts: Texts, lead: LeadQuality) -> str:
    """A kind of forecast with its lead time."""
    wording = texts["quality"]
    told: str = wording["series"].format(
        kind=wording[f"kind_{lead.kind}"], lead=lead_name(texts, lead.lead_minutes)
    )
    return told


def daily(texts: Texts, period: tuple[date, date], lead: LeadQuality) -> list[Component]:
    """The error day by day of one kind at one lead time: a plot, and the same as a table."""
    wording, written = texts["quality"], formats(texts)
    caption = wording["daily_caption"].format(series=series_name(texts, lead))
    rows = [
        [
            written.day(day.day),
            *(points(texts, day.rps[name]) for name in _FORECASTERS),
            written.number(day.cases),
        ]
        for day in reversed(lead.days)
    ]
    columns = [wording[f"column_{name}"] for name in ("day", *_FORECASTERS, "cases")]
    return [
        html.P(caption, className="quality-caption"),
        daily_plot(texts, period, lead.days),
        html.Details([html.Summary(wording["as_table"]), build_table(columns, rows, caption)]),
    ]


def calibration(
    texts: Texts, days: tuple[date, date], leads: Sequence[LeadQuality]
) -> list[Component]:
    """Forecast probabilities beside how often it was observed: a plot, and the same as tables."""
    wording, written = texts["quality"], formats(texts)
    by_kind = _calibrated(texts, leads)
    columns = [wording[f"column_{name}"] for name in ("forecast", "observed", "cases")]
    tables = [
        _table(
            kind,
            columns,
            [
                [
                    written.percent(point.mean_probability),
                    written.percent(point.observed_frequency),
                    written.number(point.cases),
                ]
                for point in points
            ],
        )
        for kind, points in by_kind.items()
    ]
    described = wording["calibration_description"].format(
        first_day=written.day(days[0]),
        last_day=written.day(days[1]),
        points=describe_calibration(texts, by_kind),
    )
    return [
        html.P(wording["calibration_explanation"], className="quality-caption"),
        calibration_plot(texts, by_kind, described),
        html.Details([html.Summary(wording["as_table"]), *tables]),
    ]


def _calibrated(texts: Texts, leads: Sequence[LeadQuality]) -> dict[str, Sequence[CalibrationBin]]:
    """Points by the name of their line.

    The lead times of a kind look alike here and the shortest stands for it; of the next
    hour the shortest and the longest stand for those between.
    """
    wording = texts["quality"]
    found: dict[str, Sequence[CalibrationBin]] = {}
    for lead in leads:
        if lead.kind != NEXT_HOUR and lead.calibration:
            found.setdefault(wording[f"kind_{lead.kind}"], lead.calibration)
    next_hour = [lead for lead in leads if lead.kind == NEXT_HOUR and lead.calibration]
    for lead in (*next_hour[:1], *next_hour[1:][-1:]):
        found[series_name(texts, lead)] = lead.calibration
    return found


def _figures(texts: Texts, verdict: ComparedScores) -> list[Component | str]:
    """The verdict first: a phone shows it without scrolling."""
    return [
        html.Span(verdict_in_words(texts, verdict), className="quality-verdict"),
        formats(texts).number(verdict.cases),
        *(points(texts, verdict.rps[name]) for name in _FORECASTERS),
    ]


def _band(texts: Texts, verdict: ComparedScores) -> list[str]:
    nothing: str = texts["quality"]["no_value"]
    return [
        nothing if value is None else formats(texts).percent(value, digits)
        for value, digits in ((verdict.ratio_error[MODEL], 1), (verdict.coverage[MODEL], 0))
    ]


def _verdicts(lead: LeadQuality) -> list[ComparedScores]:
    return [verdict for verdict in (lead.yesterday, lead.week) if verdict is not None]


def points(texts: Texts, error: float) -> str:
    """An error from 0 to 1 as points out of a hundred."""
    return formats(texts).number(100 * error, 2)


def _table(
    caption: str, columns: Sequence[str], rows: Sequence[Sequence[Component | str]]
) -> Component:
    # Beside the table, not in it: there a phone would cut it off.
    return html.Div(
        [html.P(caption, className="quality-caption"), build_table(columns, rows, caption)]
    )
