"""How what a view shows is taken away: files, pictures, paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from components.aria import data
from services.base.texts import Texts
from services.plain.trends.export import FORMS, ON_THE_MAP

EXPORTS_ID: Final = "trends-exports"


def build_exports(
    texts: Texts,
    view: str,
    asked: Sequence[tuple[str, str]],
    *,
    caption: str,
    source: str,
    follows_address: bool = False,
) -> html.Div:
    """The row below a view; ``assets/trends_export.js`` does what its buttons say.

    Parameters
    ----------
    view : str
        Its name.
    asked : sequence of pairs
        What the address of the page asks.
    caption, source : str
        What pictures say below their title: of where and when, and from where.
    follows_address : bool
        Whether files are of what the address says when they are asked for.
    """
    wording = texts["trends_export"]
    query = urlencode([*asked, ("lang", texts["language"]["code"])], safe=":~")
    links: list[Component] = [
        html.A(
            wording[form],
            href=f"export.{form}?{query}",
            download="",
            className="trends-export",
            **data(export=form),
        )
        for form in FORMS
        if form != "geojson" or view in ON_THE_MAP
    ]
    buttons = [
        html.Button(wording[what], type="button", className="trends-export", **data(export=what))
        for what in ("png", "print")
    ]
    return html.Div(
        [
            html.H2(wording["heading"], className="trends-exports-heading"),
            html.Div([*links, *buttons], className="trends-exports-row"),
            html.Span(role="status", className="trends-exports-state"),
        ],
        id=EXPORTS_ID,
        className="trends-exports",
        **data(
            view=view,
            caption=caption,
            follows=str(follows_address).lower(),
            source=source,
            waiting=wording["waiting"],
            ready=wording["ready"],
            failed=wording["failed"],
            image_failed=wording["image_failed"],
        ),
    )
