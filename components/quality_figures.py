"""The figures of the panel of forecast quality: its data, its tables and its calibration plot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from dash import dcc, html
from dash.development.base_component import Component

from components.aria import aria
from components.calibration_plot import build_figure, describe
from components.subpage import build_table
from services.base.texts import Texts, formats
from services.plain.quality import (
    FORECASTERS,
    MODEL,
    CalibrationBin,
    ComparedScores,
    Forecaster,
    LeadQuality,
)

# In the order in which they are told.
BASELINES: Final[tuple[Forecaster, ...]] = ("average", "persistence")
# The kind whose lead times differ: each is told by itself, with its band.
NEXT_HOUR: Final = "nowcast"
_MINUTES_PER_HOUR: Final = 60
_MINUTES_PER_DAY: Final = 1_440
# A twentieth of a percent is shown as none.
_SHOWN_DIFFERENCE: Final = 0.0005


def lead_name(texts: Texts, minutes: int) -> str:
    """A lead time in words."""
    written = formats(texts)
    if minutes < _MINUTES_PER_HOUR:
        return written.quantity(minutes, "min")
    if minutes < _MINUTES_PER_DAY:
        return written.quantity(minutes // _MINUTES_PER_HOUR, "h")
    return written.quantity(minutes // _MINUTES_PER_DAY, "day", is_long=True)


def verdict_code(verdict: ComparedScores) -> str:
    """Which baselines the model is at least as good as: the key of a text."""
    as_good = [name for name in BASELINES if (gain := verdict.skill[name]) is None or gain >= 0]
    if len(as_good) == len(BASELINES):
        return "both"
    return f"{as_good[0]}_only" if as_good else "none"


def gain_code(gain: float | None) -> str:
    """Whether a gain over a baseline shows, and which way: the end of a text's key."""
    if gain is None or abs(gain) < _SHOWN_DIFFERENCE:
        return "same"
    return "better" if gain > 0 else "worse"


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
        *FORECASTERS,
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
                    *(_band(texts, verdict) if has_band else []),
                ]
            )
    caption = wording["leads_caption_next_hour" if is_next_hour else "leads_caption"]
    return _table(caption, [wording[f"column_{name}"] for name in columns], rows)


def zone_table(
    texts: Texts, days: tuple[date, date], lead: LeadQuality, *, is_open: bool
) -> Component:
    """Errors of one kind at one lead time by zone, from a first to a last day."""
    wording = texts["quality"]
    name = lead_name(texts, lead.lead_minutes)
    columns = ("zone", "verdict", "cases", *FORECASTERS)
    caption = wording["zones_caption"].format(
        first_day=formats(texts).day(days[0]),
        last_day=formats(texts).day(days[1]),
        lead=name,
    )
    summary = wording["zones_summary"].format(kind=wording[f"kind_{lead.kind}"], lead=name)
    rows = [
        [texts["zone"][zone], *_figures(texts, verdict)] for zone, verdict in lead.zones.items()
    ]
    table = _table(caption, [wording[f"column_{name}"] for name in columns], rows)
    return html.Details([html.Summary(summary), table], open=is_open)


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
        first_day=formats(texts).day(days[0]),
        last_day=formats(texts).day(days[1]),
        points=describe(texts, by_kind),
    )
    graph = dcc.Graph(
        figure=build_figure(texts, by_kind),
        config={"displayModeBar": False, "responsive": True},
        className="quality-plot",
    )
    return [
        html.P(wording["calibration_explanation"]),
        html.Div(graph, role="img", **aria(label=described)),
        html.Details([html.Summary(wording["calibration_table"]), *tables]),
    ]


def _calibrated(texts: Texts, leads: Sequence[LeadQuality]) -> dict[str, Sequence[CalibrationBin]]:
    """Points by the name of their line.

    The lead times of a kind look alike here and the shortest stands for it; of the next
    hour the shortest and the longest stand for those between.
    """
    wording = texts["quality"]
    found: dict[str, Sequence[CalibrationBin]] = {}
    for lead in leads:
        if lead.kind != NEXT_HOUR:
            found.setdefault(wording[f"kind_{lead.kind}"], lead.calibration)
    next_hour = [lead for lead in leads if lead.kind == NEXT_HOUR]
    for lead in (*next_hour[:1], *next_hour[1:][-1:]):
        kind, name = wording[f"kind_{NEXT_HOUR}"], lead_name(texts, lead.lead_minutes)
        found[wording["calibration_lead"].format(kind=kind, lead=name)] = lead.calibration
    return found


def _figures(texts: Texts, verdict: ComparedScores) -> list[Component | str]:
    """The verdict first: a phone shows it without scrolling."""
    in_words = texts["quality"][f"verdict_{verdict_code(verdict)}"]
    return [
        html.Span(in_words, className="quality-verdict"),
        formats(texts).number(verdict.cases),
        *(points(texts, verdict.rps[name]) for name in FORECASTERS),
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
