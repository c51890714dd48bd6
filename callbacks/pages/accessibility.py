"""The page ``/accessibilite``: for whom the site works, as far as that is known."""

from __future__ import annotations

from typing import Final

from callbacks.pages.subpage import Pages, add_text_page
from components.accessibility import build_accessibility_page
from components.subpage import Subpage
from services.base.texts import Texts
from services.roles.assembly import Services

PATH: Final = "/accessibilite"


def register(pages: Pages, services: Services) -> None:
    """Add the page."""

    def layout(texts: Texts) -> Subpage:
        return build_accessibility_page(texts, services.settings.contact)

    add_text_page(pages, PATH, "accessibility", layout)
