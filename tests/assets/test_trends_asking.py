"""What is asked and not answered: when that is said, and how soon it is asked again."""

from __future__ import annotations

import pytest

from callbacks.pages.trends.asking import Asking
from components.trends.page import ASKING_ID, POLL_ID, UNANSWERED_ID
from tests.assets.scripts import loaded

ASKING = Asking(ASKING_ID, POLL_ID)
[_, (_, ASKED, RESPONDED)] = ASKING.running


@pytest.fixture
def page():
    with loaded("app.js", "writing.js", "trends_asking.js") as page:
        # The one timer that the script has at a time.
        page.js(
            """void Object.assign(globalThis, {
                waiting: null,
                setTimeout: (react, ms) => ((globalThis.waiting = { react, ms }), 1),
                clearTimeout: () => (globalThis.waiting = null),
            })"""
        )
        yield page


def stand(page, told):
    page.call("void dash_clientside.trends_asking.stand", told)


def waits_ms(page):
    return page.js("waiting?.ms")


def pass_by(page):
    """The timer ends; what Dash is told then."""
    page.js("void ((one) => { waiting = null; told.length = 0; one.react(); })(waiting)")
    return page.js("told")


def is_said(page):
    return page.js(f"shown('{UNANSWERED_ID}')")["hidden"] is False


def test_an_error_is_said_at_once_and_a_silent_server_after_ten_seconds(page):
    stand(page, ASKED)
    assert waits_ms(page) == 10_000
    stand(page, RESPONDED)
    assert waits_ms(page) == 2_000
    pass_by(page)
    assert is_said(page)


def test_it_is_asked_again_after_pauses_that_grow_to_a_minute(page):
    pauses = []
    for _ in range(7):
        stand(page, ASKED)
        stand(page, RESPONDED)
        [(timer, props)] = pass_by(page)
        assert (timer, props["disabled"]) == (POLL_ID, False)
        pauses.append(props["interval"] // 1_000)
    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_an_answer_takes_back_what_was_said_and_the_next_failure_is_the_first(page):
    for told in (ASKED, RESPONDED):
        stand(page, told)
    pass_by(page)

    stand(page, ASKED)
    # Until then it may well fail again.
    assert is_said(page)
    stand(page, ASKING.answered)
    assert not is_said(page)
    assert waits_ms(page) is None

    for told in (ASKED, RESPONDED):
        stand(page, told)
    [(_, props)] = pass_by(page)
    assert props["interval"] == 2_000


def test_who_reads_that_can_ask_at_once(page):
    page.js("void happen('click', { closest: (selector) => selector === '#trends-again' })")
    [[timer, props]] = page.js("told")
    assert timer == POLL_ID
    assert props["n_intervals"] > 0
