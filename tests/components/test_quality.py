"""The page of forecast quality: plain words that follow the figures, whichever way they go."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import unquote

import pytest
from dash import html

from components.line_plot import Axis, Line, draw_plot
from components.quality import DecisionMade, KnownModel, Quality, build_quality, build_unreachable
from components.quality_figures import lead_name, verdict_in_words
from components.quality_line import build_quality_line, headline_sentence
from components.quality_plots import daily_plot, describe_calibration
from services.base.texts import load_texts
from services.operations.tables import KINDS, Action, Reason
from services.plain.quality import (
    BASELINES,
    MODEL,
    CalibrationBin,
    ComparedScores,
    DayErrors,
    LeadQuality,
    LearnedFrom,
    ModelInUse,
)
from tests.components.trees import plain, text_of, walk

FRENCH, ENGLISH = load_texts("fr"), load_texts("en")
POINTS = (CalibrationBin(900, 0.1, 0.12), CalibrationBin(20, 0.7, 0.5))
FIRST, LAST = date(2026, 10, 26), date(2026, 11, 24)
ERROR = 0.03


def verdict(average=0.1, persistence=0.3, *, error=ERROR, ratio_error=None, coverage=None):
    """A model that saves such shares of its baselines' errors; None is a baseline without any."""
    gains = {"average": average, "persistence": persistence}
    errors = {name: 0.0 if gain is None else error / (1 - gain) for name, gain in gains.items()}
    return ComparedScores(
        cases=12_345,
        rps={"model": error, **errors},
        brier={},
        ratio_error={MODEL: ratio_error},
        coverage={MODEL: coverage},
        better_share={"average": 0.71, "persistence": 0.05},
        skill=gains,
    )


def days(count=30, *, missing=()):
    return [
        DayErrors(day, 480, {"model": 0.02, "average": 0.025, "persistence": 0.041})
        for place in range(count)
        if (day := LAST - timedelta(days=count - 1 - place)) not in missing
    ]


def lead(**changes):
    fields = {
        "kind": "nowcast",
        "lead_minutes": 60,
        "yesterday": verdict(),
        "week": verdict(),
        "zones": {"rocade": verdict()},
        "calibration": POINTS,
        "days": days(),
    }
    return LeadQuality(**(fields | changes))


MODEL_IN_USE = ModelInUse(
    "zones",
    "2026-11-08-bbbbbb",
    is_shipped=False,
    is_set_aside=False,
    learned_from=LearnedFrom(False, 60, date(2026, 9, 10), date(2026, 11, 8)),
)


def known(**changes):
    fields = {
        "kind": "zones",
        "model": MODEL_IN_USE,
        "since": date(2026, 11, 9),
        "scored": None,
        "decisions": [],
    }
    return KnownModel(**(fields | changes))


def quality(**changes):
    leads = changes.get("leads", [lead()])
    fields = {
        "first_day": date(2026, 11, 18),
        "last_day": LAST,
        "history_from": FIRST,
        "is_simulated": False,
        "leads": leads,
        "headline": next((one for one in leads if one.week), None),
        "models": [known()],
    }
    return Quality(**(fields | changes))


def shown(texts=FRENCH, **changes):
    return text_of(build_quality(texts, quality(**changes)))


# Better than both, than one alone, worse than both; a tie, and a yardstick that made no error.
SENTENCES = [
    (0.086, 0.3, "Prévisions à 1 h : 8,6 % d'erreur en moins que l'habitude"),
    (0.3, 0.086, "Prévisions à 1 h : 8,6 % d'erreur en moins qu'en supposant que rien ne change"),
    (0.2, -0.1, "Prévisions à 1 h : 10,0 % d'erreur de plus qu'en supposant que rien ne change"),
    (-0.2, 0.1, "Prévisions à 1 h : 20,0 % d'erreur de plus que l'habitude"),
    (-0.2, -0.1, "Prévisions à 1 h : 20,0 % d'erreur de plus que l'habitude"),
    (0.0, 0.0, "Prévisions à 1 h : autant d'erreur que l'habitude"),
    (0.0004, 0.4, "Prévisions à 1 h : autant d'erreur que l'habitude"),
    (0.5, None, "Prévisions à 1 h : des erreurs là où la persistance n'en fait aucune"),
]


@pytest.mark.parametrize(("average", "persistence", "words"), SENTENCES)
def test_one_sentence_holds_the_error_against_the_harder_yardstick(average, persistence, words):
    told = lead(week=verdict(average, persistence))
    assert plain(headline_sentence(FRENCH, told)) == words
    assert words in shown(leads=[told])
    line = build_quality_line(FRENCH, told, "/qualite/")
    assert text_of(line) == words
    assert [item.href for item in walk(line) if isinstance(item, html.A)] == ["/qualite/"]


def test_the_sentence_reads_in_english_as_well():
    said = [
        plain(headline_sentence(ENGLISH, lead(week=verdict(gain, 0.5)))) for gain in (0.086, 0, -1)
    ]
    assert said == [
        "Forecasts 1 hr ahead: 8.6% less error than the usual pattern",
        "Forecasts 1 hr ahead: neither more nor less error than the usual pattern",
        "Forecasts 1 hr ahead: 100% more error than the usual pattern",
    ]


def test_both_yardsticks_are_told_below_it_and_look_like_what_they_say():
    tree = build_quality(FRENCH, quality(leads=[lead(week=verdict(-0.039, 0.66))]))
    items = [
        item for item in walk(tree) if "quality-gain " in (getattr(item, "className", "") or "")
    ]
    assert [(text_of(item), item.className.split("--")[1]) for item in items] == [
        ("Face à l'habitude : 3,9 % d'erreur de plus.", "worse"),
        ("Face à la persistance : 66,0 % d'erreur en moins.", "better"),
    ]


def test_how_often_it_was_better_stands_with_what_explains_it_and_not_beside_the_sentence():
    text = shown()
    assert text.index("d'erreur en moins") < text.index("Par délai") < text.index("71 %")
    assert text.count(" 5 %") == 2


@pytest.mark.parametrize(
    ("average", "persistence", "words"),
    [
        (0.1, 0.1, "mieux que les deux repères"),
        (0.0, None, "à égalité avec l'habitude, moins bien que la persistance"),
        (0.0, 0.0, "à égalité avec les deux repères"),
        (-0.1, 0.1, "moins bien que l'habitude, mieux que la persistance"),
        (0.1, -0.1, "mieux que l'habitude, moins bien que la persistance"),
        (0.0, 0.1, "à égalité avec l'habitude, mieux que la persistance"),
        (-0.1, -0.1, "moins bien que les deux repères"),
    ],
)
def test_the_verdict_calls_a_tie_a_tie(average, persistence, words):
    assert verdict_in_words(FRENCH, verdict(average, persistence)) == words


def test_a_model_without_error_is_level_with_a_yardstick_without_error():
    assert verdict_in_words(FRENCH, verdict(None, None, error=0.0)) == (
        "à égalité avec les deux repères"
    )


def test_nothing_evaluated_is_said_in_each_of_its_states():
    text = shown(leads=[])
    assert "il faut un jour d'historique" in text.lower()
    assert "2026-11-08-bbbbbb" in text
    old = lead(week=None, yesterday=None, zones={}, calibration=[])
    text = shown(leads=[old])
    assert "Aucune prévision vérifiée ces sept derniers jours" in text
    assert "L'erreur, jour par jour" in text
    assert "Tous les chiffres" not in text
    assert text_of(build_quality_line(FRENCH, None, "/")) == "Prévisions : pas encore de résultat"


def test_scores_that_cannot_be_read_hide_no_model():
    text = text_of(build_unreachable(FRENCH, [known()]))
    assert "réessaie d'elle-même" in text
    assert "2026-11-08-bbbbbb" in text
    assert "60 jours de mesures" in text
    # Nobody knows what was decided and scored: it must not read as nothing.
    for words in ("En service depuis", "Pas encore vérifié", "Aucune décision"):
        assert words in shown()
        assert words not in text


def test_a_yesterday_that_could_not_be_evaluated_is_said_and_the_week_still_told():
    text = shown(leads=[lead(yesterday=None)])
    assert "Hier n'a pas pu être vérifié" in text
    assert "du 18/11/2026 au 24/11/2026" in text
    assert "Hier" not in shown()


def test_simulated_traffic_is_labelled_in_every_state():
    for leads in ([], [lead()]):
        assert "Trafic simulé" in shown(is_simulated=True, leads=leads)
        assert "Trafic simulé" not in shown(leads=leads)


def test_bands_show_where_a_kind_of_forecast_gives_them():
    hourly = lead(kind="zones")
    assert "P10–P90" not in shown(leads=[hourly])
    next_hour = [
        lead(lead_minutes=minutes, week=verdict(coverage=0.79, ratio_error=0.041))
        for minutes in (15, 60)
    ]
    text = shown(leads=[hourly, *next_hour])
    assert "Il y en a eu 79 % à 15 min, 79 % à 1 h." in text
    assert "4,1 %" in text
    # The hours' own table stays as narrow as it was.
    assert text.count("Dans la fourchette P10–P90") == 1


def test_the_curve_is_of_what_the_sentence_is_of_and_the_others_are_folded():
    hourly = lead(kind="zones", lead_minutes=1_440)
    next_hour = lead()
    text = shown(leads=[hourly, next_hour], headline=next_hour)
    first = text.index("Dans l'heure, 1 h avant : erreur moyenne de chaque jour")
    folded = text.index("Les autres prévisions")
    assert first < folded < text.index("Zones, heure par heure, 1 jour avant : erreur moyenne")
    assert "24/11/2026 2,00 2,50 4,10 480" in text


def svg_of(image):
    return plain(unquote(image.src.removeprefix("data:image/svg+xml,")))


def test_the_curve_has_a_day_for_a_day_and_breaks_where_one_is_missing():
    image = daily_plot(FRENCH, (FIRST, LAST), days(missing={date(2026, 11, 10)}))
    svg = svg_of(image)
    assert svg.count("<polyline") == 2 * 3
    assert svg.count("<circle") == 29 * 3
    for words in ("Modèle", "Habitude", "Persistance", "24 nov.", "14 nov.", "Erreur, en points"):
        assert f">{words}</text>" in svg
    assert plain(image.alt) == (
        "Erreur moyenne de chaque jour, du 26/10/2026 au 24/11/2026. "
        "Modèle : 2,00 points le premier jour, 2,00 le dernier. "
        "Habitude : 2,50 points le premier jour, 2,50 le dernier. "
        "Persistance : 4,10 points le premier jour, 4,10 le dernier."
    )


@pytest.mark.parametrize(
    ("error", "levels"),
    [(0.0005, ["0,00", "0,01", "0,05"]), (0.041, ["0", "1", "5"]), (0.9, ["0", "20", "100"])],
)
def test_the_levels_of_the_curve_fit_its_errors_and_are_written_in_french(error, levels):
    errors = [DayErrors(LAST, 9, dict.fromkeys(("model", "average", "persistence"), error))]
    svg = svg_of(daily_plot(FRENCH, (FIRST, LAST), errors))
    for level in levels:
        assert f">{level}</text>" in svg


def test_a_curve_of_no_error_at_all_is_drawn():
    none = [DayErrors(LAST, 9, dict.fromkeys(("model", "average", "persistence"), 0.0))]
    assert svg_of(daily_plot(FRENCH, (FIRST, LAST), none)).count("<circle") == 3


def test_a_line_lies_where_its_figures_say():
    axis = Axis(0, 1, [], "")
    svg, height = draw_plot([Line("a & b", [(0, 0), (0.5, 1), (1, 0.25)], [2, 2, 2])], axis, axis)
    assert 'points="0.0,1000.0 500.0,0.0 1000.0,750.0"' in svg
    assert "a &amp; b" in svg
    assert f'height="{height}"' in svg


def test_the_axes_of_the_calibration_are_written_as_each_language_writes_percent():
    for texts, half in ((FRENCH, "50\N{NO-BREAK SPACE}%"), (ENGLISH, "50%")):
        images = [
            unquote(item.src)
            for item in walk(build_quality(texts, quality()))
            if isinstance(item, html.Img)
        ]
        assert images[-1].count(f">{half}</text>") == 2


def test_the_calibration_says_the_same_in_words_and_as_a_table():
    assert plain(describe_calibration(FRENCH, {"Zones": POINTS})) == (
        "Zones : Annoncé 10 %, arrivé 12 %. Annoncé 70 %, arrivé 50 %."
    )
    tree = build_quality(FRENCH, quality())
    described = [plain(item.alt) for item in walk(tree) if isinstance(item, html.Img)]
    assert any("Annoncé 70 %, arrivé 50 %." in words for words in described)
    assert "70 % 50 % 20" in text_of(tree)


def test_the_shortest_and_the_longest_lead_time_of_the_next_hour_are_plotted():
    tree = build_quality(
        FRENCH, quality(leads=[lead(lead_minutes=minutes) for minutes in (15, 30, 60)])
    )
    [alt] = [
        plain(item.alt)
        for item in walk(tree)
        if isinstance(item, html.Img) and item.alt.startswith("Calibration")
    ]
    for name in ("Dans l'heure, 15 min avant :", "Dans l'heure, 1 h avant :"):
        assert name in alt
    assert "30 min" not in alt


def test_every_table_is_folded():
    tree = build_quality(FRENCH, quality(leads=[lead(), lead(kind="zones")]))
    folds = [item for item in walk(tree) if isinstance(item, html.Details)]
    assert not any(getattr(item, "open", None) for item in folds)
    folded = {
        id(item) for fold in folds for item in walk(fold.children) if isinstance(item, html.Table)
    }
    assert folded == {id(item) for item in walk(tree) if isinstance(item, html.Table)}


@pytest.mark.parametrize("texts", [FRENCH, ENGLISH], ids=["fr", "en"])
def test_every_kind_of_model_is_named(texts):
    text = shown(texts, models=[known(kind=kind, model=None) for kind in KINDS])
    for kind in KINDS:
        assert texts["quality"][f"kind_{kind}"] in text
    assert text.count(texts["quality"]["model_none"]) == len(KINDS)


def test_a_model_tells_since_when_what_it_learned_from_and_how_it_did():
    text = shown(models=[known(scored=lead(kind="zones", week=verdict(0.1, -0.2)))])
    for words in (
        "Version 2026-11-08-bbbbbb",
        "En service depuis 09/11/2026",
        "60 jours de mesures, du 10/09/2026 au 08/11/2026",
        "À 1 h, sur sept jours : 10,0 % d'erreur en moins que l'habitude, 20,0 % d'erreur de plus",
        "Aucune décision",
    ):
        assert words in text
    assert "Pas encore vérifié." in shown(models=[known()])


def test_a_model_that_came_with_the_application_or_is_set_aside_says_so():
    model = replace(
        MODEL_IN_USE,
        is_shipped=True,
        is_set_aside=True,
        learned_from=LearnedFrom(True, 84, date(2026, 8, 31), date(2026, 11, 22)),
    )
    text = shown(models=[known(model=model, since=None)])
    assert "livré avec l'application" in text
    assert "84 jours de trafic simulé" in text
    assert "Mis de côté" in text
    assert "Mis de côté" not in shown()


def test_the_model_of_pictures_tells_its_pictures_and_a_record_that_is_lost_is_said_to_be():
    model = replace(MODEL_IN_USE, learned_from=LearnedFrom(False, pictures=367), mean_iou=0.615)
    text = shown(models=[known(kind="camera", model=model)])
    assert "367 photos de rue" in text
    assert "0,62" in text
    lost = shown(models=[known(model=replace(MODEL_IN_USE, learned_from=None), since=None)])
    assert "n'est pas lisible" in lost
    assert "n'est pas enregistrée" in lost


@pytest.mark.parametrize("texts", [FRENCH, ENGLISH], ids=["fr", "en"])
def test_every_decision_on_record_has_words(texts):
    decisions = [
        DecisionMade(version, action, reason, date(2026, 11, 25), None, 0)
        for action in Action.__args__
        for reason in Reason.__args__
        for version in ("2026-11-15-cccccc", None)
    ]
    text = shown(texts, models=[known(decisions=decisions)])
    assert text.count("25/11/2026") == len(decisions)


def test_a_challenge_tells_its_figures():
    scores = {"challenger": 0.0322, "champion": 0.0399, "average": 0.0333}
    made = DecisionMade(
        "2026-11-15-cccccc", "promoted", "better_than_champion", date(2026, 11, 25), scores, 7
    )
    assert "candidat 3,22, modèle en service 3,99, habitude 3,33, sur 7 jours" in shown(
        models=[known(decisions=[made])]
    )


def test_numbers_are_written_as_each_language_writes_them():
    assert "12\N{NARROW NO-BREAK SPACE}345" in "".join(
        item for item in walk(build_quality(FRENCH, quality())) if isinstance(item, str)
    )
    assert "12,345" in shown(ENGLISH)


def test_lead_times_read_as_words():
    found = [" ".join(lead_name(FRENCH, minutes).split()) for minutes in (15, 60, 1_440)]
    assert found == ["15 min", "1 h", "1 jour"]


def test_the_page_knows_the_baselines_that_are_scored():
    assert set(verdict().skill) == set(BASELINES)
