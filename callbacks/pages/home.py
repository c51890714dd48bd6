"""The page of the map: its layout, made anew for each load, and every interaction on it."""

from __future__ import annotations

from functools import partial
from typing import Final

from dash import Dash

from callbacks.http import (
    camera_api,
    day,
    events,
    places,
    segment_forecasts,
    stretch_table,
)
from callbacks.live import (
    forecast_choice,
    map_forecast,
    map_view,
    refresh,
    share,
    shared_refresh,
)
from callbacks.pages import camera, quality
from callbacks.pages.subpage import HOME, HOME_PATH, Pages, add_page
from callbacks.pages.trends import replay
from callbacks.pages.trends.curve import ADDRESS as CURVE_ADDRESS
from components.moment import Choice
from components.page import PageData, build_page
from components.palette import LEGEND_ORDER
from components.subpage import Subpage
from services.base.texts import Texts
from services.forecast.nowcasts import LEAD_MINUTES, UNKNOWN_PERCENT
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.statuses import DATEX_NAMES
from services.roles.assembly import Services
from services.traffic.corridors import corridor_ways
from services.traffic.indicators import WORST_STRETCHES
from services.web.day import page_content

_VERSION: Final = "{version}"
_GRAPH_SCRIPT: Final = {"namespace": "dash", "relative_package_path": "dcc/async-graph.js"}


def register(pages: Pages, services: Services) -> None:
    """Add the page and its interactions."""

    def layout(texts: Texts) -> Subpage:
        language = texts["language"]["code"]
        return build_page(texts, page_data(pages.main, services, language))

    app = add_page(pages, HOME_PATH, HOME, layout)
    # Dash would ask for it late, and at an address that no browser may keep.
    app.scripts.append_script(_GRAPH_SCRIPT)
    picture_path = app.get_relative_path(share.PATH)
    pages.previews[HOME] = partial(share.preview, services, image_path=picture_path)
    refresh.register(app, services)
    map_view.register(app, has_roadworks=services.roadworks.is_expected)
    forecast_choice.register(app, services)
    map_forecast.register(app, services)


def page_data(app: Dash, services: Services, language: str) -> PageData:
    """All that a page loaded now starts with."""
    settings, city = services.settings, services.city
    choice, ways = first_choice(services), corridor_ways(city)
    curve = day.current(services)
    return PageData(
        language=language,
        figure=map_view.map_figure(app, services),
        news=refresh.news(services),
        day=None if curve is None else page_content(curve),
        browser_settings={
            "map": map_view.map_settings(app, services)
            | {
                "zonePlacesUrl": app.get_relative_path(f"/snapshot/{_VERSION}/zone-places"),
                "roadworksUrl": app.get_relative_path(f"/roadworks/{_VERSION}"),
                "placesUrl": app.get_relative_path(f"/network/{_VERSION}/places"),
                "stretchesUrl": app.get_relative_path(f"/network/{_VERSION}/stretches"),
                "stretchFigures": {
                    "now": app.get_relative_path(f"/snapshot/{_VERSION}/stretches"),
                    "ahead": app.get_relative_path(f"/nowcast/{_VERSION}/stretches/{{minutes}}"),
                    "hour": app.get_relative_path(stretch_table.HOUR_PATH),
                },
                "forecastUrl": app.get_relative_path(segment_forecasts.PATH),
                "camera": {
                    "pageUrl": app.get_relative_path(camera.PATH),
                    "readingsUrl": app.get_relative_path(camera_api.CAMERAS_PATH),
                    "parameter": camera_api.SEGMENT_PARAMETER,
                }
                if settings.camera
                else None,
            },
            **refresh.age_settings(services),
            "sharedRefresh": {
                "pointerUrl": app.get_relative_path(shared_refresh.POINTER_PATH),
                "documentUrl": app.get_relative_path(shared_refresh.DOCUMENT_PATH),
            },
            "city": city.name,
            "zones": city.zones,
            "zoneChoices": city.zone_choices,
            "nowcast": {
                "url": app.get_relative_path(f"/nowcast/{_VERSION}"),
                "roadsUrl": app.get_relative_path(f"/nowcast/{_VERSION}/roads"),
                "leadMinutes": LEAD_MINUTES,
                "unknownPercent": UNKNOWN_PERCENT,
            },
            "dayUrl": app.get_relative_path(f"/day/{_VERSION}"),
            "days": DAY_NAMES,
            "statuses": DATEX_NAMES,
            "legendOrder": [DATEX_NAMES.index(status) for status in LEGEND_ORDER],
            "worstStretches": WORST_STRETCHES,
            "corridors": [
                {"name": way.name, "towards": way.towards, "side": way.side} for way in ways
            ],
            "corridorClosed": refresh.CLOSED,
        },
        refresh_seconds=settings.refresh_seconds,
        has_shared_cache=settings.shared_cache,
        zones=city.zones,
        lead_minutes=LEAD_MINUTES,
        choice=choice,
        scored=services.quality.headline(services.shown_source()),
        quality_url=app.get_relative_path(quality.PATH),
        has_tiles=bool(settings.tiles_url),
        has_corridors=bool(ways),
        has_roadworks=services.roadworks.is_expected,
        congestion_csv_url=app.get_relative_path(day.CSV_PATH),
        trends_url=app.get_relative_path(CURVE_ADDRESS) if settings.trends else None,
        replay_url=app.get_relative_path(replay.ADDRESS) if settings.trends else None,
        events_csv_url=app.get_relative_path(events.CSV_PATH),
        stretches_csv_url=app.get_relative_path(places.STRETCHES_CSV_PATH),
        worst_shown=WORST_STRETCHES,
    )


def first_choice(services: Services) -> Choice:
    """Today, in the city, and the whole network."""
    city = services.city
    return Choice(
        zone=city.zone_choices[-1],
        today=DAY_NAMES[services.today().weekday()],
        days=DAY_NAMES,
        zones=city.zone_choices,
    )
