"""What a page shows before Dash is there: what Dash will show, as far as it can be seen."""

from __future__ import annotations

import json
import re
from html import unescape

import dash_bootstrap_components as dbc
import pytest
from dash import dcc, html

from components.first_paint import first_paint


def painted(*children) -> str:
    return first_paint(html.Div(list(children), id="page-x"))


def test_what_scripts_start_with_comes_along_and_is_not_seen():
    told = {"words": "a < b & c", "hour": 8, "place": (1, None)}
    text = painted(dcc.Store(id="news", data=told), dcc.Store(id="shown"))
    [block] = re.findall(r'<div id="news" hidden>(.*?)</div>', text)
    assert json.loads(unescape(block)) == {**told, "place": [1, None]}
    assert "shown" not in text


def test_a_choice_shows_what_is_chosen():
    options = [{"label": "8 h", "value": "8"}, {"label": "9 h", "value": "9"}]
    text = painted(
        dbc.Select(id="hour", options=options, value="9", size="sm"),
        dbc.Select(id="day", options=options, placeholder="Heure"),
    )
    assert '<select id="hour" class="form-select form-select-sm">' in text
    assert '<option selected value="9">9 h</option>' in text
    assert '<option value="">Heure</option>' in text


def test_what_dash_loads_later_is_marked():
    text = painted(dcc.Upload("Choisir", id="upload", className="field"))
    assert '<div id="upload" class="field" data-loaded_later="">Choisir</div>' in text


def test_a_map_has_its_place_and_timers_have_none():
    text = painted(dcc.Graph(id="map", className="map-graph"), dcc.Interval(id="refresh"))
    assert '<div id="map" class="map-graph"></div>' in text
    assert "refresh" not in text


def test_what_nobody_has_thought_of_is_told_while_it_is_built():
    with pytest.raises(TypeError, match="Slider"):
        painted(dcc.Slider(0, 1, id="new"))
