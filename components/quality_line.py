"""The quality of the forecasts in one sentence."""

from __future__ import annotations

from dash import html

from components.quality_figures import lead_name, told_gain
from services.base.texts import Texts
from services.plain.quality import LeadQuality


def headline_sentence(texts: Texts, lead: LeadQuality | None) -> str:
    """The week's error held against the harder yardstick; None where nobody can tell."""
    wording = texts["quality"]
    if lead is None or lead.week is None:
        return str(wording["headline_none"])
    return str(
        wording["headline"].format(
            lead=lead_name(texts, lead.lead_minutes),
            told=told_gain(texts, lead.week, lead.week.harder_baseline),
        )
    )


def build_quality_line(texts: Texts, lead: LeadQuality | None, url: str) -> html.P:
    """The sentence as a link to the page that tells the rest."""
    return html.P(
        html.A(headline_sentence(texts, lead), href=url), className="card-panel quality-line"
    )
