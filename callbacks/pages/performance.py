"""``/dashboard/``: the monitoring package's pages, within the operators' area."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from callbacks.http.language import requested_language
from callbacks.http.static_files import asset_url
from callbacks.pages.subpage import DASHBOARD_PATH, Pages
from components.header import build_header
from components.markup import to_html
from services.base.texts import load_texts
from services.roles.assembly import Services
from services.web.monitoring import Head

SECTION: Final = "performance"


def register(pages: Pages, services: Services) -> None:
    """Have the nav of the area lead there, where anything is measured."""
    if services.settings.monitor_level != "off":
        pages.rooms.append((SECTION, DASHBOARD_PATH))


def head_of(pages: Pages) -> Callable[[], Head]:
    """What the package's pages have of ours, for the operator who asks."""

    def head() -> Head:
        texts = load_texts(requested_language())
        header = build_header(texts, pages.frame(SECTION), [], is_live=False)
        return Head(
            language=texts["language"]["code"],
            title=texts["nav"][SECTION],
            header=to_html(header),
            style_urls=pages.style_urls(SECTION),
            script_url=asset_url(pages.main, "language.js"),
        )

    return head
