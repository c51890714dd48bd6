"""The page: its layout, made anew for each load, and every interaction on it."""

from __future__ import annotations

from typing import Final

from dash import html
from flask import has_request_context

from callbacks.http import camera_api, day, events, places, segment_forecasts, tiles
from callbacks.http.language import requested_language
from callbacks.live import forecast_choice, map_forecast, map_view, refresh
from callbacks.pages import camera, not_found, quality
from callbacks.pages.subpage import Pages, give_document
from components.footer import FooterLinks
from components.glance import WORST_SHOWN
from components.moment import Choice
from components.page import PageData, build_page
from components.palette import LEGEND_ORDER
from components.traffic_map import browser_settings, build_figure
from services.base.texts import languages, load_texts
from services.forecast.nowcasts import LEAD_MINUTES, UNKNOWN_PERCENT
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.statuses import DATEX_NAMES
from services.roles.assembly import Services
from services.traffic.corridors import corridor_ways

_VERSION: Final = "{version}"
_PLOTLY_PATH: Final = "/_dash-component-suites/plotly/package_data/plotly.min.js"


def register(pages: Pages, services: Services) -> None:
    """Give the first page its document, layout and interactions.

    Parameters
    ----------
    pages : Pages
        Those beside it may still be added.
    """
    app = pages.main
    not_found.register(app, app.get_relative_path("/"))
    give_document(app, "page", app.get_relative_path(_PLOTLY_PATH))

    def layout() -> html.Div:
        language = requested_language()
        return build_page(load_texts(language), page_data(pages, services, language))

    app.layout = layout
    refresh.register(app, services)
    map_view.register(app, has_roadworks=services.roadworks.is_expected)
    forecast_choice.register(app, services)
    map_forecast.register(app, services)


def page_data(pages: Pages, services: Services, language: str) -> PageData:
    """All that a page loaded now starts with."""
    app = pages.main
    view = services.traffic.view()
    settings, city = services.settings, services.city
    choice, ways = first_choice(services), corridor_ways(city)
    network_version = None if view is None else view.snapshot.network_version
    network_url_template = app.get_relative_path(f"/network/{_VERSION}.geojson")
    return PageData(
        language=language,
        languages=languages(),
        figure=build_figure(
            network_version and network_url_template.replace(_VERSION, network_version),
            tiles.backdrop(app.get_relative_path(tiles.URL_TEMPLATE), city)
            if settings.tiles_url
            else None,
            city.roads,
            dict(city.road_widths),
        ),
        news=refresh.news(services),
        browser_settings={
            "map": browser_settings(
                network_url_template,
                app.get_relative_path(f"/snapshot/{_VERSION}/details"),
                app.get_relative_path(f"/snapshot/{_VERSION}/events"),
                network_version,
                city.roads,
                names_url_template=app.get_relative_path(f"/network/{_VERSION}/names"),
            )
            | {
                "roadworksUrl": app.get_relative_path(f"/roadworks/{_VERSION}"),
                "stretchesUrl": app.get_relative_path(f"/network/{_VERSION}/stretches"),
                "forecastUrl": app.get_relative_path(segment_forecasts.PATH),
                "camera": {
                    "pageUrl": app.get_relative_path(f"{camera.PATH}/"),
                    "readingsUrl": app.get_relative_path(camera_api.CAMERAS_PATH),
                    "parameter": camera_api.SEGMENT_PARAMETER,
                },
            },
            "refreshSeconds": settings.refresh_seconds,
            "lateAfterSeconds": refresh.late_after_seconds(settings.feed_period_seconds),
            "city": city.name,
            "timeZone": city.time_zone.key,
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
            "worstStretches": WORST_SHOWN,
            "corridors": [
                {"name": way.name, "towards": way.towards, "side": way.side} for way in ways
            ],
            "corridorClosed": refresh.CLOSED,
        },
        refresh_seconds=settings.refresh_seconds,
        zones=city.zones,
        lead_minutes=LEAD_MINUTES,
        choice=choice,
        # Dash asks once beforehand for the ids alone: a database is not waited for at the start.
        scored=services.quality.headline(services.shown_source())
        if has_request_context()
        else None,
        quality_url=app.get_relative_path(quality.PATH),
        has_tiles=bool(settings.tiles_url),
        has_corridors=bool(ways),
        has_roadworks=services.roadworks.is_expected,
        congestion_csv_url=app.get_relative_path(day.CSV_PATH),
        events_csv_url=app.get_relative_path(events.CSV_PATH),
        stretches_csv_url=app.get_relative_path(places.STRETCHES_CSV_PATH),
        icon_url=app.get_asset_url("icon.svg"),
        footer=FooterLinks(
            pages=pages.links,
            dashboard_url=app.get_relative_path("/dashboard/"),
            api_url=app.get_relative_path("/api/v1/traffic"),
            dataset_url=city.dataset_url,
            licence=city.licence,
            licence_url=city.licence_url,
        ),
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
