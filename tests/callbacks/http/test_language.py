"""Which language a visitor reads, and which they are offered."""

from __future__ import annotations

import pytest

from callbacks.http.language import offered_language, requested_language
from tests.pages import layout_of


@pytest.fixture
def asked(client):
    """The language read, and the one offered, of a request."""

    def ask(path="/", cookie=None, **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            given["Cookie"] = f"language={cookie}"
        with client.application.test_request_context(path, headers=given):
            return requested_language(), offered_language()

    return ask


def test_the_address_beats_the_cookie_which_beats_the_default(asked):
    assert asked() == ("fr", None)
    assert asked(cookie="en") == ("en", None)
    assert asked("/?lang=fr", cookie="en") == ("fr", None)
    assert asked("/?lang=en") == ("en", None)
    # What is no language is nothing said.
    assert asked("/?lang=xx", cookie="en") == ("en", None)
    assert asked(cookie="../fr") == ("fr", None)


def test_what_a_page_asks_for_is_in_the_language_of_its_address(asked):
    path = "/_dash-update-component"
    assert asked(path, Referer="http://localhost/qualite?lang=en")[0] == "en"
    assert asked(path, cookie="en", Referer="http://localhost/?lang=fr")[0] == "fr"
    for other in ("http://elsewhere.example/?lang=en", "http://[", "//[", "null", "x" * 5_000):
        assert asked(path, Referer=other)[0] == "fr", other


@pytest.mark.parametrize(
    ("liked", "offered"),
    [
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("en-US", "en"),
        ("en-US,fr;q=0.5", "en"),
        ("fr-FR,fr;q=0.9,en;q=0.8", None),
        ("de,en;q=0.5", "en"),
        ("de", None),
        ("en;q=0.5,fr;q=0.5", None),
        ("*", None),
        ("", None),
        (";;;q=x", None),
    ],
)
def test_a_first_visitor_is_offered_what_their_browser_prefers(asked, liked, offered):
    assert asked(Accept_Language=liked) == ("fr", offered)
    # Nobody who has chosen is asked again.
    assert asked(cookie="fr", Accept_Language=liked)[1] is None
    assert asked("/?lang=fr", Accept_Language=liked)[1] is None


@pytest.mark.parametrize("path", ["/", "/qualite", "/camera"])
def test_the_offer_is_on_the_page_and_sends_nobody_there(client, path):
    english = {"Accept-Language": "en", "Referer": f"http://localhost{path}"}
    assert "This page is available in English." in str(layout_of(client, path, headers=english))
    assert client.get(path, headers=english).status_code == 200
    assert "available in English" not in str(layout_of(client, path))


@pytest.mark.parametrize(
    "path", ["/", "/qualite", "/camera", "/licences", "/nowhere", "/connexion"]
)
def test_every_page_takes_a_language_from_its_address(client, path):
    assert '<html lang="en' in client.get(f"{path}?lang=en").text
    client.set_cookie("language", "en")
    assert '<html lang="fr"' in client.get(f"{path}?lang=fr").text


def test_links_lead_on_in_the_language_of_the_address(client):
    text = client.get("/licences?lang=en").text
    for link in ("/?lang=en", "/qualite?lang=en", "/accessibilite?lang=en", "/api/v1/traffic"):
        assert f'href="{link}"' in text
    assert "lang=en" not in client.get("/licences?lang=fr").text.replace('href="?lang=en"', "")


def test_nobody_in_between_keeps_a_page_of_a_visitor_for_others(client, published):
    paths = ("/", "/qualite", "/camera", "/confidentialite", "/nowhere", "/connexion", "/qualite/")
    for path in paths:
        answer = client.get(path)
        assert answer.mimetype == "text/html"
        policy = answer.cache_control
        assert (policy.private and policy.no_cache) or policy.no_store, path
    # The picture tells its language in its address, and is anybody's.
    english = {"Cookie": "language=en", "Referer": "http://localhost/?lang=en"}
    answers = [client.get("/share.png", headers=headers).data for headers in ({}, english)]
    assert answers[0] == answers[1]
