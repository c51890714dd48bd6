"""The header: what this is, where the data come from and how old they are."""

from __future__ import annotations

from typing import Final

from dash import html

from services.base.texts import Texts

FRESHNESS_ID: Final = "freshness"
ANNOUNCEMENT_ID: Final = "freshness-announcement"
CONNECTION_ID: Final = "connection"


def build_header(texts: Texts, icon_url: str, forecast_anchor: str) -> html.Header:
    """The header before the browser knows the age of the data.

    Parameters
    ----------
    forecast_anchor : str
        Id of what the skip link leads to.
    """
    freshness = texts["freshness"]
    return html.Header(
        [
            html.A(
                texts["page"]["skip_to_forecast"], href=f"#{forecast_anchor}", className="skip-link"
            ),
            html.Div(
                [
                    html.Img(src=icon_url, alt="", className="brand-icon"),
                    html.Div(
                        [
                            html.H1(texts["page"]["title"], className="brand-name"),
                            html.P(texts["page"]["tagline"], className="brand-tagline"),
                        ]
                    ),
                ],
                className="brand",
            ),
            html.Div(
                [
                    html.P(
                        freshness["waiting"],
                        id=FRESHNESS_ID,
                        className="freshness freshness--waiting",
                    ),
                    # The age changes all the time; only a change of state is worth saying aloud.
                    html.P("", id=ANNOUNCEMENT_ID, className="visually-hidden", role="status"),
                    html.P(
                        freshness["unreachable"],
                        id=CONNECTION_ID,
                        className="connection",
                        role="alert",
                        hidden=True,
                    ),
                ],
                className="header-state",
            ),
        ],
        className="page-header",
    )
