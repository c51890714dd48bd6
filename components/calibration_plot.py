"""The calibration plot: forecast probabilities beside how often it was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from services.base.texts import Texts, formats
from services.plain.quality import CalibrationBin

# Read on both themes; the style sheet gives text and lines the theme's colours.
_COLOURS: Final = ("#3f7ae0", "#c2570c", "#2f8f5b", "#9a4fc4")
_GREY: Final = "#78818f"
_LARGEST_MARKER_PX: Final = 22
_SMALLEST_MARKER_PX: Final = 6
_HEIGHT_PX: Final = 340
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def build_figure(texts: Texts, by_kind: Mapping[str, Sequence[CalibrationBin]]) -> go.Figure:
    """One line for each kind of forecast, by its name, beside the diagonal."""
    wording, written = texts["quality"], formats(texts)
    diagonal = go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name=wording["calibration_perfect"],
        line={"dash": "dash", "color": _GREY, "width": 1.5},
        hoverinfo="skip",
    )
    lines = [
        _line(texts, name, points, colour)
        for (name, points), colour in zip(by_kind.items(), _COLOURS, strict=False)
    ]
    axis: dict[str, Any] = {
        "range": [-0.03, 1.03],
        "tickvals": _TICKS,
        "ticktext": [written.percent(share) for share in _TICKS],
        "zeroline": False,
        "fixedrange": True,
    }
    return go.Figure(
        [diagonal, *lines],
        layout={
            "height": _HEIGHT_PX,
            "margin": {"l": 60, "r": 16, "t": 36, "b": 52},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis | {"title": {"text": wording["calibration_x"]}},
            "yaxis": axis | {"title": {"text": wording["calibration_y"]}},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        },
    )


def describe(texts: Texts, by_kind: Mapping[str, Sequence[CalibrationBin]]) -> str:
    """The plot in words, for who cannot see it."""
    wording, written = texts["quality"], formats(texts)
    return " ".join(
        wording["calibration_of"].format(
            kind=name,
            points=" ".join(
                wording["calibration_point"].format(
                    forecast=written.percent(point.mean_probability),
                    observed=written.percent(point.observed_frequency),
                )
                for point in points
            ),
        )
        for name, points in by_kind.items()
    )


def _line(texts: Texts, name: str, points: Sequence[CalibrationBin], colour: str) -> go.Scatter:
    written = formats(texts)
    most = max((point.cases for point in points), default=1)
    # Areas, not widths, tell how many cases a point stands for.
    sizes = [
        _SMALLEST_MARKER_PX + (_LARGEST_MARKER_PX - _SMALLEST_MARKER_PX) * (p.cases / most) ** 0.5
        for p in points
    ]
    return go.Scatter(
        x=[point.mean_probability for point in points],
        y=[point.observed_frequency for point in points],
        mode="lines+markers",
        name=name,
        # The outermost points, often the largest, are drawn whole.
        cliponaxis=False,
        line={"color": colour, "width": 2},
        marker={"size": sizes, "color": colour, "opacity": 0.85},
        text=[
            f"{written.percent(p.mean_probability)} → {written.percent(p.observed_frequency)}"
            for p in points
        ],
        hoverinfo="text",
    )
