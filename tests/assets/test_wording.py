"""How the browser writes numbers, units, ages and dates."""

from __future__ import annotations

import pytest

from services.city.rennes import RENNES
from tests.assets.scripts import LANGUAGES, loaded
from tests.components.trees import plain

DAY_S = 86_400
# 2026-11-24 12:43 in Rennes.
NOW = 1_795_520_580


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def page(language):
    with loaded("app.js", "wording.js", language=language) as page:
        page.change(settings={"timeZone": RENNES.time_zone.key})
        yield page


def written(page, call: str) -> str:
    said = page.call(f"(texts => trafficRennes.wording.{call})", page.texts)
    # Whether a comma follows the day of the week changes with the edition of CLDR.
    return plain(said).replace("day, ", "day ")


@pytest.mark.parametrize(
    ("call", "french", "english"),
    [
        ("number(2859.4)", "2 859", "2,859"),
        ("percent(12)", "12 %", "12%"),
        ("extraPercent(12)", "+12 %", "+12%"),
        ("extraPercent(0)", "0 %", "0%"),
        ("extraPercent(-3)", "-3 %", "-3%"),
        ("chance(0.997, texts)", "plus de 99 %", "over 99%"),
        ("chance(0.003, texts)", "moins de 1 %", "under 1%"),
        ("chance(1, texts)", "100 %", "100%"),
        ("roundedChance(1, texts)", "plus de 99 %", "over 99%"),
        ("roundedChance(0.99, texts)", "99 %", "99%"),
        ("speed(47.6)", "48 km/h", "48 km/h"),
        ('quantity(1, "day", "long")', "1 jour", "1 day"),
        ('quantity(30, "day", "long")', "30 jours", "30 days"),
        ("duration(45)", "45 s", "45 secs"),
        ("duration(119.7)", "2 min", "2 mins"),
        ("duration(125)", "2 min 5 s", "2 mins 5 secs"),
        ("duration(299.8)", "5 min", "5 mins"),
        ("duration(3899)", "1 h 5 min", "1 hr 5 mins"),
        ("weekday(0)", "lundi", "Monday"),
        ("weekday(6)", "dimanche", "Sunday"),
        ("age(59, texts)", "à l'instant", "just now"),
        ("age(240, texts)", "il y a 4 min", "4 mins ago"),
        ("age(7500, texts)", "il y a 2 h 5 min", "2 hrs 5 mins ago"),
        (f"age({3 * DAY_S}, texts)", "il y a 3 jours", "3 days ago"),
        (f"age({80 * DAY_S}, texts)", "il y a 2 mois", "2 months ago"),
        (f"age({824 * DAY_S}, texts)", "il y a 2 ans", "2 years ago"),
        (f"when({NOW - 240}, {NOW}, texts)", "à 12:39", "at 12:39"),
        (
            f"when({NOW - 2 * DAY_S}, {NOW}, texts)",
            "le dimanche 22 novembre à 12:43",
            "on Sunday 22 November at 12:43",
        ),
        (
            f"when({NOW - 820 * DAY_S} - 3600, {NOW}, texts)",
            "le lundi 26 août 2024 à 12:43",
            "on Monday 26 August 2024 at 12:43",
        ),
        ('calendarDay("2026-12-01", "2026-11-29", texts)', "1er décembre", "1 December"),
        ('calendarDay("2027-01-01", "2026-11-29", texts)', "1er janvier 2027", "1 January 2027"),
        ('calendarDay("2026-12-31", "2026-11-29", texts)', "31 décembre", "31 December"),
        (
            f"when({NOW - 23 * DAY_S}, {NOW}, texts)",
            "le dimanche 1er novembre à 12:43",
            "on Sunday 1 November at 12:43",
        ),
        (
            'counted(texts.legend.explanation, 1, { meaning: "m", share: "s" })',
            "m. s de la longueur des routes, 1 tronçon.",
            "m. s of the road length, 1 segment.",
        ),
        (
            'counted(texts.legend.explanation, 1200, { meaning: "m", share: "s" })',
            "m. s de la longueur des routes, 1 200 tronçons.",
            "m. s of the road length, 1,200 segments.",
        ),
    ],
)
def test_what_people_read_is_written_as_their_language_does(page, language, call, french, english):
    assert written(page, call) == (french if language == "fr" else english)
