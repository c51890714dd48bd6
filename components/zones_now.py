"""The state of each zone: the first question of a commuter, answered at the top.

A tile is a link to its zone; what it says of the moment shown is written by ``assets/figures.js``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash import html

from components.aria import aria, data
from services.base.texts import Texts

TITLE_ID: Final = "zones-now-title"


def build_zones_now(texts: Texts, zones: Sequence[str]) -> html.Section:
    """One tile per zone, its status unknown until the first snapshot."""
    return html.Section(
        [
            html.H2(texts["zones_now"]["title"], id=TITLE_ID, className="visually-hidden"),
            html.Ul([_tile(texts, zone) for zone in zones], className="zone-tiles"),
            html.P(texts["zones_now"]["lost_note"], id="zones-note", className="zones-note"),
        ],
        className="zones-now",
        **aria(labelledby=TITLE_ID),
    )


def _tile(texts: Texts, zone: str) -> html.Li:
    no_value = texts["glance"]["no_value"]
    return html.Li(
        html.A(
            [
                html.Span(texts["zone"][zone], className="zone-name"),
                html.Span(no_value, id=f"zone-status-{zone}", className="zone-status"),
                html.Span(no_value, id=f"zone-lost-{zone}", className="zone-lost"),
                html.Span(id=f"zone-usual-{zone}", className="zone-usual"),
            ],
            id=f"zone-{zone}",
            # Of what else is shown assets/page_address.js keeps it.
            href=f"?zone={zone}",
            className="zone-tile zone-tile--unknown",
            **data(zone=zone),
        )
    )
