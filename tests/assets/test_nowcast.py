"""The card of the next hour in the browser: the present at once, the rest once it is there."""

from __future__ import annotations

import pytest

from tests.assets.scripts import loaded
from tests.components.trees import plain

OBSERVED_AT = 1_787_000_000
LEADS = [15, 30]
PARTS = ("status", "lost", "band")
SETTINGS = {
    "zones": ["centre-ville", "rocade"],
    "timeZone": "Europe/Paris",
    "nowcast": {"url": "/n", "roadsUrl": "/r", "leadMinutes": LEADS},
}
SNAPSHOT = {"version": "a", "zones": [["dense", 0, 7], None]}
READY = {
    "state": "ready",
    "version": "a",
    "observed_at": OBSERVED_AT,
    "basis": ["initial", 0, 28],
    # Status, its probability, minutes lost on ten kilometres, the least and the most.
    "zones": [[["dense", 0.71, 9, 5, 13], ["free", 0.45, 3, 1, 8]], None],
}
SAID_FR = (
    "Centre-ville, dans 15 minutes : Dense, probabilité 71 % ; 9 min de plus pour 10 km"
    " qu'à la vitesse libre, entre 5 min et 13 min huit fois sur dix"
)
SAID_EN = (
    "Centre, in 15 minutes: Heavy, probability 71%; 9 mins more for 10 km than at"
    " free-flow speed, between 5 mins and 13 mins eight times out of ten"
)
SAID = {
    "fr": ("Dense", "Libre", "min", SAID_FR),
    "en": ("Heavy", "Free", "mins", SAID_EN),
}


@pytest.fixture(params=["fr", "en"])
def page(request):
    """A page whose server answers only once it is told what."""
    scripts = ("app.js", "wording.js", "writing.js", "nowcast.js")
    with loaded(*scripts, language=request.param) as page:
        page.js(
            f"""void Object.assign(trafficRennes, {{
                freshness: {{ now: () => {OBSERVED_AT} }},
                mapForecast: {{ update: () => {{}} }},
                roadCard: {{ rewrite: () => {{}} }},
                addressOf: (url, version) => `${{url}}/${{version}}`,
                fetchJson: () => new Promise((resolve) => {{ globalThis.answer = resolve; }}),
            }})"""
        )
        page.change(settings=SETTINGS, texts=page.texts)
        page.language = request.param
        yield page


def cell(page, zone, column):
    return [plain(page.call("shown", f"nowcast-{zone}-{column}-{part}")["text"]) for part in PARTS]


def title(page, zone, column):
    return plain(page.call("shown", f"nowcast-{zone}-{column}")["title"])


def test_the_present_is_there_while_the_next_hour_is_still_asked_for(page):
    page.change(snapshot=SNAPSHOT)
    word, now, unknown, note = {
        "fr": ("Dense", "+7 min", "Inconnu", "La prévision de l'heure se prépare."),
        "en": ("Heavy", "+7 mins", "Unknown", "The forecast for the next hour is being prepared."),
    }[page.language]
    assert cell(page, "centre-ville", "now") == [word, now, ""]
    assert cell(page, "centre-ville", "15") == ["—", "", ""]
    # In the tile's word.
    assert cell(page, "rocade", "now") == [unknown, "", ""]
    assert page.call("shown", "nowcast-note")["text"] == note


def test_it_tells_minutes_on_ten_kilometres_as_the_tiles_do(page):
    page.change(snapshot=SNAPSHOT)
    page.call("answer", READY)
    heavy, free, minutes, said = SAID[page.language]
    assert cell(page, "centre-ville", "15") == [heavy, f"+9 {minutes}", "5–13"]
    assert cell(page, "centre-ville", "30") == [free, f"+3 {minutes}", "1–8"]
    assert title(page, "centre-ville", "15") == said
    # Not likelier than the others together.
    assert "--leaning" in page.call("shown", "nowcast-centre-ville-30")["className"]
    unknown = {"fr": "Inconnu", "en": "Unknown"}[page.language]
    assert cell(page, "rocade", "15") == [unknown, "", ""]
