"""A stored day on the map: what plays it, and the curve of its congestion.

``assets/trends_replay_view.js`` makes it play; what is built here is the frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dash import dcc, html
from dash.development.base_component import Component

from components.aria import aria
from components.traffic_map import build_stored_map
from components.trends.day_map import DayMapData, browser_settings
from services.base.texts import Texts

SETTINGS_STORE_ID: Final = "replay-settings"
STARTED_STORE_ID: Final = "replay-started"
SPEEDS: Final = (10, 30, 60, 120, 300)
"""Minutes of the day a second, as ``assets/trends_replay_player.js`` has them."""


def build_replay(texts: Texts, data: DayMapData, home_url: str) -> list[Component]:
    """The replay, before its day is there.

    Parameters
    ----------
    home_url : str
        Where now is shown.
    """
    wording = texts["trends_relecture"]
    return [
        dcc.Store(id=SETTINGS_STORE_ID, data=browser_settings(texts, data)),
        dcc.Store(id=STARTED_STORE_ID),
        html.Section(
            [
                _day_bar(wording, home_url),
                html.P(id="replay-message", className="replay-message", role="status", hidden=True),
                build_stored_map(
                    texts,
                    data.figure,
                    banner=_banner(wording),
                    has_tiles=data.has_tiles,
                    label=wording["map"],
                ),
                _bar(wording),
                _controls(wording),
                _curve(wording),
            ],
            className="replay",
        ),
    ]


def _day_bar(wording: Mapping[str, Any], home_url: str) -> html.Div:
    """Which day, and the way back to now."""
    return html.Div(
        [
            _button("replay-previous", "←", "replay-button--step", wording["previous"]),
            html.Div(id="replay-day-box", className="replay-day-box"),
            _button("replay-next", "→", "replay-button--step", wording["next"]),
            html.A(wording["now"], href=home_url, className="replay-now"),
        ],
        className="replay-days",
    )


def _banner(wording: Mapping[str, Any]) -> html.Div:
    """What is always in view: which day this is, that it is not now, and the time."""
    return html.Div(
        [
            html.H3(id="replay-title", className="replay-title"),
            html.Span(
                wording["simulated"], id="replay-simulated", className="replay-mark", hidden=True
            ),
            html.Span(
                wording["archive"], id="replay-archive", className="replay-mark", hidden=True
            ),
            html.Span(
                [
                    html.Span(id="replay-time", className="replay-time"),
                    html.Span(id="replay-level", className="replay-level"),
                ],
                className="replay-moment",
            ),
        ],
        className="replay-banner",
    )


def _bar(wording: Mapping[str, Any]) -> html.Fieldset:
    """What is always in reach; nothing can be pressed before the day is there."""
    return html.Fieldset(
        [
            html.Legend(wording["bar"], className="visually-hidden"),
            _button("replay-play", wording["play"], "replay-play replay-play--off"),
            html.Div(id="replay-slider-box", className="replay-slider-box"),
        ],
        id="replay-bar",
        className="replay-fields replay-bar",
        disabled=True,
    )


def _controls(wording: Mapping[str, Any]) -> html.Fieldset:
    """How it is played."""
    return html.Fieldset(
        [
            html.Legend(wording["controls"], className="visually-hidden"),
            html.Div(
                [_speed(wording, minutes) for minutes in SPEEDS],
                className="replay-group",
                role="group",
                **aria(label=wording["speed"]),
            ),
            html.Div(
                [
                    _button("replay-loop", wording["loop"], pressed="false"),
                    _button("replay-loop-from", wording["loop_from"]),
                    _button("replay-loop-to", wording["loop_to"]),
                    html.Span(id="replay-range", className="replay-range"),
                ],
                className="replay-group",
            ),
            html.P(wording["keys"], className="replay-note replay-keys"),
        ],
        id="replay-controls",
        className="replay-fields replay-controls",
        disabled=True,
    )


def _speed(wording: Mapping[str, Any], minutes: int) -> html.Button:
    words = wording["minutes_a_second"].format(minutes=minutes)
    return _button(f"replay-speed-{minutes}", words, pressed="false")


def _curve(wording: Mapping[str, Any]) -> html.Div:
    return html.Div(
        [
            html.H3(wording["chart"], className="replay-chart-title"),
            html.P(id="replay-sentence", className="replay-sentence"),
            html.Div(id="replay-chart", className="replay-chart"),
            html.P(wording["definition"], className="replay-note"),
        ],
        className="replay-curve",
    )


def _button(
    id_: str, words: str, class_name: str = "", label: str = "", pressed: str = ""
) -> html.Button:
    named = {"title": label, **aria(label=label)} if label else {}
    state = aria(pressed=pressed) if pressed else {}
    return html.Button(
        words, id=id_, type="button", className=f"replay-button {class_name}".strip(),
        **named, **state,
    )  # fmt: skip
