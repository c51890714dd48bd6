from __future__ import annotations

import time

import pytest

from services.base.privacy import MAX_CHARACTERS, masked, without_personal_data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://me:s3cret@host.fr:8443/x", "https://host.fr:8443/x"),
        ("postgresql+psycopg://me:p@ss/word@db/traffic", "postgresql+psycopg://db/traffic"),
        ("with url: /feed?apikey=s3cret (Caused by X)", "with url: /feed?- (Caused by X)"),
        ("http://host/feed?apikey=s3'cret&b=1 -> http://b?s3cret", "http://host/feed?- -> http://b?-"),
        ("'http://host/feed?s3cret'", "'http://host/feed?-"),
        ("http://host/back#access_token=s3cret", "http://host/back#-"),
        ("/login/http%3A%2F%2Fhost%3Fkey%3Ds3cret", "/login/http%3A%2F%2Fhost%3F-"),
        ("Is it late? It is #3 of 5", "Is it late? It is #3 of 5"),
        ("re.compile('(?P<name>x)')", "re.compile('(?P<name>x)')"),
        ("from fe80::1: refused", "from -: refused"),
        ("client:2001:db8::1", "client:-"),
        ("2026-11-29T12:43:00+01:00", "2026-11-29T12:43:00+01:00"),
        ("x" * 100 + "@example.org", "-"),
    ],
)  # fmt: skip
def test_a_text_loses_what_is_secret_and_keeps_the_rest(text, expected):
    assert without_personal_data(text) == expected


HOSTILE = (
    "a", ":", "a:", "1:", "://", "://a@", "?a", "?", "#a=", "#", "%3Fa", "a@", "a%40", "a%40b.",
    "1.", "1.1.1.1 ", "cookie  ", " ", "bearer ", "basic", "authorization=", "\n", "a.a@a.",
)  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE, ids=repr)
def test_the_time_it_takes_grows_with_the_text_and_no_faster(unit):
    def seconds(characters: int) -> float:
        text = (unit * characters)[:characters]
        took = []
        for _ in range(3):
            started = time.thread_time()
            masked(text)
            took.append(time.thread_time() - started)
        return min(took)

    # Ten times the text; a hundred times the time where it grows by the square.
    assert seconds(80_000) < 40 * max(seconds(8_000), 1e-4)


def test_a_long_text_keeps_its_ends_and_no_half_of_a_secret():
    secrets = " http://me:s3cret@host/x?key=s3cret Cookie: s3cret s3cret"
    for shift in range(0, 120, 7):
        before = "b" * (MAX_CHARACTERS // 2 - shift) + secrets
        text = f"first line\n{before} {'m' * 90_000} s3cret{secrets}\nlast: Error at the end"
        told = without_personal_data(text)
        assert "s3cret" not in told
        assert told.startswith("first line\n")
        assert told.endswith("last: Error at the end")
        assert "characters left out" in told
        assert len(told) < MAX_CHARACTERS + 100


def test_a_text_of_megabytes_is_told_at_once_and_short():
    assert len(without_personal_data("a" * 30_000_000)) < MAX_CHARACTERS
