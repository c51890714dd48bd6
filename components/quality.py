"""The panel of the quality of the forecasts: plain words first, then figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dash import dcc, html
from dash.development.base_component import Component

from components.quality_figures import (
    BASELINES,
    NEXT_HOUR,
    calibration,
    gain_code,
    lead_name,
    lead_table,
    points,
    zone_table,
)
from components.subpage import Subpage, build_card
from services.base.texts import Texts, formats
from services.plain.quality import MODEL, ComparedScores, LeadQuality

CONTENT_ID: Final = "quality-content"
REFRESH_ID: Final = "quality-refresh"
SHOWN_STORE_ID: Final = "quality-shown"


@dataclass(frozen=True)
class ModelInUse:
    """The champion, and what it learned from."""

    version: str
    is_simulated: bool
    days: int
    first_day: date
    last_day: date


@dataclass(frozen=True)
class DecisionMade:
    """What became of a model; scores of the challenge are None where there was none."""

    kind: str
    version: str | None
    action: str
    reason: str
    day: date
    scores: Mapping[str, float] | None
    evaluated_days: int


@dataclass(frozen=True)
class Quality:
    """All that the panel shows.

    Attributes
    ----------
    first_day, last_day : date
        The week that is told of.
    is_simulated : bool
        Whether the forecasts were evaluated by simulated traffic.
    """

    first_day: date
    last_day: date
    is_simulated: bool
    leads: Sequence[LeadQuality]
    model: ModelInUse | None
    decisions: Sequence[DecisionMade]


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
    """The content of the panel."""
    wording = texts["quality"]
    warning = html.P(wording["simulated"], className="quality-warning", role="note")
    scores = _scores(texts, quality) if quality.leads else [_empty(texts)]
    return [
        *([warning] if quality.is_simulated else []),
        *scores,
        _model(texts, quality.model),
        _decisions(texts, quality.decisions),
    ]


def build_unreachable(texts: Texts) -> list[Component]:
    """What is said while the scores cannot be read."""
    wording = texts["quality"]
    return [build_card(wording["unreachable_title"], html.P(wording["unreachable"]))]


def _empty(texts: Texts) -> html.Section:
    wording = texts["quality"]
    return build_card(wording["empty_title"], html.P(wording["empty"]))


def _scores(texts: Texts, quality: Quality) -> list[Component]:
    wording = texts["quality"]
    hourly = [lead for lead in quality.leads if lead.kind != NEXT_HOUR]
    next_hour = [lead for lead in quality.leads if lead.kind == NEXT_HOUR]
    days = (quality.first_day, quality.last_day)
    return [
        build_card(
            wording["brief_title"],
            *[part for lead in hourly for part in _brief(texts, quality, lead)],
            *(_next_hour(texts, quality, next_hour) if next_hour else []),
            html.Ul(
                [
                    html.Li(wording[key])
                    for key in (
                        "explain_average",
                        "explain_persistence",
                        "explain_score",
                        "explain_share",
                    )
                ],
                className="quality-notes",
            ),
        ),
        build_card(
            wording["leads_title"],
            *[lead_table(texts, leads) for leads in (hourly, next_hour) if leads],
        ),
        build_card(
            wording["zones_title"],
            *[
                zone_table(texts, days, lead, is_open=place == 0)
                for place, lead in enumerate(quality.leads)
                if lead.zones
            ],
        ),
        build_card(wording["calibration_title"], *calibration(texts, days, quality.leads)),
    ]


def _brief(texts: Texts, quality: Quality, lead: LeadQuality) -> list[Component]:
    """Two sentences a lead time: how often it was better, and by how much it is or is not."""
    wording = texts["quality"]
    name = wording[f"forecast_{lead.kind}"].format(lead=lead_name(texts, lead.lead_minutes))
    shown = lead.yesterday or lead.week
    sentences: list[Component] = []
    if lead.yesterday is None:
        sentences.append(html.P(wording["brief_none"].format(forecast=name)))
    if shown is not None:
        template = wording["brief_yesterday" if lead.yesterday else "brief_week"]
        sentence = template.format(
            forecast=name,
            first_day=formats(texts).day(quality.first_day),
            **{key: formats(texts).percent(shown.better_share[key]) for key in BASELINES},
        )
        sentences.append(html.P(sentence, className="quality-sentence"))
        gains = [_gain(texts, key, (lead.week or shown).skill[key]) for key in BASELINES]
        sentences.append(html.Ul(gains, className="quality-gains"))
    return sentences


def _next_hour(texts: Texts, quality: Quality, leads: Sequence[LeadQuality]) -> list[Component]:
    """One line a lead time, which names the yardsticks it missed, and how wide the bands are."""
    wording = texts["quality"]
    period = wording["next_hour_period"].format(
        first_day=formats(texts).day(quality.first_day),
        last_day=formats(texts).day(quality.last_day),
    )
    weeks = [(lead_name(texts, lead.lead_minutes), lead.week) for lead in leads if lead.week]
    lines = [_next_hour_line(texts, name, verdict) for name, verdict in weeks]
    covered = [
        wording["next_hour_covered"].format(percent=formats(texts).percent(coverage), lead=name)
        for name, verdict in weeks
        if (coverage := verdict.coverage[MODEL]) is not None
    ]
    band = wording["next_hour_band"].format(covered=wording["list_mark"].join(covered))
    return [
        html.H3(wording["next_hour_title"], className="quality-part"),
        html.P(period),
        html.Ul(lines, className="quality-gains"),
        *([html.P(band)] if covered else []),
    ]


def _next_hour_line(texts: Texts, lead: str, verdict: ComparedScores) -> html.Li:
    wording = texts["quality"]
    codes = [gain_code(verdict.skill[name]) for name in BASELINES]
    parts = {
        name: wording[f"gain_{code}"].format(
            baseline=wording[f"baseline_{name}"],
            percent=formats(texts).percent(abs(verdict.skill[name] or 0.0), 1),
        )
        for name, code in zip(BASELINES, codes, strict=True)
    }
    worst = next(code for code in ("worse", "same", "better") if code in codes)
    return html.Li(
        wording["next_hour_line"].format(lead=lead, **parts),
        className=f"quality-gain quality-gain--{worst}",
    )


def _gain(texts: Texts, baseline: str, gain: float | None) -> html.Li:
    wording = texts["quality"]
    code = gain_code(gain)
    sentence = wording[code].format(
        baseline=wording[f"baseline_{baseline}"],
        percent=formats(texts).percent(abs(gain or 0.0), 1),
    )
    return html.Li(sentence, className=f"quality-gain quality-gain--{code}")


def _model(texts: Texts, model: ModelInUse | None) -> html.Section:
    wording, written = texts["quality"], formats(texts)
    if model is None:
        return build_card(wording["model_title"], html.P(wording["model_none"]))
    learned = wording["model_simulated" if model.is_simulated else "model_trained"].format(
        days=written.quantity(model.days, "day", is_long=True),
        first_day=written.day(model.first_day),
        last_day=written.day(model.last_day),
    )
    version = wording["model_version"].format(version=model.version)
    return build_card(wording["model_title"], html.P([html.Strong(version), f", {learned}."]))


def _decisions(texts: Texts, decisions: Sequence[DecisionMade]) -> html.Section:
    wording = texts["quality"]
    if not decisions:
        return build_card(wording["decisions_title"], html.P(wording["decisions_none"]))
    return build_card(
        wording["decisions_title"],
        html.Ul(
            [html.Li(_decision(texts, item)) for item in decisions], className="quality-decisions"
        ),
    )


def _decision(texts: Texts, item: DecisionMade) -> list[Component | str]:
    wording = texts["quality"]
    template = wording["decision" if item.version else "decision_no_version"]
    told = template.format(
        when=formats(texts).day(item.day),
        kind=wording[f"kind_{item.kind}"],
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
