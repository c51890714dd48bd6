"""The page of the map, put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go
from dash import dcc, html

from components.aria import aria
from components.corridors import build_corridors
from components.day_curve import build_day_curve
from components.glance import build_glance
from components.legend import build_legend
from components.moment import (
    CARD_ID,
    TITLE_ID,
    Choice,
    build_answer,
    build_banner,
    build_hours_strip,
    build_message,
    build_moment_control,
    build_share,
)
from components.nowcast_card import build_nowcast
from components.panel import build_panel
from components.quality_line import build_quality_line
from components.roadworks import build_roadworks
from components.stretch_table import SUMMARY_ID, build_stretch_table
from components.subpage import Skip, Subpage
from components.traffic_map import build_map
from components.unusual import build_unusual
from components.zones_now import build_zones_now
from services.base.texts import Texts
from services.plain.quality import LeadQuality

NEWS_STORE_ID: Final = "news"
DAY_STORE_ID: Final = "day"
SHOWN_STORE_ID: Final = "shown"
WAKE_STORE_ID: Final = "wake"
REFRESH_ID: Final = "refresh"
SHARED_REFRESH_ID: Final = "shared-refresh"
SETTINGS_STORE_ID: Final = "browser-settings"
TEXTS_STORE_ID: Final = "texts"
LANGUAGE_STORE_ID: Final = "language"

# Sections of the texts that scripts write with; the rest stays on the server.
BROWSER_TEXTS: Final = (
    "freshness", "age", "calendar", "status", "status_meaning", "zone_status", "zone",
    "zones_now", "usual_sentence", "usual_speed", "unusual", "event_trend",
    "map", "legend", "road",
    "forecast", "nowcast", "glance", "unit", "map_forecast", "forecast_status",
    "forecast_status_meaning", "forecast_status_leaning", "zone_status_leaning",
    "basis", "basis_note", "zone_in_title", "zone_status_letter", "day_note",
    "moment", "address_problem",
    "roadworks", "roadwork_level", "local_name", "stretch", "stretch_way",
    "corridors", "day_curve", "panel", "gestures", "stretch_table", "wall", "print",
    "find", "find_count", "find_kind", "near",
)  # fmt: skip


@dataclass(frozen=True)
class PageData:
    """All that a page starts with.

    Attributes
    ----------
    figure : Figure
        The map.
    news : dict
        What a refresh would answer now.
    day : dict or None
        Today's curve of congestion, which the page would fetch at once.
    browser_settings : mapping
        What the scripts have to know.
    has_shared_cache : bool
        Whether refreshes are asked for at a cache first.
    zones : sequence of str
        Those whose state is shown at the top.
    lead_minutes : sequence of int
        How far ahead the next hour is shown.
    has_corridors : bool
        Whether the city has any.
    choice
        What the selectors of the moment and zone start with.
    scored : LeadQuality or None
        How right the forecasts were; None where nobody can tell.
    quality_url : str
        Of the page that tells the rest.
    """

    language: str
    figure: go.Figure
    news: dict[str, Any]
    day: dict[str, Any] | None
    browser_settings: Mapping[str, Any]
    refresh_seconds: int
    has_shared_cache: bool
    zones: Sequence[str]
    lead_minutes: Sequence[int]
    choice: Choice
    scored: LeadQuality | None
    quality_url: str
    has_tiles: bool
    has_corridors: bool
    has_roadworks: bool
    congestion_csv_url: str
    replay_url: str | None
    trends_url: str | None
    events_csv_url: str
    stretches_csv_url: str
    worst_shown: int


def build_page(texts: Texts, data: PageData) -> Subpage:
    """The page, within the frame of all."""
    return Subpage(
        [
            build_zones_now(texts, data.zones),
            build_map(
                texts,
                data.figure,
                banner=build_banner(),
                legend=build_legend(texts, has_roadworks=data.has_roadworks),
                has_tiles=data.has_tiles,
            ),
            build_panel(
                texts,
                moment=_moment(texts, data),
                network=[
                    build_day_curve(
                        texts, data.congestion_csv_url, data.trends_url, data.replay_url
                    ),
                    build_glance(texts, data.stretches_csv_url, data.worst_shown),
                    build_quality_line(texts, data.scored, data.quality_url),
                    build_nowcast(texts, data.zones, data.lead_minutes),
                    build_unusual(texts, data.events_csv_url),
                    *([build_corridors(texts)] if data.has_corridors else []),
                    *([build_roadworks(texts)] if data.has_roadworks else []),
                ],
                table=build_stretch_table(texts),
            ),
        ],
        unseen=_stores(texts, data),
        notices=[build_message(texts)],
        content_class="page-main",
        skips=[
            Skip(texts["page"]["skip_to_forecast"], CARD_ID),
            Skip(texts["page"]["skip_to_table"], SUMMARY_ID),
        ],
        is_live=True,
    )


def _moment(texts: Texts, data: PageData) -> html.Section:
    """The control of the moment, and its answer."""
    return html.Section(
        [
            build_moment_control(texts, data.choice, data.lead_minutes),
            build_answer(texts, data.choice),
            build_hours_strip(texts),
            build_share(texts),
        ],
        id=CARD_ID,
        className="card-panel forecast",
        tabIndex=-1,
        **aria(labelledby=TITLE_ID),
    )


def _stores(texts: Texts, data: PageData) -> list[dcc.Store | dcc.Interval]:
    return [
        dcc.Store(id=NEWS_STORE_ID, data=data.news),
        dcc.Store(id=DAY_STORE_ID, data=data.day),
        dcc.Store(id=SHOWN_STORE_ID),
        dcc.Store(id=WAKE_STORE_ID),
        dcc.Store(id=SETTINGS_STORE_ID, data=dict(data.browser_settings)),
        dcc.Store(
            id=TEXTS_STORE_ID, data={section: dict(texts[section]) for section in BROWSER_TEXTS}
        ),
        dcc.Store(id=LANGUAGE_STORE_ID, data=data.language),
        *_timers(data.refresh_seconds * 1_000, has_shared_cache=data.has_shared_cache),
    ]


def _timers(interval_ms: int, *, has_shared_cache: bool) -> list[dcc.Interval]:
    """What has the page refreshed; where a cache is asked first, the callback's own never fires."""
    timer = dcc.Interval(id=REFRESH_ID, interval=interval_ms, disabled=has_shared_cache)
    if not has_shared_cache:
        return [timer]
    return [timer, dcc.Interval(id=SHARED_REFRESH_ID, interval=interval_ms)]
