"""The state of each zone now: the first question of a commuter, answered at the top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts

TITLE_ID: Final = "zones-now-title"


def tile_id(zone: str) -> str:
    """Id of the tile of a zone."""
    return f"zone-{zone}"


def status_id(zone: str) -> str:
    """Id of the status inside a tile."""
    return f"zone-status-{zone}"


def extra_id(zone: str) -> str:
    """Id of the extra travel time inside a tile."""
    return f"zone-extra-{zone}"


def usual_id(zone: str) -> str:
    """Id of the comparison with the usual inside a tile."""
    return f"zone-usual-{zone}"


def usual_sentence_id(zone: str) -> str:
    """Id of the same in full, for who hears it."""
    return f"zone-usual-sentence-{zone}"


def build_zones_now(texts: Texts, zones: Sequence[str]) -> html.Section:
    """One tile per zone, its status unknown until the first snapshot."""
    return html.Section(
        [
            html.H2(texts["zones_now"]["title"], id=TITLE_ID, className="visually-hidden"),
            html.Ul([_tile(texts, zone) for zone in zones], className="zone-tiles"),
        ],
        className="zones-now",
        **aria(labelledby=TITLE_ID),
    )


def _tile(texts: Texts, zone: str) -> html.Li:
    no_value = texts["glance"]["no_value"]
    return html.Li(
        [
            html.Span(texts["zone"][zone], className="zone-name"),
            html.Span(no_value, id=status_id(zone), className="zone-status"),
            html.Span(no_value, id=extra_id(zone), className="zone-extra"),
            html.Span(id=usual_id(zone), className="zone-usual", **aria(hidden="true")),
            html.Span(id=usual_sentence_id(zone), className="visually-hidden"),
        ],
        id=tile_id(zone),
        className="zone-tile zone-tile--unknown",
    )
