"""The legend: one button per status that hides or shows its roads; or no more than its words."""

from __future__ import annotations

from dash import html

from components.aria import aria
from components.palette import LEGEND_ORDER
from components.roadworks import build_entry
from services.base.texts import Texts


def button_id(status: str) -> str:
    """Id of the button of a status."""
    return f"legend-{status}"


def build_legend(texts: Texts, *, has_roadworks: bool) -> html.Section:
    """The legend, every status shown; the figures come with the first snapshot.

    Parameters
    ----------
    has_roadworks : bool
        Whether roadworks are shown at all, and can be hidden.
    """
    wording = texts["legend"]
    entries = [_entry(texts, status) for status in LEGEND_ORDER]
    unit = html.P(wording["unit"], className="legend-unit")
    return html.Section(
        [unit, *entries, *([build_entry(texts)] if has_roadworks else [])],
        className="legend",
        title=wording["hint"],
        **aria(label=wording["title"]),
    )


def build_key(texts: Texts) -> html.Ul:
    """What the lines of the map mean, without anything to press."""
    return html.Ul(
        [
            html.Li(
                [_sample(status), html.Span(texts["status"][status], className="legend-word")],
                className="legend-entry legend-entry--key",
                title=texts["status_meaning"][status],
            )
            for status in LEGEND_ORDER
        ],
        className="legend",
        **aria(label=texts["legend"]["title"]),
    )


def _sample(status: str) -> html.Span:
    return html.Span(className=f"line-sample line-sample--{status}", **aria(hidden="true"))


def _entry(texts: Texts, status: str) -> html.Button:
    return html.Button(
        [
            _sample(status),
            # A forecast has another word for it.
            html.Span(texts["status"][status], id=f"legend-word-{status}", className="legend-word"),
            html.Span(
                texts["glance"]["no_value"],
                id=f"legend-figures-{status}",
                className="legend-figures",
            ),
        ],
        id=button_id(status),
        className="legend-entry",
        title=texts["status_meaning"][status],
        **aria(pressed="true"),
    )
