"""The figure of the map: an inline style that needs no other host, coloured by feature-state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components import roadworks
from components.palette import LEGEND_ORDER, THEMES, WIDTH_PX
from components.traffic_map import (
    ROAD_LAYERS,
    browser_settings,
    build_figure,
    build_style,
)
from components.unusual import COMPARISONS
from services.city.rennes import RENNES
from services.plain.backdrop import Backdrop
from services.plain.roadworks import ROADWORK_LEVELS
from services.plain.statuses import DATEX_NAMES
from services.traffic.usual import Comparison
from tests.factories import make_network

WIDTHS = dict(RENNES.road_widths)
TILES = Backdrop("/tiles/{z}/{x}/{y}.png", (-2.0, 47.9, -1.3, 48.3), 8, 16)
ASSETS = Path(__file__).parents[2] / "assets"
CSS = (ASSETS / "base.css").read_text(encoding="utf-8")
SETTINGS = browser_settings(
    "/n/{version}",
    "/d/{version}",
    "/c/{version}",
    None,
    RENNES.roads,
    names_url_template="/w/{version}",
)


def layers_of(style):
    return {layer["id"]: layer for layer in style["layers"]}


def feature_state_uses(expression):
    """Whether an expression of the style looks at the state of a feature."""
    if isinstance(expression, list | tuple):
        return "feature-state" in expression or any(map(feature_state_uses, expression))
    return False


def test_comparisons_are_those_of_the_domain():
    names = [comparison.name.lower() for comparison in Comparison]
    assert list(COMPARISONS) == names


def test_the_legend_has_every_status_of_the_domain():
    assert sorted(LEGEND_ORDER) == sorted(DATEX_NAMES)


def test_the_style_draws_the_roads_from_our_own_route_and_by_feature_state():
    style = build_style("/network/abc.geojson", None, WIDTHS)
    assert style["version"] == 8
    assert set(style["sources"]) == {
        "roads", "roads-highlight", "roads-zone", "near-me", "roadworks", "names",
    }  # fmt: skip
    assert style["sources"]["roads"]["data"] == "/network/abc.geojson"
    roads = layers_of(style)["roads"]
    assert roads["paint"]["line-color"][0] == "match"
    for name in ("line-color", "line-width", "line-opacity"):
        assert feature_state_uses(roads["paint"][name]), name
    # The text of a style has no address but ours.
    assert "http" not in repr(style)


def test_without_a_network_the_style_still_has_a_source():
    assert build_style(None, None, WIDTHS)["sources"]["roads"]["data"]["features"] == []


def test_tiles_lie_below_the_roads_and_wait_to_be_shown():
    style = build_style(None, TILES, WIDTHS)
    order = [layer["id"] for layer in style["layers"]]
    assert order.index("background") < order.index("tiles") < order.index("roads-casing")
    assert layers_of(style)["tiles"]["layout"] == {"visibility": "none"}
    source = style["sources"]["tiles"]
    assert source["tiles"] == [TILES.url]
    # The browser asks for none that are not there.
    assert source["bounds"] == [-2.0, 47.9, -1.3, 48.3]
    assert (source["minzoom"], source["maxzoom"]) == (8, 16)


def test_colour_is_never_the_only_sign():
    for widths in WIDTH_PX.values():
        assert widths["unknown"] < widths["freeFlow"] < widths["heavy"] < widths["congested"]
    layers = layers_of(build_style(None, None, WIDTHS))
    for layer in ROAD_LAYERS:
        is_dashed = not {"freeFlow", "heavy", "congested"} & set(layer.statuses)
        assert ("line-dasharray" in layers[layer.name]["paint"]) == is_dashed, layer.name


def test_the_road_pointed_at_is_outlined_below_the_roads_without_making_them_look_again():
    style = build_style("/network/abc.geojson", None, WIDTHS)
    order = [layer["id"] for layer in style["layers"]]
    assert order.index("roads-highlight") < order.index("roads-casing")
    highlight = layers_of(style)["roads-highlight"]
    assert highlight["source"] == "roads-highlight"
    assert not feature_state_uses([*highlight["paint"].values()])
    assert style["sources"]["roads-highlight"]["data"]["features"] == []


def test_jams_are_drawn_over_free_roads():
    order = [layer.name for layer in ROAD_LAYERS]
    assert order.index("roads") < order.index("roads-jams")


def test_every_status_shows_in_a_layer_of_its_own_kind():
    shown = {code for layer in SETTINGS["layers"].values() for code in layer["codes"]}
    assert shown == set(range(len(DATEX_NAMES)))


def test_names_lie_between_roads_and_roadworks_and_those_that_matter_most_above_the_others():
    style = build_style("/network/abc.geojson", None, WIDTHS)
    order = [layer["id"] for layer in style["layers"]]
    names = SETTINGS["namesLayers"]
    above_roads = order[order.index(ROAD_LAYERS[-1].name) + 1 :]
    assert above_roads[: len(names)] == names
    assert names[-2:] == ["names-ring-junction", "names-commune"]
    assert style["sources"]["names"]["data"]["features"] == []
    assert not {"glyphs", "font-faces"} & style.keys(), "letters are the browser's own"


def test_the_figure_has_a_trace_a_status_for_the_fallback_and_keeps_the_view():
    figure = build_figure("/network/abc.geojson", None, RENNES.roads, WIDTHS).to_dict()
    assert [trace["type"] for trace in figure["data"]] == ["scattermap"] * len(DATEX_NAMES)
    assert figure["layout"]["uirevision"] == "constant"
    center = figure["layout"]["map"]["center"]
    longitudes, latitudes = make_network().points.T
    assert longitudes.min() < center["lon"] < longitudes.max()
    assert latitudes.min() < center["lat"] < latitudes.max()


def test_the_style_sheet_has_the_colours_of_the_map():
    light, dark = CSS.split("prefers-color-scheme: dark", 1)
    for theme, sheet in (("light", light), ("dark", dark)):
        for status, color in THEMES[theme].status.items():
            assert f"--status-{status}: {color};" in sheet, (theme, status)
        assert f"--roadwork: {THEMES[theme].roadwork};" in sheet, theme


def test_roadworks_are_told_apart_by_line_and_sign_and_lie_above_the_roads():
    style = build_style(None, None, WIDTHS)
    order = [layer["id"] for layer in style["layers"]]
    drawn = [layers_of(style)[layer.name] for layer in roadworks.LINE_LAYERS]
    last = [*(layer["id"] for layer in drawn), "roadworks-signs", "near-me"]
    assert order[-len(last) :] == last
    looks = {
        str((layer["paint"]["line-width"], layer["paint"]["line-dasharray"])) for layer in drawn
    }
    assert len(looks) == len(drawn)
    levels = [level for layer in roadworks.LINE_LAYERS for level in layer.levels]
    assert sorted(levels) == sorted(ROADWORK_LEVELS)
    script = (ASSETS / "roadworks.js").read_text("utf-8")
    signs = dict(re.findall(r'^    (\w+): "(M[^"]+)"', script, re.MULTILINE))
    assert sorted(signs) == sorted(ROADWORK_LEVELS)
    assert len(set(signs.values())) == len(signs)


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def sheet_colors(sheet):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", sheet))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_what_they_are_written_on(theme):
    light, dark = CSS.split("prefers-color-scheme: dark", 1)
    colors = sheet_colors(light if theme == "light" else dark)
    pairs = [
        ("ink", "surface"),
        ("ink", "page"),
        ("ink-soft", "surface"),
        ("ink-soft", "page"),
        ("ink-soft", "surface-soft"),
        ("accent", "surface"),
        ("warning-ink", "warning-tint"),
        *((f"{status}-ink", f"{status}-fill") for status in ("free", "dense", "blocked")),
        *((f"{status}-tint-ink", f"{status}-tint") for status in ("free", "dense", "blocked")),
    ]
    for words, ground in pairs:
        assert contrast(colors[words], colors[ground]) >= 4.5, (words, ground)


@pytest.mark.parametrize("theme", THEMES)
def test_roads_stand_out_from_the_empty_map(theme):
    palette = THEMES[theme]
    for status in ("congested", "impossible", "unknown"):
        assert contrast(palette.status[status], palette.background) >= 3, status


@pytest.mark.parametrize("theme", THEMES)
def test_names_can_be_read_in_both_themes(theme):
    palette = THEMES[theme]
    assert contrast(palette.name, palette.background) >= 4.5
    paint = SETTINGS["paint"][theme]["names-road"]
    assert paint["text-color"] == palette.name
    assert paint["text-halo-color"] == palette.background
