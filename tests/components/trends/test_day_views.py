"""What people read of a day's curve, of a week and of a calendar, and where its days lead."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from components.trends.curve import build_curve, curve_figure
from components.trends.days import build_days, shade_of, shade_steps
from components.trends.figure import SHADES
from components.trends.marks import clock_of, lay_marks, mark_words
from components.trends.week import build_week, week_figure
from services.base.texts import formats, languages, load_texts
from services.plain.trends.curve import MEASURES, Band, CurveAnswer, CurveQuery, Expected
from services.plain.trends.days import DaysAnswer, DayValue
from services.plain.trends.marks import Mark
from services.plain.trends.week import WeekAnswer
from tests.components.trees import plain, text_of, walk

DAY = date(2026, 11, 24)
START = datetime(2026, 11, 23, 23, tzinfo=UTC)
CLOCK = [f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in range(96)]
FRENCH = load_texts("fr")
ROAD = ("inner_north", "between", "Rocade", "Porte A", "Porte B", 900)
STATUSES = ("freeFlow", "heavy", "congested", "impossible", "unknown")


def at(hour, minute=0):
    return START + timedelta(hours=hour, minutes=minute)


def curve(measure="congestion", **changes):
    values = [0.1] * 32 + [0.5] + [0.2] * 7 + [None] * 56
    stated = {
        "start": START,
        "clock": CLOCK,
        "measure": measure,
        "values": values,
        "statuses": {name: [0.2] * 96 for name in STATUSES},
        "usual": Band([0.1] * 96, [0.2] * 96, [0.4] * 96, 8),
        "other": None,
        "mean": None,
        "observed_share": 0.4,
        "lacking": [],
    } | changes
    return CurveAnswer(**stated)


def shown(answer, texts=FRENCH):
    return build_curve(texts, answer, CurveQuery("reseau", DAY, answer.measure))


def test_a_curve_says_when_it_was_at_its_worst_and_what_it_is_compared_with():
    text = text_of(shown(curve()))

    assert "Au plus fort : 50 % à 8 h." in text
    assert "Habituel : sur 8 jours du même nom." in text
    # Of the slowest, of speeds.
    assert "Au plus fort : 0,1 km/h à 0 h." in text_of(shown(curve("speed")))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_its_words_lines_and_numbers(language, measure):
    texts = load_texts(language)
    answer = curve(measure, other=[0.3] * 96, mean=[0.2] * 96, lacking=[DAY])

    tree = shown(answer, texts)

    assert texts["trends_courbe"][f"measure_{measure}"] in text_of(tree)
    rows = [item for item in walk(tree) if type(item).__name__ == "Tr"]
    # A head and a row for each quarter of an hour.
    assert len(rows) == 97
    assert len(rows[1].children) == 7


def test_what_is_forecast_follows_what_was_observed_and_says_what_its_band_is():
    middle = [None] * 40 + [0.3] * 56
    ahead = Expected(middle, middle, middle, "nothing", is_simulated=True)
    answer = curve(forecast=ahead)

    names = [
        trace["name"] for trace in curve_figure(FRENCH, answer, CurveQuery("reseau", DAY))["data"]
    ]

    assert "Prévu" in names
    assert "elle n'a pas de fourchette" in text_of(shown(answer))
    assert "appris sur du trafic simulé" in text_of(shown(answer))


def test_statuses_are_told_apart_without_their_colours():
    figure = curve_figure(FRENCH, curve("status"), CurveQuery("reseau", DAY, "status"))

    areas = [trace for trace in figure["data"] if "stackgroup" in trace]
    assert [area["name"] for area in areas] == ["Fermé", "Bloqué", "Dense", "Libre", "Inconnu"]
    assert len({area["fillpattern"]["shape"] for area in areas}) == 5
    # Nothing was kept after 10 h.
    assert areas[0]["y"][39:41] == [0.2, None]


MARKS = [
    Mark("public_holiday", START, at(24)),
    Mark("event", at(8, 5), at(9, 20), where=ROAD, delay_s=720.0, what="boulevard de Vitré"),
    Mark("roadwork", at(-240), at(24 * 9), what="rue de Brest", detail="closed"),
    Mark("model", at(8, 20), at(8, 20), what="v7"),
    Mark("event", at(17), at(18), where=ROAD, lasts=True),
]


def test_marks_say_when_what_and_where():
    clock = clock_of(START, CLOCK)

    road = "Ralentissement inhabituel : Rocade nord intérieure, Porte A → Porte B"
    lost = "(jusqu'à 12 min de plus que d'habitude). Cause probable : travaux, boulevard de Vitré"
    assert [plain(mark_words(FRENCH, mark, clock)) for mark in MARKS] == [
        "toute la journée – Jour férié",
        f"8 h 05 à 9 h 20 – {road} {lost}",
        "toute la journée – Travaux : rue de Brest",
        "8 h 20 – Autre modèle de prévision : v7",
        f"depuis 17 h – {road}",
    ]


def test_their_numbers_stand_where_they_began_and_close_ones_together():
    figure = lay_marks({"data": [], "layout": {}}, MARKS, START, 96)

    numbers = [(note["text"], note["x"]) for note in figure["layout"]["annotations"]]
    # By quarters of an hour; what is of the whole day stands nowhere.
    assert numbers == [("2, 4", pytest.approx(8 * 4 + 1 / 3)), ("5", 68.0)]
    assert len(figure["layout"]["shapes"]) == 3


def week(measure="congestion", **changes):
    values = [[0.1] * 24 for _ in range(8)]
    values[2][17] = 0.9
    values[6][3] = None
    stated = {
        "measure": measure,
        "statistic": "mean",
        "values": values,
        "days": [[4] * 24 for _ in range(8)],
        "holidays": [],
        "lacking": [],
    } | changes
    return WeekAnswer(**stated)


def test_a_week_says_its_worst_hour_and_every_cell_its_number():
    text = text_of(build_week(FRENCH, week()))
    assert "Au plus fort : mercredi, 17 h, 90 %." in text

    [cells] = week_figure(FRENCH, week())["data"]
    assert plain(cells["text"][2][17]) == "mercredi, 17 h : 90 % (4 jours)"
    assert (cells["z"][6][3], cells["text"][6][3]) == (None, "")
    assert len(cells["z"]) == 7


@pytest.mark.parametrize("language", languages())
def test_public_holidays_are_a_row_of_their_own_where_there_are_any(language):
    answer = week(holidays=[date(2026, 11, 11)])
    texts = load_texts(language)

    [cells] = week_figure(texts, answer)["data"]

    assert len(cells["z"]) == 8
    assert texts["trends_semaine"]["holidays"] in text_of(build_week(texts, answer))


def test_the_slowest_is_darkest_whatever_measures_it():
    assert week_figure(FRENCH, week())["data"][0]["reversescale"] is False
    assert week_figure(FRENCH, week("speed"))["data"][0]["reversescale"] is True
    steps = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert [shade_of("jam", value, steps) for value in (5, 35, 65)] == [0, 3, 6]
    assert [shade_of("speed", value, steps) for value in (5, 35, 65)] == [6, 3, 0]


CALENDAR = DaysAnswer(
    "congestion",
    [
        DayValue(date(2026, 10, 31), None, "weekend", is_observed=False),
        *(
            DayValue(date(2026, 11, day), 0.1 * day, "working_day", is_observed=True)
            for day in range(2, 10)
        ),
        DayValue(date(2026, 11, 10), None, "working_day", is_observed=True),
        DayValue(date(2026, 11, 11), None, "public_holiday", is_observed=False),
    ],
)


def test_a_calendar_names_its_days_and_each_leads_to_its_curve():
    tree = build_days(FRENCH, CALENDAR, "zone:rocade")

    links = [item for item in walk(tree) if "trends-link" in (getattr(item, "className", "") or "")]
    # Of October nothing was observed.
    assert len(links) == 10
    assert links[0].href == "?vue=courbe&lieu=zone:rocade&jour=2026-11-02&mesure=congestion"
    words = [plain(getattr(link, "aria-label")) for link in links]
    assert words[0] == "lundi 2 novembre, 20 %"
    assert words[-2:] == ["mardi 10 novembre, trop peu mesuré",
                          "mercredi 11 novembre, jour férié, sans données"]  # fmt: skip
    assert "trends-day--lacking" in links[-1].className
    assert "8 jours avec une valeur. Au plus fort : le 09/11/2026, 90 %." in text_of(tree)


def test_shades_are_as_wide_as_each_other():
    # From 0.2 to 0.9.
    assert shade_steps(CALENDAR) == pytest.approx([0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    assert len(SHADES) == 7


@pytest.mark.parametrize("language", languages())
def test_nothing_observed_is_said(language):
    texts = load_texts(language)
    none = DaysAnswer("jam", [DayValue(DAY, None, "working_day", is_observed=False)])
    assert plain(texts["trends_calendrier"]["none"]) in text_of(build_days(texts, none, "reseau"))
    empty = week(values=[[None] * 24 for _ in range(8)])
    assert plain(texts["trends_semaine"]["none"]) in text_of(build_week(texts, empty))
    nothing = curve(values=[None] * 96, usual=None, usual_from=date(2026, 12, 8))
    assert plain(texts["trends_courbe"]["none"]) in text_of(shown(nothing, texts))
    holiday = curve(usual=None, usual_from=date(2026, 12, 8), is_holiday=True)
    like = texts["trends_courbe"]["no_usual_holiday"].format(
        day=formats(texts).day(date(2026, 12, 8))
    )
    assert plain(like) in text_of(shown(holiday, texts))
