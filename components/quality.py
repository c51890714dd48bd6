"""The panel of the quality of the forecasts: plain words first, then figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from dash import dcc, html
from dash.development.base_component import Component

from components.aria import aria
from components.calibration_plot import CalibrationPoint, build_figure, describe, percent
from components.texts import Texts

CONTENT_ID: Final = "quality-content"
REFRESH_ID: Final = "quality-refresh"
SHOWN_STORE_ID: Final = "quality-shown"

BASELINES: Final = ("average", "persistence")
_FORECASTERS: Final = ("model", "persistence", "average")
# The kind whose lead times differ: each is told by itself, with its band.
_NEXT_HOUR: Final = "nowcast"
_MINUTES_PER_HOUR: Final = 60
_MINUTES_PER_DAY: Final = 1_440
# A twentieth of a percent is shown as none.
_SHOWN_DIFFERENCE: Final = 0.0005


@dataclass(frozen=True)
class Verdict:
    """The model beside its baselines, over the same cases.

    Attributes
    ----------
    cases : int
    error : mapping
        Ranked probability score, 0 to 1, of ``model``, ``persistence`` and ``average``.
    better_share : mapping
        Share of cases in which the model was better, by baseline.
    gain : mapping
        Share of a baseline's error that the model saves, below 0 where it is worse;
        None where the baseline made none.
    coverage, ratio_error : float or None
        The model's, where it gives a band or a speed ratio.
    """

    cases: int
    error: Mapping[str, float]
    better_share: Mapping[str, float]
    gain: Mapping[str, float | None]
    coverage: float | None = None
    ratio_error: float | None = None


@dataclass(frozen=True)
class Lead:
    """One kind of forecast at one lead time; None where nothing was judged."""

    kind: str
    lead_minutes: int
    yesterday: Verdict | None
    week: Verdict | None
    zones: Mapping[str, Verdict]
    calibration: Sequence[CalibrationPoint]


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
    judged_days: int


@dataclass(frozen=True)
class Quality:
    """All that the panel shows.

    Attributes
    ----------
    first_day, last_day : date
        The week that is told of.
    is_simulated : bool
        Whether the forecasts were judged by simulated traffic.
    """

    first_day: date
    last_day: date
    is_simulated: bool
    leads: Sequence[Lead]
    model: ModelInUse | None
    decisions: Sequence[DecisionMade]


def build_quality_page(
    texts: Texts,
    content: Sequence[Component],
    shown: str,
    *,
    refresh_seconds: int,
    home_url: str,
    icon_url: str,
    language: str,
) -> html.Div:
    """The whole page around its content.

    Parameters
    ----------
    shown : str
        What tells this content from another, so that a refresh without news changes nothing.
    """
    wording = texts["quality"]
    return html.Div(
        [
            dcc.Interval(id=REFRESH_ID, interval=refresh_seconds * 1_000),
            dcc.Store(id=SHOWN_STORE_ID, data=shown),
            html.Header(
                [
                    html.Div(
                        [
                            html.Img(src=icon_url, alt="", className="brand-icon"),
                            html.Div(
                                [
                                    html.H1(wording["title"], className="brand-name"),
                                    html.P(wording["tagline"], className="brand-tagline"),
                                ]
                            ),
                        ],
                        className="brand",
                    ),
                    html.A(wording["back"], href=home_url, className="quality-back"),
                ],
                className="page-header",
            ),
            html.Main(list(content), id=CONTENT_ID, className="quality-main"),
        ],
        className="page",
        lang=language,
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
    return [_card(wording["unreachable_title"], html.P(wording["unreachable"]))]


def lead_name(texts: Texts, minutes: int) -> str:
    """A lead time in words."""
    wording = texts["quality"]
    if minutes < _MINUTES_PER_HOUR:
        return str(wording["lead_minutes"].format(minutes=minutes))
    if minutes < _MINUTES_PER_DAY:
        return str(wording["lead_hours"].format(hours=minutes // _MINUTES_PER_HOUR))
    return str(wording["lead_days"].format(days=minutes // _MINUTES_PER_DAY))


def day_name(texts: Texts, day: date) -> str:
    """A date as people write it."""
    wording: str = texts["quality"]["date"]
    return wording.format(day=f"{day.day:02d}", month=f"{day.month:02d}", year=day.year)


def verdict_code(verdict: Verdict) -> str:
    """Which baselines the model is at least as good as: the key of a text."""
    as_good = [name for name in BASELINES if (gain := verdict.gain[name]) is None or gain >= 0]
    if len(as_good) == len(BASELINES):
        return "both"
    return f"{as_good[0]}_only" if as_good else "none"


def gain_code(gain: float | None) -> str:
    """Whether a gain over a baseline shows, and which way: the end of a text's key."""
    if gain is None or abs(gain) < _SHOWN_DIFFERENCE:
        return "same"
    return "better" if gain > 0 else "worse"


def _empty(texts: Texts) -> html.Section:
    wording = texts["quality"]
    return _card(wording["empty_title"], html.P(wording["empty"]))


def _scores(texts: Texts, quality: Quality) -> list[Component]:
    wording = texts["quality"]
    hourly = [lead for lead in quality.leads if lead.kind != _NEXT_HOUR]
    next_hour = [lead for lead in quality.leads if lead.kind == _NEXT_HOUR]
    return [
        _card(
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
        _card(
            wording["leads_title"],
            *[_lead_table(texts, leads) for leads in (hourly, next_hour) if leads],
        ),
        _card(
            wording["zones_title"],
            *[
                _zone_table(texts, quality, lead, is_open=place == 0)
                for place, lead in enumerate(quality.leads)
                if lead.zones
            ],
        ),
        _card(wording["calibration_title"], *_calibration(texts, quality)),
    ]


def _brief(texts: Texts, quality: Quality, lead: Lead) -> list[Component]:
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
            first_day=day_name(texts, quality.first_day),
            **{key: percent(texts, shown.better_share[key]) for key in BASELINES},
        )
        sentences.append(html.P(sentence, className="quality-sentence"))
        gains = [_gain(texts, key, (lead.week or shown).gain[key]) for key in BASELINES]
        sentences.append(html.Ul(gains, className="quality-gains"))
    return sentences


def _next_hour(texts: Texts, quality: Quality, leads: Sequence[Lead]) -> list[Component]:
    """One line a lead time, which names the yardsticks it missed, and how wide the bands are."""
    wording = texts["quality"]
    period = wording["next_hour_period"].format(
        first_day=day_name(texts, quality.first_day), last_day=day_name(texts, quality.last_day)
    )
    weeks = [(lead_name(texts, lead.lead_minutes), lead.week) for lead in leads if lead.week]
    lines = [_next_hour_line(texts, name, verdict) for name, verdict in weeks]
    covered = [
        wording["next_hour_covered"].format(percent=percent(texts, verdict.coverage), lead=name)
        for name, verdict in weeks
        if verdict.coverage is not None
    ]
    band = wording["next_hour_band"].format(covered=wording["list_mark"].join(covered))
    return [
        html.H3(wording["next_hour_title"], className="quality-part"),
        html.P(period),
        html.Ul(lines, className="quality-gains"),
        *([html.P(band)] if covered else []),
    ]


def _next_hour_line(texts: Texts, lead: str, verdict: Verdict) -> html.Li:
    wording = texts["quality"]
    codes = [gain_code(verdict.gain[name]) for name in BASELINES]
    parts = {
        name: wording[f"gain_{code}"].format(
            baseline=wording[f"baseline_{name}"],
            percent=percent(texts, abs(verdict.gain[name] or 0.0), digits=1),
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
        percent=percent(texts, abs(gain or 0.0), digits=1),
    )
    return html.Li(sentence, className=f"quality-gain quality-gain--{code}")


def _lead_table(texts: Texts, leads: Sequence[Lead]) -> Component:
    wording = texts["quality"]
    # The caption of the next hour names its kind: a phone has no room for it in each row.
    is_next_hour = leads[0].kind == _NEXT_HOUR
    columns = [
        *([] if is_next_hour else ["kind"]),
        "lead",
        "period",
        "verdict",
        "cases",
        *_FORECASTERS,
    ]
    has_band = any(v.coverage is not None for lead in leads for v in _verdicts(lead))
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


def _zone_table(texts: Texts, quality: Quality, lead: Lead, *, is_open: bool) -> Component:
    wording = texts["quality"]
    name = lead_name(texts, lead.lead_minutes)
    columns = ("zone", "verdict", "cases", *_FORECASTERS)
    caption = wording["zones_caption"].format(
        first_day=day_name(texts, quality.first_day),
        last_day=day_name(texts, quality.last_day),
        lead=name,
    )
    summary = wording["zones_summary"].format(kind=wording[f"kind_{lead.kind}"], lead=name)
    rows = [
        [texts["zone"][zone], *_figures(texts, verdict)] for zone, verdict in lead.zones.items()
    ]
    table = _table(caption, [wording[f"column_{name}"] for name in columns], rows)
    return html.Details([html.Summary(summary), table], open=is_open)


def _calibration(texts: Texts, quality: Quality) -> list[Component]:
    wording = texts["quality"]
    by_kind = _calibrated(texts, quality.leads)
    columns = [wording[f"column_{name}"] for name in ("forecast", "observed", "cases")]
    tables = [
        _table(
            kind,
            columns,
            [
                [
                    percent(texts, point.forecast),
                    percent(texts, point.observed),
                    _count(texts, point.cases),
                ]
                for point in points
            ],
        )
        for kind, points in by_kind.items()
    ]
    described = wording["calibration_description"].format(
        first_day=day_name(texts, quality.first_day),
        last_day=day_name(texts, quality.last_day),
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


def _calibrated(texts: Texts, leads: Sequence[Lead]) -> dict[str, Sequence[CalibrationPoint]]:
    """Points by the name of their line.

    The lead times of a kind look alike here and the shortest stands for it; of the next
    hour the shortest and the longest stand for those between.
    """
    wording = texts["quality"]
    found: dict[str, Sequence[CalibrationPoint]] = {}
    for lead in leads:
        if lead.kind != _NEXT_HOUR:
            found.setdefault(wording[f"kind_{lead.kind}"], lead.calibration)
    next_hour = [lead for lead in leads if lead.kind == _NEXT_HOUR]
    for lead in (*next_hour[:1], *next_hour[1:][-1:]):
        kind, name = wording[f"kind_{_NEXT_HOUR}"], lead_name(texts, lead.lead_minutes)
        found[wording["calibration_lead"].format(kind=kind, lead=name)] = lead.calibration
    return found


def _model(texts: Texts, model: ModelInUse | None) -> html.Section:
    wording = texts["quality"]
    if model is None:
        return _card(wording["model_title"], html.P(wording["model_none"]))
    learned = wording["model_simulated" if model.is_simulated else "model_trained"].format(
        days=model.days,
        first_day=day_name(texts, model.first_day),
        last_day=day_name(texts, model.last_day),
    )
    version = wording["model_version"].format(version=model.version)
    return _card(wording["model_title"], html.P([html.Strong(version), f", {learned}."]))


def _decisions(texts: Texts, decisions: Sequence[DecisionMade]) -> html.Section:
    wording = texts["quality"]
    if not decisions:
        return _card(wording["decisions_title"], html.P(wording["decisions_none"]))
    return _card(
        wording["decisions_title"],
        html.Ul(
            [html.Li(_decision(texts, item)) for item in decisions], className="quality-decisions"
        ),
    )


def _decision(texts: Texts, item: DecisionMade) -> list[Component | str]:
    wording = texts["quality"]
    template = wording["decision" if item.version else "decision_no_version"]
    told = template.format(
        when=day_name(texts, item.day),
        kind=wording[f"kind_{item.kind}"],
        version=item.version,
        action=wording[f"action_{item.action}"],
        reason=wording[f"reason_{item.reason}"],
    )
    if item.scores is None:
        return [told]
    figures = wording["decision_figures"].format(
        days=item.judged_days,
        **{name: _points(texts, value) for name, value in item.scores.items()},
    )
    return [told, html.Span(figures, className="quality-figures")]


def _figures(texts: Texts, verdict: Verdict) -> list[Component | str]:
    """The verdict first: a phone shows it without scrolling."""
    in_words = texts["quality"][f"verdict_{verdict_code(verdict)}"]
    return [
        html.Span(in_words, className="quality-verdict"),
        _count(texts, verdict.cases),
        *(_points(texts, verdict.error[name]) for name in _FORECASTERS),
    ]


def _band(texts: Texts, verdict: Verdict) -> list[str]:
    nothing: str = texts["quality"]["no_value"]
    return [
        nothing if value is None else percent(texts, value, digits=digits)
        for value, digits in ((verdict.ratio_error, 1), (verdict.coverage, 0))
    ]


def _verdicts(lead: Lead) -> list[Verdict]:
    return [verdict for verdict in (lead.yesterday, lead.week) if verdict is not None]


def _points(texts: Texts, error: float) -> str:
    """An error from 0 to 1 as points out of a hundred."""
    mark: str = texts["quality"]["decimal_mark"]
    return f"{100 * error:.2f}".replace(".", mark)


def _count(texts: Texts, cases: int) -> str:
    mark: str = texts["quality"]["thousands_mark"]
    return f"{cases:,}".replace(",", mark)


def _card(title: str, *content: Any) -> html.Section:
    return html.Section(
        [html.H2(title, className="card-title"), *content], className="card-panel quality-card"
    )


def _table(
    caption: str, columns: Sequence[str], rows: Sequence[Sequence[Component | str]]
) -> Component:
    """A table that a phone scrolls sideways; the first column names the row."""
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th(column, scope="col") for column in columns])),
            html.Tbody(
                [
                    html.Tr([html.Th(row[0], scope="row"), *(html.Td(cell) for cell in row[1:])])
                    for row in rows
                ]
            ),
        ],
        className="quality-table",
        **aria(label=caption),
    )
    scrolled = html.Div(
        table, className="quality-scroll", tabIndex=0, role="region", **aria(label=caption)
    )
    # Beside the table, not in it: there a phone would cut it off.
    return html.Div([html.P(caption, className="quality-caption"), scrolled])
