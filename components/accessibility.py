"""The page that tells for whom the site works: what is aimed at, tested, and known not to."""

from __future__ import annotations

from typing import Final

from dash import html

from components.subpage import Subpage, build_card, build_paragraphs
from services.base.texts import Texts

# In the order in which they are read.
SECTIONS: Final = ("aim", "tested", "limits", "report")


def build_accessibility_page(texts: Texts, contact: str) -> Subpage:
    """The page.

    Parameters
    ----------
    contact : str
        Whom to write to; empty when nobody is named.
    """
    return Subpage([_section(texts, name, contact) for name in SECTIONS])


def _section(texts: Texts, name: str, contact: str) -> html.Section:
    wording = texts["accessibility"]
    key = f"{name}_text"
    if name == "report" and not contact:
        key = "report_text_without_contact"
    text = str(wording[key]).format(contact=contact)
    return build_card(wording[f"{name}_title"], *build_paragraphs(text))
