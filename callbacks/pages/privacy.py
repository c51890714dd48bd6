"""The page ``/confidentialite``: what is kept of a visitor."""

from __future__ import annotations

from typing import Final

from callbacks.pages.subpage import Pages, add_text_page
from components.privacy import build_privacy_page
from components.subpage import Subpage
from services.base.files import ASIDE_KEPT
from services.base.texts import Texts
from services.roles.assembly import Services

PATH: Final = "/confidentialite"
_BEFORE: Final = "/donnees-personnelles"


def register(pages: Pages, services: Services) -> None:
    """Add the page."""
    settings = services.settings
    periods = {
        "monitoring_days": settings.monitoring_retention_days,
        "damaged_days": min(settings.monitoring_retention_days, ASIDE_KEPT.days),
        "journal_days": settings.journal_retention_days,
        "history_days": settings.history_retention_days,
    }

    def layout(texts: Texts) -> Subpage:
        return build_privacy_page(texts, periods, settings.contact)

    add_text_page(pages, PATH, "privacy", layout, once=[_BEFORE])
