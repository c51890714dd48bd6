"""The view that plays a stored day on the map."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output
from dash.development.base_component import Component

from callbacks.http import stored_days
from callbacks.live.map_view import map_figure, map_settings
from callbacks.live.refresh import NAMESPACE
from callbacks.pages.subpage import HOME_PATH
from callbacks.pages.trends.page_view import Asked, PageView
from components.trends import day_map, replay
from components.trends.day_map import DayMapData, build_day_map
from components.trends.replay import build_replay
from services.base.texts import Texts
from services.plain.statuses import DATEX_NAMES
from services.plain.trends.address import PATH
from services.plain.trends.replay import ReplayQuery
from services.roles.assembly import Services

NAME: Final = "relecture"
ADDRESS: Final = f"{PATH}/?vue={NAME}"
SCRIPTS: Final = (
    "app.js",
    "day_chart.js",
    "documents.js",
    "map_handle.js",
    "map_layers.js",
    "map_names.js",
    "map_start.js",
    "map_traces.js",
    "road_label.js",
    "trends_cursor.js",
    "trends_day_document.js",
    "trends_map.js",
    "trends_replay_chart.js",
    "trends_replay_codec.js",
    "trends_replay_player.js",
    "trends_replay_view.js",
    "wording.js",
    "writing.js",
)
"""Those of the map, and what plays on it."""


class _ReplayView(PageView):
    """Always of the whole network; its day changes without the page being asked anew."""

    def heading(self, texts: Texts, asked: Asked) -> str:  # noqa: ARG002 - see PageView.heading
        return str(texts[self.section]["heading"])


def make_view(main: Dash, services: Services) -> PageView:
    """The view.

    Parameters
    ----------
    main : Dash
        The application of the map's own page, whose documents it shows.
    """

    def build(texts: Texts, _answer: None, asked: Asked) -> list[Component]:
        data = _day_map(main, services, asked, asked.day("jour", asked.today))
        return build_replay(texts, data, main.get_relative_path(HOME_PATH))

    return _ReplayView(name=NAME, controls=(), query=_asks_nothing, build=build, taken=_stored_day)


def beside_map(view: PageView, main: Dash, services: Services) -> PageView:
    """A view with the map of its day below, at whose roads it points.

    Parameters
    ----------
    main : Dash
        As of :func:`make_view`.
    """

    def build(texts: Texts, answer: Any, asked: Asked) -> list[Component]:
        day = None if view.is_of_period(asked) else asked.day("jour", asked.today)
        data = _day_map(main, services, asked, day)
        return [*view.build(texts, answer, asked), *build_day_map(texts, data)]

    return replace(view, build=build)


def _day_map(main: Dash, services: Services, asked: Asked, day: date | None) -> DayMapData:
    return DayMapData(
        day=None if day is None else day.isoformat(),
        today=asked.today.isoformat(),
        day_url=main.get_relative_path(stored_days.PATH),
        figure=map_figure(main, services),
        map_settings=map_settings(main, services),
        time_zone=services.city.time_zone.key,
        statuses=DATEX_NAMES,
        has_tiles=bool(services.settings.tiles_url),
    )


def _stored_day(asked: Asked) -> ReplayQuery:
    return ReplayQuery(asked.day("jour", asked.today))


def register(app: Dash) -> None:
    """Have the scripts start once the view is there, or a map beside another one."""
    starts = (
        ("startReplay", replay.SETTINGS_STORE_ID, replay.STARTED_STORE_ID),
        ("startDayMap", day_map.SETTINGS_STORE_ID, day_map.STARTED_STORE_ID),
    )
    for function, settings, started in starts:
        app.clientside_callback(
            ClientsideFunction(NAMESPACE, function),
            # Without an output Dash would not call it for what comes later than the page.
            Output(started, "data"),
            Input(settings, "data"),
        )


def _asks_nothing(asked: Asked) -> None:
    """The page asks for each day by itself, so that the map stays while days change."""
    asked.maybe_day("jour")
