"""What lost time amounts to: for a driver, and for all vehicles where they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_paragraphs, build_table
from components.trends.figure import LINES, build_figure, layout_of
from components.trends.words import clock_words, mean_words
from services.base.texts import Texts, formats
from services.plain.trends.cost import CostAnswer, CountedCost

GRAPH_ID: Final = "trends-cost"
_HOURS: Final = 24
_HUNDRED: Final = 100
_MINUTE_S: Final = 60.0
# Told apart without their colours as well.
_PATTERNS: Final = ("", "/")


def build_cost(texts: Texts, answer: CostAnswer, name: str) -> Sequence[Component]:
    """The cards.

    Parameters
    ----------
    name : str
        What the place is called.
    """
    wording = texts["trends_cout"]
    return [
        _driver(texts, answer, name),
        build_card(wording["vehicles_title"], *(map(html.P, _vehicles(texts, answer)))),
        build_card(
            wording["jam_title"],
            *(map(html.P, _jam(texts, answer))),
            html.Details(
                [html.Summary(wording["explain_title"]), *build_paragraphs(wording["explain"])]
            ),
        ),
    ]


def cost_figure(texts: Texts, answer: CostAnswer) -> dict[str, Any]:
    """Minutes lost by the hour of departure, of both kinds of days."""
    wording, hours = texts["trends_cout"], [clock_words(texts, hour) for hour in range(_HOURS)]
    kinds = (("working_days", answer.working_days), ("other_days", answer.other_days))
    layout = layout_of(texts, [], wording["unit"])
    layout |= {"xaxis": {"type": "category", "tickangle": 0, "nticks": 8}, "barmode": "group"}
    return {
        "data": [
            {
                "x": hours,
                "y": [None if lost is None else round(lost / _MINUTE_S, 2) for lost in values],
                "name": wording[name],
                "type": "bar",
                "marker": {"color": LINES[place], "pattern": {"shape": _PATTERNS[place]}},
            }
            for place, (name, values) in enumerate(kinds)
        ],
        "layout": layout,
    }


def _driver(texts: Texts, answer: CostAnswer, name: str) -> html.Section:
    wording = texts["trends_cout"]
    words = [wording["driver_none"]]
    if answer.mean_s is not None:
        key = "driver" if answer.is_route else "driver_area"
        told = wording[key].format(
            lost=_time(texts, answer.mean_s), free=_time(texts, answer.free_s)
        )
        words = [told, *_worst(texts, answer)]
    rows = [
        [clock_words(texts, hour), _time(texts, working), _time(texts, other)]
        for hour, (working, other) in enumerate(
            zip(answer.working_days, answer.other_days, strict=True)
        )
    ]
    label = wording["by_hour"].format(place=name)
    columns = [wording[key] for key in ("hour", "working_days", "other_days")]
    return build_card(
        wording["driver_title"],
        html.P(" ".join(words), className="trends-described"),
        build_figure(GRAPH_ID, cost_figure(texts, answer), label),
        html.Details([html.Summary(wording["as_table"]), build_table(columns, rows, label)]),
    )


def _worst(texts: Texts, answer: CostAnswer) -> list[str]:
    told = [(lost, hour) for hour, lost in enumerate(answer.working_days) if lost is not None]
    if not told:
        return []
    lost, hour = max(told)
    worst = texts["trends_cout"]["worst"]
    return [worst.format(hour=clock_words(texts, hour), lost=_time(texts, lost))]


def _vehicles(texts: Texts, answer: CostAnswer) -> list[str]:
    wording = texts["trends_cout"]
    if not answer.has_counts:
        return [wording["no_counts"]]
    unknown = answer.unknown_counts
    notes = [formats(texts).counted(wording["unknown_counts"], unknown)] if unknown else []
    if answer.counted is None:
        return [wording["not_counted"], *notes]
    return [*_counted(texts, answer.counted), *notes]


def _counted(texts: Texts, counted: CountedCost) -> list[str]:
    wording, written = texts["trends_cout"], formats(texts)
    hours = wording["hours"].format(
        hours=_about(texts, counted.hours / counted.days),
        total=_about(texts, counted.hours),
        days=counted.days,
    )
    worth = wording["no_rate"]
    if counted.euros is not None and counted.rate is not None:
        worth = wording["euros"].format(
            euros=_about(texts, counted.euros),
            rate=written.number(counted.rate, 2),
            source=counted.rate_source,
        )
    share = wording["counted_share"].format(
        length=written.percent(counted.length_share),
        vehicles=written.percent(counted.vehicles_share),
    )
    return [hours, worth, share]


def _jam(texts: Texts, answer: CostAnswer) -> list[str]:
    wording, written = texts["trends_cout"], formats(texts)
    observed = wording["observed"].format(
        observed=answer.observed_days,
        lacking=answer.lacking_days,
        share=written.percent(answer.observed_share),
    )
    if answer.jam_km_hours is None:
        return [observed]
    amount = written.number(answer.jam_km_hours, 1 if answer.jam_km_hours < _HUNDRED else 0)
    return [wording["jam"].format(amount=amount), observed]


def _time(texts: Texts, seconds: float | None) -> str:
    return "–" if seconds is None else mean_words(texts, seconds)


def _about(texts: Texts, amount: float) -> str:
    """Three figures: speeds of few cars bear no more."""
    return formats(texts).significant(float(f"{amount:.3g}"))
