"""The page of the quality of the forecasts: one sentence first, then pictures, then figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dash import dcc, html
from dash.development.base_component import Component

from components.quality_figures import (
    NEXT_HOUR,
    calibration,
    daily,
    lead_name,
    lead_table,
    points,
    series_name,
    told_gain,
    zone_table,
)
from components.quality_line import headline_sentence
from components.subpage import Subpage, build_card
from services.base.texts import Texts, formats
from services.plain.quality import (
    BASELINES,
    MODEL,
    ComparedScores,
    Forecaster,
    LeadQuality,
    LearnedFrom,
    ModelInUse,
)

CONTENT_ID: Final = "quality-content"
REFRESH_ID: Final = "quality-refresh"
SHOWN_STORE_ID: Final = "quality-shown"

# What is told of a model from its own files; the rest is on record in the database.
_OF_FILES: Final = ("version", "learned", "state")
_NOTES: Final = ("average", "persistence", "score", "share")


@dataclass(frozen=True)
class DecisionMade:
    """What became of a model; scores of the challenge are None where there was none."""

    version: str | None
    action: str
    reason: str
    day: date
    scores: Mapping[str, float] | None
    evaluated_days: int


@dataclass(frozen=True)
class KnownModel:
    """One kind of model: what is in use, since when, how good it was, what was decided.

    Attributes
    ----------
    model : ModelInUse or None
        None where none can be read.
    since : date or None
        None where it is on no record.
    scored : LeadQuality or None
        Its week at one lead time; None where nothing was evaluated.
    """

    kind: str
    model: ModelInUse | None
    since: date | None
    scored: LeadQuality | None
    decisions: Sequence[DecisionMade]


@dataclass(frozen=True)
class Quality:
    """All that the page shows.

    Attributes
    ----------
    first_day, last_day : date
        The week that is told of.
    history_from : date
        The first day of the curve, which ends with the week.
    is_simulated : bool
        Whether the forecasts were evaluated by simulated traffic.
    headline : LeadQuality or None
        What the first sentence tells of.
    """

    first_day: date
    last_day: date
    history_from: date
    is_simulated: bool
    leads: Sequence[LeadQuality]
    headline: LeadQuality | None
    models: Sequence[KnownModel]


def build_quality_page(
    content: Sequence[Component], shown: str, *, refresh_seconds: int
) -> Subpage:
    """The page around its content.

    Parameters
    ----------
    shown : str
        What tells this content from another, so that a refresh without news changes nothing.
    """
    return Subpage(
        content,
        unseen=[
            dcc.Interval(id=REFRESH_ID, interval=refresh_seconds * 1_000),
            dcc.Store(id=SHOWN_STORE_ID, data=shown),
        ],
        content_id=CONTENT_ID,
    )


def build_quality(texts: Texts, quality: Quality) -> list[Component]:
    """The content of the page."""
    wording = texts["quality"]
    warning = html.P(wording["simulated"], className="quality-warning", role="note")
    return [
        *([warning] if quality.is_simulated else []),
        _summary(texts, quality),
        *_pictures(texts, quality),
        *([_tables(texts, quality)] if any(lead.week for lead in quality.leads) else []),
        build_models(texts, quality.models),
    ]


def build_unreachable(texts: Texts, models: Sequence[KnownModel]) -> list[Component]:
    """What is said while the database cannot be read: the models' own files tell of them too."""
    wording = texts["quality"]
    return [
        build_card(wording["unreachable_title"], html.P(wording["unreachable"])),
        build_models(texts, models, is_recorded=False),
    ]


def _summary(texts: Texts, quality: Quality) -> html.Section:
    """One sentence, which cases it is of, and the two yardsticks apart."""
    wording, written = texts["quality"], formats(texts)
    lead = quality.headline
    if lead is None or lead.week is None:
        if quality.leads:
            return build_card(wording["nothing_lately_title"], html.P(wording["nothing_lately"]))
        return build_card(wording["empty_title"], html.P(wording["empty"]))
    week = lead.week
    period = wording["headline_period"].format(
        series=series_name(texts, lead),
        first_day=written.day(quality.first_day),
        last_day=written.day(quality.last_day),
        cases=written.number(week.cases),
    )
    missing = [] if lead.yesterday else [html.P(wording["yesterday_missing"])]
    return build_card(
        wording["brief_title"],
        html.P(headline_sentence(texts, lead), className="quality-headline"),
        html.Ul([_gain(texts, week, name) for name in BASELINES], className="quality-gains"),
        html.P(period),
        *missing,
        html.Details(
            [
                html.Summary(wording["explain_title"]),
                html.Ul(
                    [html.Li(wording[f"explain_{name}"]) for name in _NOTES],
                    className="quality-notes",
                ),
            ]
        ),
    )


def _gain(texts: Texts, verdict: ComparedScores, baseline: Forecaster) -> html.Li:
    sentence = texts["quality"]["gain"].format(
        baseline=texts["quality"][f"facing_{baseline}"],
        told=told_gain(texts, verdict, baseline, is_named=False),
    )
    return html.Li(sentence, className=f"quality-gain quality-gain--{verdict.outcome(baseline)}")


def _pictures(texts: Texts, quality: Quality) -> list[Component]:
    """The error day by day, the headline's first, and the calibration beside it."""
    wording = texts["quality"]
    period = (quality.history_from, quality.last_day)
    shown = [lead for lead in quality.leads if lead.days]
    first = quality.headline or (shown[0] if shown else None)
    cards = []
    if first is not None and first.days:
        others = [lead for lead in shown if lead is not first]
        cards.append(
            build_card(
                wording["daily_title"],
                *daily(texts, period, first),
                *([_other_days(texts, period, others)] if others else []),
            )
        )
    if any(lead.calibration for lead in quality.leads):
        days = (quality.first_day, quality.last_day)
        cards.append(
            build_card(wording["calibration_title"], *calibration(texts, days, quality.leads))
        )
    return [html.Div(cards, className="quality-pair")] if cards else []


def _other_days(
    texts: Texts, period: tuple[date, date], leads: Sequence[LeadQuality]
) -> html.Details:
    return html.Details(
        [
            html.Summary(texts["quality"]["daily_others"]),
            *[
                html.Details([html.Summary(series_name(texts, lead)), *daily(texts, period, lead)])
                for lead in leads
            ],
        ]
    )


def _tables(texts: Texts, quality: Quality) -> html.Section:
    wording = texts["quality"]
    days = (quality.first_day, quality.last_day)
    hourly = [lead for lead in quality.leads if lead.kind != NEXT_HOUR and lead.week]
    next_hour = [lead for lead in quality.leads if lead.kind == NEXT_HOUR and lead.week]
    by_lead = [lead_table(texts, leads) for leads in (hourly, next_hour) if leads]
    return build_card(
        wording["tables_title"],
        html.Details([html.Summary(wording["leads_title"]), *by_lead, *_band(texts, next_hour)]),
        html.Details(
            [
                html.Summary(wording["zones_title"]),
                *[zone_table(texts, days, lead) for lead in quality.leads if lead.zones],
            ]
        ),
    )


def _band(texts: Texts, leads: Sequence[LeadQuality]) -> list[Component]:
    """How wide the bands of the next hour are."""
    wording, written = texts["quality"], formats(texts)
    covered = [
        wording["next_hour_covered"].format(
            percent=written.percent(coverage), lead=lead_name(texts, lead.lead_minutes)
        )
        for lead in leads
        if lead.week is not None and (coverage := lead.week.coverage[MODEL]) is not None
    ]
    if not covered:
        return []
    return [html.P(wording["next_hour_band"].format(covered=wording["list_mark"].join(covered)))]


def build_models(
    texts: Texts, models: Sequence[KnownModel], *, is_recorded: bool = True
) -> html.Section:
    """Every kind of model, with what is told of it; where nothing is on record, from its files."""
    return build_card(
        texts["quality"]["models_title"],
        html.Div(
            [_model(texts, known, is_recorded=is_recorded) for known in models],
            className="quality-models",
        ),
    )


def _model(texts: Texts, known: KnownModel, *, is_recorded: bool) -> html.Article:
    wording = texts["quality"]
    facts = [] if known.model is None else _facts(texts, known, known.model)
    told: list[tuple[str, Component | str]] = [
        *facts,
        ("decisions", _decisions(texts, known.decisions)),
    ]
    if not is_recorded:
        told = [(name, fact) for name, fact in told if name in _OF_FILES]
    return html.Article(
        [
            html.H3(wording[f"kind_{known.kind}"], className="quality-part"),
            *([] if facts else [html.P(wording["model_none"])]),
            html.Dl(
                [
                    part
                    for name, fact in told
                    for part in (html.Dt(wording[f"fact_{name}"]), html.Dd(fact))
                ]
            ),
        ],
        className="quality-model",
    )


def _facts(texts: Texts, known: KnownModel, model: ModelInUse) -> list[tuple[str, str]]:
    wording = texts["quality"]
    facts = [
        ("version", model.version),
        ("since", _since(texts, known, model)),
        ("learned", told_learned(texts, model.learned_from)),
        ("score", _score(texts, known, model)),
    ]
    return [*facts, ("state", wording["set_aside"])] if model.is_set_aside else facts


def _since(texts: Texts, known: KnownModel, model: ModelInUse) -> str:
    if known.since is not None:
        return formats(texts).day(known.since)
    told: str = texts["quality"]["since_shipped" if model.is_shipped else "since_unknown"]
    return told


def told_learned(texts: Texts, learned: LearnedFrom | None) -> str:
    """What a model learned from."""
    wording, written = texts["quality"], formats(texts)
    if learned is None:
        return str(wording["learned_unknown"])
    if learned.pictures:
        return written.counted(wording["learned_pictures"], learned.pictures)
    days = written.quantity(learned.days, "day", is_long=True)
    if learned.first_day is None or learned.last_day is None:
        return days
    told: str = wording["learned_simulated" if learned.is_simulated else "learned_observed"].format(
        days=days,
        first_day=written.day(learned.first_day),
        last_day=written.day(learned.last_day),
    )
    return told


def _score(texts: Texts, known: KnownModel, model: ModelInUse) -> str:
    wording = texts["quality"]
    if model.mean_iou is not None:
        return str(wording["score_iou"].format(iou=formats(texts).number(model.mean_iou, 2)))
    lead = known.scored
    if lead is None or lead.week is None:
        return str(wording["score_none"])
    return str(
        wording["score"].format(
            lead=lead_name(texts, lead.lead_minutes),
            told=wording["list_mark"].join(told_gain(texts, lead.week, name) for name in BASELINES),
        )
    )


def _decisions(texts: Texts, decisions: Sequence[DecisionMade]) -> Component | str:
    if not decisions:
        return str(texts["quality"]["decisions_none"])
    return html.Ul(
        [html.Li(_decision(texts, item)) for item in decisions], className="quality-decisions"
    )


def _decision(texts: Texts, item: DecisionMade) -> list[Component | str]:
    wording = texts["quality"]
    template = wording["decision" if item.version else "decision_no_version"]
    told = template.format(
        when=formats(texts).day(item.day),
        version=item.version,
        action=wording[f"action_{item.action}"],
        reason=wording[f"reason_{item.reason}"],
    )
    if item.scores is None:
        return [told]
    figures = wording["decision_figures"].format(
        days=formats(texts).quantity(item.evaluated_days, "day", is_long=True),
        **{name: points(texts, value) for name, value in item.scores.items()},
    )
    return [told, html.Span(figures, className="quality-figures")]
