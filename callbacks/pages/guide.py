"""The page ``/mode-d-emploi``: how Tendances is used, as ``docs/guide.*.md`` says it."""

from __future__ import annotations

from callbacks.pages.subpage import Pages, add_text_page
from callbacks.pages.trends.page import GUIDE_PATH
from components.guide import build_guide
from components.subpage import Subpage
from services.base.texts import Texts
from services.plain.trends.address import PATH as TRENDS_PATH
from services.roles.assembly import Services
from services.web.guide import read_guide


def register(pages: Pages, _services: Services) -> None:
    """Add the page."""

    def layout(texts: Texts) -> Subpage:
        blocks = read_guide(texts["language"]["code"])
        return build_guide(texts, blocks, pages.address(f"{TRENDS_PATH}/"))

    # That of tables.
    add_text_page(pages, GUIDE_PATH, "guide", layout, styles=("quality.css",))
