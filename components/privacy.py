"""The page that tells what is kept of a visitor, why, how long, and how to ask."""

from __future__ import annotations

from collections.abc import Mapping

from dash import html

from components.subpage import Subpage, build_card, build_paragraphs
from services.base.texts import Texts, formats

# In the order in which they are read.
SECTIONS = (
    "in_brief",
    "place",
    "visits",
    "journal",
    "pictures",
    "operators",
    "told",
    "cookies",
    "others",
    "basis",
    "rights",
)


def build_privacy_page(texts: Texts, periods: Mapping[str, int], contact: str) -> Subpage:
    """The page.

    Parameters
    ----------
    periods : mapping
        Of keeping, in days: ``monitoring_days``, ``damaged_days``, ``journal_days`` and
        ``history_days``.
    contact : str
        Whom to ask; empty when nobody is named.
    """
    written = formats(texts)
    values = {name: written.quantity(n, "day", is_long=True) for name, n in periods.items()}
    values["contact"] = contact
    return Subpage([_section(texts, name, values) for name in SECTIONS])


def _section(texts: Texts, name: str, values: Mapping[str, str]) -> html.Section:
    wording = texts["privacy"]
    key = f"{name}_text"
    if name == "rights" and not values["contact"]:
        key = "rights_text_without_contact"
    text = str(wording[key]).format(**values)
    return build_card(wording[f"{name}_title"], *build_paragraphs(text))
