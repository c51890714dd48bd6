"""What the frame of a page is made of, as plain data: links, languages, the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Language:
    """A language of the site.

    Attributes
    ----------
    offer, accept, decline : str
        Words, in this language, that offer it to somebody who reads another one.
    """

    code: str
    name: str
    offer: str
    accept: str
    decline: str


@dataclass(frozen=True)
class LogOut:
    """The way out of the operators' area: where its form goes, and what it sends along."""

    url: str
    token: str


@dataclass(frozen=True)
class Frame:
    """What the frame of a page shows beside its words.

    Attributes
    ----------
    section : str
        Of the texts, with the page's ``title`` and ``tagline``.
    home_url, icon_url, api_url, dashboard_url, area_url : str
        Addresses; the last one of the operators' area.
    nav, readings : sequence of pairs
        Section and address of each page that the nav leads to, and of the public ones of text
        alone.
    language : str
        The one in use.
    others : sequence of Language
        Those that may be chosen instead.
    offered : Language or None
        The one that a visitor who came for the first time seems to prefer.
    log_out : LogOut or None
        On the operators' pages.
    age : mapping or None
        What scripts tell the age of the data by where no refresh reaches a page: the server's
        ``time``, the ``snapshot`` and the ``settings`` that they count on with.
    """

    section: str
    home_url: str
    icon_url: str
    api_url: str
    dashboard_url: str
    area_url: str
    nav: Sequence[tuple[str, str]]
    readings: Sequence[tuple[str, str]]
    language: str
    others: Sequence[Language] = ()
    offered: Language | None = None
    log_out: LogOut | None = None
    age: Mapping[str, Any] | None = None
