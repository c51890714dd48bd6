from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image, ImageDraw

from components.palette import LIGHT
from components.picture_text import Writer
from components.share_picture import RoadMap, SharedState, draw_picture, state_sentence
from services.base.texts import load_texts

FRENCH, ENGLISH = load_texts("fr"), load_texts("en")
STATE = SharedState(
    observed_at=datetime(2026, 11, 30, 17, 42, tzinfo=UTC),
    source="live",
    is_old=False,
    zones={"centre-ville": "dense", "rocade": "free", "ceinture": None},
)
ROADS = RoadMap(
    {
        "freeFlow": [[(0.0, 0.1), (1.0, 0.1)]],
        "congested": [[(0.0, 0.5), (1.0, 0.5)]],
        "unknown": [],
    },
    aspect=1.2,
)
# Rows and columns where a picture says what is not real or not of now.
BANNER = np.s_[400:570, 770:]


def drawn(state=STATE, texts=FRENCH, roads=ROADS):
    return Image.open(io.BytesIO(draw_picture(texts, state, roads)))


def rgb(picture):
    return np.asarray(picture.convert("RGB")).astype(int)


def has_colour(picture, colour):
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return bool((np.abs(rgb(picture) - wanted).max(axis=2) <= 4).any())


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (FRENCH, "Centre-ville : dense, rocade : libre, ceinture : inconnu — 17:42"),
        (ENGLISH, "heavy, ring road: free, outer belt: unknown — 17:42"),
    ],
)
def test_the_sentence_tells_every_zone_and_when_that_was(texts, told):
    assert state_sentence(texts, STATE).replace("\N{NO-BREAK SPACE}", " ").endswith(told)


def test_the_sentence_says_first_what_is_not_real_or_not_of_now():
    told = state_sentence(FRENCH, replace(STATE, source="demo", is_old=True))
    assert told.startswith("Trafic simulé. Données anciennes. Centre-ville")
    assert told.endswith("30/11/2026 à 17:42")


def test_the_picture_shows_roads_in_their_colours_and_has_the_size_that_sites_want():
    picture = drawn()
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert has_colour(picture, LIGHT.status["freeFlow"])
    assert has_colour(picture, LIGHT.status["congested"])


def test_what_is_old_is_grey_but_for_the_words_that_say_so():
    picture = drawn(replace(STATE, is_old=True))
    assert not has_colour(picture, LIGHT.status["freeFlow"])
    assert not has_colour(picture, LIGHT.status["congested"])
    is_coloured = np.ptp(rgb(picture), axis=2) > 40
    assert is_coloured[BANNER].sum() == is_coloured.sum() > 1_000


def test_simulated_traffic_is_told_on_the_picture():
    live, demo = rgb(drawn()), rgb(drawn(replace(STATE, source="demo")))
    # The colours of few pixels beside it may differ, since a picture has but 128.
    differs = np.abs(live - demo).max(axis=2) > 40
    assert differs[BANNER].sum() > 0.99 * differs.sum() > 1_000


def test_a_network_without_roads_is_drawn_too():
    assert drawn(roads=RoadMap({}, aspect=1.0)).size == (1200, 630)


@pytest.mark.parametrize(("accented", "plain"), [("é", "e"), ("à", "a"), ("ê", "e"), ("ü", "u")])
def test_accents_are_drawn_above_their_letters(accented, plain):
    def ink(text):
        picture = Image.new("L", (80, 80), 255)
        Writer(ImageDraw.Draw(picture)).write(20, 20, text, 40, "#000000")
        return np.asarray(picture) < 128

    with_mark, without = ink(accented), ink(plain)
    first_row = np.flatnonzero(without.any(axis=1))[0]
    assert (with_mark[first_row:] == without[first_row:]).mean() > 0.99
    assert with_mark[:first_row].sum() > 5
