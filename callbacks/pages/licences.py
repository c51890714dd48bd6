"""The page ``/licences``: whose data and software this is, and what others may do with it."""

from __future__ import annotations

from typing import Final

from callbacks.pages.subpage import Pages, add_text_page
from components.licences import DataSource, build_licences_page
from components.subpage import Subpage
from services.base.texts import Texts
from services.roles.assembly import Services

PATH: Final = "/licences"


def register(pages: Pages, services: Services) -> None:
    """Add the page."""
    city = services.city
    source = DataSource(
        url=city.dataset_url,
        licence=city.licence,
        licence_url=city.licence_url,
        has_tiles=bool(services.settings.tiles_url),
    )

    def layout(texts: Texts) -> Subpage:
        return build_licences_page(texts, source)

    add_text_page(pages, PATH, "licences", layout)
