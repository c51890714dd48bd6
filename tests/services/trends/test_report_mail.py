"""What a report says of an area, which nobody drives, and where little is known."""

from __future__ import annotations

from datetime import date

import pytest

from services.base.texts import load_texts
from services.plain.trends.before_after import (
    BeforeAfterAnswer,
    MeasuredChange,
    PeriodValues,
    PlaceChange,
)
from services.plain.trends.reliability import (
    Indices,
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
)
from services.trends.report_mail import ReportFigures, ReportSubject, report_mail
from tests.components.trees import plain

MONDAY = date(2026, 11, 23)
SUBJECT = ReportSubject(
    'Centre <b> & "co"', "week", MONDAY, date(2026, 11, 29), "http://x/?a=1&b=2", False
)


def observed(places=(), days=7):
    return ReliabilityAnswer(MONDAY, MONDAY, days, 7 - days, places)


def lines_of(figures, language="fr"):
    mail = report_mail(SUBJECT, figures, load_texts(language))
    return mail, [plain(line) for line in mail.text.splitlines()]


def test_of_an_area_times_are_compared_and_never_told():
    indices = Indices(900.0, 1_800.0, 1.5, 3.0, 1.0, 1.2, is_reliable=True)
    place = PlaceReliability(
        "zone:rocade", False, 600.0, [PartReliability("evening", 1.0, 5, None, indices)], None
    )
    values = PeriodValues([MONDAY, date(2026, 11, 24)], [1.5, 1.75], 7, 2, 1, 0.0, [])
    measured = MeasuredChange(1.4, 1.62, -0.1, 0.4, 0.3, False, 1)
    change = PlaceChange("zone:rocade", "index", 1.0, values, values, measured, None)
    _, lines = lines_of(
        ReportFigures(observed([place]), observed([place], 3), change=BeforeAfterAnswer([change]))
    )
    start = lines.index("Soir, 16–20 h")
    assert lines[start + 1] == "- Indice de temps de parcours 1,50 (avant : 1,50)"
    assert not any("15 min" in line for line in lines)
    assert "- 7 jours sur 7, et 3 sur 7 dans la période d'avant" in lines[3]
    assert "- mardi 24 novembre – 1,75 fois le temps à vide" in lines
    [told] = [line for line in lines if "le hasard peut expliquer" in line]
    assert told.startswith("- De 1,40 fois le temps à vide à 1,62 fois le temps à vide")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_where_nothing_was_observed_the_report_says_so_and_no_more(language):
    mail, lines = lines_of(ReportFigures(observed(days=0), observed(days=0)), language)
    headings = [line for line in lines[1:] if line and not line.startswith("-")]
    # Days observed; the address of the page; why one gets it.
    assert len(headings) == 3
    assert "0 " in lines[3]
    # What a place is called is text, and no part of the page.
    assert "Centre &lt;b&gt; &amp; &quot;co&quot;" in mail.html
    assert 'href="http://x/?a=1&amp;b=2"' in mail.html
