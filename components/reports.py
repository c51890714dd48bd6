"""The operators' card of the reports by mail: to whom, when sent last, when next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dash import html

from components.subpage import build_card, build_table
from services.base.texts import Texts

_COLUMNS: Final = ("report", "place", "period", "tell", "sent", "next")


@dataclass(frozen=True)
class ReportShown:
    """A report, every value as it is read.

    Attributes
    ----------
    tell : str
        Who gets it, by names and kinds of channels: never an address.
    sent : str
        When it was taken last, and for how many it waits.
    next : str
        When it is made the next time.
    """

    name: str
    place: str
    period: str
    tell: str
    sent: str
    next: str


def build_reports(texts: Texts, reports: Sequence[ReportShown], file: str) -> html.Section:
    """The card.

    Parameters
    ----------
    file : str
        The name of the file in which reports are.
    """
    wording = texts["report"]
    explained = html.P(wording["list_explain"].format(file=file))
    if not reports:
        none = html.P(wording["list_none"].format(file=file))
        return build_card(wording["list_title"], explained, none)
    return build_card(
        wording["list_title"],
        explained,
        build_table(
            [wording[f"column_{name}"] for name in _COLUMNS],
            [
                [
                    one.name,
                    *(
                        html.Span(told, className="quality-verdict")
                        for told in (one.place, one.period, one.tell, one.sent, one.next)
                    ),
                ]
                for one in reports
            ],
        ),
    )
