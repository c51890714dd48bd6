"""What the figures of the archive have in common: plain dicts that Plotly draws in the browser.

Their colours are those of light paper, which pictures and prints are on; the style sheet
(``assets/trends.css``) has words, grid and labels follow the theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from dash import dcc, html

from components.aria import aria
from components.trends.words import clock_words
from services.base.texts import Texts

TICK_HOURS: Final = 3
# Read on both themes; each line has a dash of its own as well.
LINES: Final = ("#3f7ae0", "#c2570c", "#2f8f5b", "#9a4fc4")
MUTED: Final = "#78818f"
BAND: Final = "rgba(120, 129, 143, 0.28)"
# Cividis, from light to dark: made to look alike to who sees colours and who does not, and its
# lightness alone orders it (Nuñez, Anderton and Renslow, PLoS ONE 13, 2018).
SHADES: Final = ("#fee838", "#d5c164", "#aa9c77", "#7d7c78", "#585f6d", "#213d6b", "#00224e")
SCALE: Final = [[place / (len(SHADES) - 1), shade] for place, shade in enumerate(SHADES)]
# The bar of tools speaks English alone; what is shown can be taken away by the page's own buttons.
_CONFIG: Final[Any] = {"displayModeBar": False, "responsive": True}


def build_figure(
    figure_id: str, figure: Mapping[str, Any], label: str, class_name: str = "trends-graph"
) -> html.Figure:
    """A figure that says what it is to who cannot see it; its numbers are told beside it.

    Parameters
    ----------
    figure_id : str
        Of the graph in it.
    label : str
        What it shows.
    class_name : str
        Gives its height.
    """
    graph = dcc.Graph(id=figure_id, figure=dict(figure), config=_CONFIG, className=class_name)
    return html.Figure(graph, className="trends-figure", **aria(label=label))


def band(
    times: Sequence[str],
    low: Sequence[float | None],
    high: Sequence[float | None],
    name: str,
    pattern: str = "",
) -> list[dict[str, Any]]:
    """An area between two lines, as two traces for each part of the day that it is known of.

    Of one pair with gaps Plotly would fill what lies between the gap's ends.

    Parameters
    ----------
    pattern : str
        The colour of its hatching; without one it is filled.
    """
    hatching = {"shape": "/", "size": 6, "solidity": 0.12, "fgcolor": pattern}
    filled = {"fillpattern": hatching} if pattern else {"fillcolor": BAND}
    shared = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "hovertemplate": "%{text} : %{y}",
        "legendgroup": name,
        "name": name,
    }
    traces: list[dict[str, Any]] = []
    pairs = list(zip(low, high, strict=True))
    known = groupby(range(len(pairs)), key=lambda place: None not in pairs[place])
    for run in [list(places) for is_known, places in known if is_known]:
        of_run = {**shared, "x": run, "text": [times[place] for place in run]}
        below = {"y": [low[place] for place in run], "hoverinfo": "skip", "showlegend": False}
        above = {"y": [high[place] for place in run], "fill": "tonexty", **filled}
        traces += [{**of_run, **below}, {**of_run, **above, "showlegend": not traces}]
    return traces


def line(
    times: Sequence[str], values: Sequence[float | None], name: str, colour: str, dash: str
) -> dict[str, Any]:
    """A line that breaks where nothing is known."""
    return {
        "x": list(range(len(times))),
        "y": values,
        "text": times,
        "hovertemplate": "%{text} : %{y}",
        "name": name,
        "type": "scatter",
        "mode": "lines",
        "line": {"color": colour, "dash": dash, "width": 2.5 if dash == "solid" else 1.8},
        "connectgaps": False,
    }


def layout_of(texts: Texts, clock: Sequence[str], unit: str) -> dict[str, Any]:
    """What all figures over a day have in common; colours come from the style sheet."""
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 12, "t": 28, "b": 40},
        # Above the figure, however many lines it takes.
        "legend": {"orientation": "h", "yref": "container", "y": 1, "yanchor": "top"},
        "dragmode": False,
        "hovermode": "x unified",
        "separators": texts["trends"]["separators"],
        "xaxis": day_axis(texts, clock),
        "yaxis": {"title": {"text": unit}, "rangemode": "tozero"},
        "font": {"family": "system-ui, sans-serif", "color": MUTED},
    }


def day_axis(texts: Texts, clock: Sequence[str]) -> dict[str, Any]:
    """The axis of a day whose steps are numbered: a tick every three hours of the city's clock."""
    hours = [(place, int(time[:2])) for place, time in enumerate(clock) if time.endswith(":00")]
    shown = [(place, hour) for place, hour in hours if hour % TICK_HOURS == 0]
    return {
        "tickvals": [place for place, _ in shown],
        "ticktext": [clock_words(texts, hour) for _, hour in shown],
        "range": [0, len(clock) - 1],
    }
