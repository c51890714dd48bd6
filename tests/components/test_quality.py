"""The panel of forecast quality: plain words that follow the figures, whichever way they go."""

from __future__ import annotations

from datetime import date

import pytest

from components.calibration_plot import build_figure, describe
from components.quality import DecisionMade, ModelInUse, Quality, build_quality, build_unreachable
from components.quality_figures import lead_name, verdict_code
from services.base.texts import load_texts
from services.operations.tables import Action, Reason
from services.plain.quality import BASELINES, MODEL, CalibrationBin, ComparedScores, LeadQuality
from tests.components.trees import plain, text_of, walk

FRENCH, ENGLISH = load_texts("fr"), load_texts("en")
POINTS = (CalibrationBin(900, 0.1, 0.12), CalibrationBin(20, 0.7, 0.5))


def verdict(average=0.1, persistence=0.3, *, ratio_error=None, coverage=None):
    return ComparedScores(
        cases=12_345,
        rps={"model": 0.03, "persistence": 0.043, "average": 0.0333},
        brier={},
        ratio_error={MODEL: ratio_error},
        coverage={MODEL: coverage},
        better_share={"average": 0.71, "persistence": 0.4},
        skill={"average": average, "persistence": persistence},
    )


def lead(**changes):
    fields = {
        "kind": "zones",
        "lead_minutes": 60,
        "yesterday": verdict(),
        "week": verdict(),
        "zones": {"rocade": verdict()},
        "calibration": POINTS,
    }
    return LeadQuality(**(fields | changes))


def quality(**changes):
    fields = {
        "first_day": date(2026, 11, 18),
        "last_day": date(2026, 11, 24),
        "is_simulated": False,
        "leads": [lead()],
        "model": ModelInUse("2026-11-08-bbbbbb", False, 60, date(2026, 9, 10), date(2026, 11, 8)),
        "decisions": [],
    }
    return Quality(**(fields | changes))


def shown(texts=FRENCH, **changes):
    return text_of(build_quality(texts, quality(**changes)))


def test_plain_words_come_first():
    text = shown()
    assert "Hier, la prévision par heure, comparée 1 h avant, a été meilleure" in text
    assert "que l'habitude dans 71 % des cas" in text
    assert "Mieux que l'habitude : erreur réduite de 10,0 % sur les sept derniers jours." in text
    assert text.index("En bref") < text.index("Par délai") < text.index("Par zone")


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (-0.039, "Moins bien que l'habitude : erreur plus grande de 3,9 %"),
        (0.0001, "Ni mieux ni moins bien que l'habitude"),
        (None, "Ni mieux ni moins bien que l'habitude"),
    ],
)
def test_a_model_that_is_no_better_is_said_to_be_none(gain, words):
    assert words in shown(leads=[lead(week=verdict(average=gain))])


@pytest.mark.parametrize(
    ("average", "persistence", "code"),
    [
        (0.1, 0.1, "both"),
        (-0.1, 0.1, "persistence_only"),
        (0.1, -0.1, "average_only"),
        (-0.1, -0.1, "none"),
        (None, 0.0, "both"),
    ],
)
def test_the_verdict_names_the_yardsticks_that_were_held(average, persistence, code):
    assert verdict_code(verdict(average, persistence)) == code


def test_a_yesterday_that_could_not_be_evaluated_is_said_and_the_week_still_told():
    text = shown(leads=[lead(yesterday=None)])
    assert "n'a pas pu être vérifiée" in text
    assert "Depuis le 18/11/2026" in text


def next_hour(**changes):
    return [
        lead(kind="nowcast", lead_minutes=minutes, week=verdict(coverage=0.79, **changes))
        for minutes in (15, 60)
    ]


def test_bands_show_where_a_kind_of_forecast_gives_them():
    assert "P10–P90" not in shown()
    text = shown(leads=[lead(), *next_hour(ratio_error=0.041)])
    assert "Il y en a eu 79 % à 15 min, 79 % à 1 h." in text
    assert "La fourchette est juste à 80 %." in text
    assert "4,1 %" in text
    # The hours' own table stays as narrow as it was.
    assert text.count("Dans la fourchette P10–P90") == 1


def test_the_next_hour_is_told_by_lead_time_against_both_yardsticks():
    text = shown(leads=[lead(), *next_hour(persistence=-0.045)])
    assert (
        "15 min avant : mieux que l'habitude, erreur réduite de 10,0 % ; "
        "moins bien que la persistance, erreur plus grande de 4,5 %." in text
    )
    assert text.index("Hier, la prévision par heure") < text.index("15 min avant : mieux")
    assert text.index("15 min avant : mieux") < text.index("1 h avant : mieux")
    assert "Dans l'heure" not in shown()


@pytest.mark.parametrize(
    ("average", "persistence", "code"),
    [(0.1, 0.2, "better"), (0.1, None, "same"), (0.0, -0.2, "worse")],
)
def test_a_line_of_the_next_hour_looks_like_the_worst_it_says(average, persistence, code):
    content = build_quality(
        FRENCH, quality(leads=next_hour(average=average, persistence=persistence))
    )
    classes = [getattr(item, "className", None) or "" for item in walk(content)]
    found = [name for name in classes if name.startswith("quality-gain ")]
    assert found == [f"quality-gain quality-gain--{code}"] * 2


def test_the_next_hour_alone_is_shown_as_well():
    text = shown(leads=next_hour())
    assert "Hier" not in text
    assert text.index("Dans l'heure") < text.index("Par délai")


def test_the_shortest_and_the_longest_lead_time_of_the_next_hour_are_plotted():
    middle = lead(kind="nowcast", lead_minutes=30)
    text = shown(leads=[lead(), next_hour()[0], middle, next_hour()[1]])
    for name in ("Dans l'heure, 15 min avant", "Dans l'heure, 1 h avant"):
        assert f"{name} Annoncé" in text
    assert "Dans l'heure, 30 min avant Annoncé" not in text


def test_simulated_traffic_is_labelled_in_every_state():
    for leads in ([], [lead()]):
        assert "Trafic simulé" in shown(is_simulated=True, leads=leads)
        assert "Trafic simulé" not in shown(leads=leads)


def test_nothing_evaluated_and_nothing_readable_are_told_apart():
    assert "il faut un jour d'historique" in shown(leads=[]).lower()
    assert "réessaie d'elle-même" in text_of(build_unreachable(FRENCH))
    assert "Aucun modèle n'est lisible" in shown(model=None)


@pytest.mark.parametrize("texts", [FRENCH, ENGLISH], ids=["fr", "en"])
def test_every_decision_on_record_has_words(texts):
    decisions = [
        DecisionMade("zones", version, action, reason, date(2026, 11, 25), None, 0)
        for action in Action.__args__
        for reason in Reason.__args__
        for version in ("2026-11-15-cccccc", None)
    ]
    text = shown(texts, decisions=decisions)
    assert text.count("25/11/2026") == len(decisions)


def test_a_challenge_tells_its_figures():
    scores = {"challenger": 0.0322, "champion": 0.0399, "average": 0.0333}
    made = DecisionMade(
        "zones",
        "2026-11-15-cccccc",
        "promoted",
        "better_than_champion",
        date(2026, 11, 25),
        scores,
        7,
    )
    assert "candidat 3,22, modèle en service 3,99, habitude 3,33, sur 7 jours" in shown(
        decisions=[made]
    )


def test_the_plot_says_the_same_in_words_and_as_a_table():
    figure = build_figure(FRENCH, {"Zones": POINTS})
    assert list(figure.data[1].x) == [0.1, 0.7]
    assert plain(describe(FRENCH, {"Zones": POINTS})) == (
        "Zones : Annoncé 10 %, arrivé 12 %. Annoncé 70 %, arrivé 50 %."
    )
    tree = build_quality(FRENCH, quality())
    labels = [
        item.to_plotly_json()["props"].get("aria-label", "")
        for item in walk(tree)
        if hasattr(item, "to_plotly_json")
    ]
    assert any("Annoncé 70 %, arrivé 50 %." in plain(label) for label in labels)
    assert "900 Annoncé" not in text_of(tree)
    assert "70 % 50 % 20" in text_of(tree)


def test_numbers_are_written_as_each_language_writes_them():
    assert "12\N{NARROW NO-BREAK SPACE}345" in "".join(
        item for item in walk(build_quality(FRENCH, quality())) if isinstance(item, str)
    )
    text = shown(ENGLISH)
    assert "12,345" in text
    assert "10.0% less error" in text


def test_lead_times_read_as_words():
    found = [" ".join(lead_name(FRENCH, minutes).split()) for minutes in (15, 60, 1_440)]
    assert found == ["15 min", "1 h", "1 jour"]


def test_the_panel_knows_the_baselines_that_are_scored():
    assert set(verdict().skill) == set(BASELINES)


@pytest.mark.parametrize(
    ("texts", "sentence", "kind"),
    [
        (FRENCH, "la prévision par tronçon, comparée 1 jour avant,", "Tronçons"),
        (ENGLISH, "the forecast by road section, compared 1 day ahead,", "Road sections"),
    ],
)
def test_the_week_of_every_segment_is_told_beside_both_yardsticks(texts, sentence, kind):
    week = lead(kind="week", lead_minutes=1_440, week=verdict(average=-0.2))
    shown = text_of(build_quality(texts, quality(leads=[lead(), week])))
    assert sentence in shown
    assert kind in shown
    assert texts["quality"]["verdict_persistence_only"] in shown
