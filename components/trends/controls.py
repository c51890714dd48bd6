"""What questions to the archive are asked with; each writes the part of the address of its name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components.aria import data
from services.base.texts import Texts
from services.plain.trends.common import DAYS_KEPT
from services.plain.trends.curve import MEASURES
from services.plain.trends.scan import SCAN_MEASURES
from services.plain.trends.week import STATISTICS

Control = str
"""A name of :data:`CONTROLS`."""
MOST_PARTS: Final = 40


@dataclass(frozen=True)
class Kind:
    """How a control looks.

    Attributes
    ----------
    look : {"place", "day", "choice", "time"}
    choices : sequence of str
        Of a choice; their words are in the texts, ``trends_control.NAME_CHOICE``.
    """

    look: Literal["place", "day", "choice", "time"]
    choices: Sequence[str] = ()


CONTROLS: Final[Mapping[Control, Kind]] = {
    "lieu": Kind("place"),
    "lieu2": Kind("place"),
    "jour": Kind("day"),
    "jour2": Kind("day"),
    "du": Kind("day"),
    "au": Kind("day"),
    "du2": Kind("day"),
    "au2": Kind("day"),
    "jours": Kind("choice", DAYS_KEPT),
    "mesure": Kind("choice", MEASURES),
    "couleur": Kind("choice", SCAN_MEASURES),
    "depart": Kind("time"),
    "chiffre": Kind("choice", STATISTICS),
    "h1": Kind("time"),
    "h2": Kind("time"),
}
"""In the order in which they are shown; the label of each is ``trends_control.NAME``."""


def id_of(control: Control) -> str:
    """Of the element that a control's value is in."""
    return f"trends-{control}"


def build_controls(
    texts: Texts,
    shown: Mapping[str, Sequence[Control]],
    in_force: Mapping[str, Mapping[Control, str]],
    places: Sequence[Mapping[str, str]],
    form_id: str,
    *,
    today: date,
) -> html.Div:
    """All controls; the style sheet shows those of the view that the form names.

    Parameters
    ----------
    shown : mapping
        The controls of each view.
    in_force : mapping
        Of each view, what its controls show where the address is silent.
    places : sequence of mapping
        Options of places: ``value`` and ``label``.
    today : date
        In the city.
    """
    return html.Div(
        [
            html.Div(
                [
                    html.Label(texts["trends_control"][name], htmlFor=id_of(name)),
                    _input(texts, name, kind, places),
                ],
                className="trends-control",
                **data(views=" ".join(view for view, of in shown.items() if name in of)),
            )
            for name, kind in CONTROLS.items()
        ],
        id=form_id,
        className="trends-controls",
        **data(
            view="",
            title=texts["trends"]["title"],
            defaults=in_force_text(in_force),
            today=today.isoformat(),
        ),
    )


def in_force_text(in_force: Mapping[str, Mapping[Control, str]]) -> str:
    """What controls show where the address is silent, as the page's scripts read it."""
    return json.dumps({view: dict(of) for view, of in in_force.items()})


def _input(
    texts: Texts, name: Control, kind: Kind, places: Sequence[Mapping[str, str]]
) -> Component:
    wording: Any = texts["trends_control"]
    if kind.look == "place":
        words = texts["trends_place_list"]
        listed: Any = {key: words[key] for key in ("search", "clear_search", "no_options_found")}
        listed["clear_selection"] = words[f"{name}_clear"]
        return dcc.Dropdown(
            id=id_of(name),
            options=list(places),
            placeholder=wording[f"{name}_placeholder"],
            labels=listed,
            className="trends-place",
        )
    if kind.look == "choice":
        options = [{"value": one, "label": wording[f"{name}_{one}"]} for one in kind.choices]
        return dbc.Select(id=id_of(name), options=options)
    return dbc.Input(id=id_of(name), type="date" if kind.look == "day" else "time", debounce=True)
