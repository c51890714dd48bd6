"""The page ``/donnees-personnelles``: what is kept of a visitor."""

from __future__ import annotations

from typing import Final

from dash import Dash, html

from callbacks.http.language import requested_language
from callbacks.pages.subpage import add_page
from components.privacy import build_privacy_page
from components.texts import languages, load_texts
from services.roles.assembly import Services

PATH: Final = "/donnees-personnelles"


def register(main: Dash, services: Services) -> Dash:
    """Add the page to the server of the application.

    Parameters
    ----------
    main : Dash
        The application of ``/``.
    services : Services
    """
    page = add_page(main, PATH, "privacy")
    settings = services.settings
    periods = {
        "monitoring_days": settings.monitoring_retention_days,
        "journal_days": settings.journal_retention_days,
        "history_days": settings.history_retention_days,
    }

    def layout() -> html.Div:
        language = requested_language()
        return build_privacy_page(
            load_texts(language),
            periods,
            settings.contact,
            home_url=main.get_relative_path("/"),
            icon_url=page.get_asset_url("icon.svg"),
            languages=languages(),
            language=language,
        )

    page.layout = layout
    return page
