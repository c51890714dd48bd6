"""A page in Chromium whose refreshes a cache answers: the same page, without its callback."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, COMPACT
from tests.factories import OBSERVED_AT

pytestmark = BROWSER_TEST

CALLBACK = "_dash-update-component"
AFTER = OBSERVED_AT + timedelta(minutes=3)


@pytest.fixture(scope="module")
def app(start_shared_app):
    return start_shared_app(shared_cache=True)


def shown(page):
    return page.js("trafficRennes.page.snapshot?.version")


def live(asked):
    """What was asked for of refreshes, in order."""
    return [path for url in asked for base, _, path in [url.partition("/live/")] if path]


def test_refreshes_come_through_the_cache_and_by_the_callback_where_that_has_none(app, visit):
    app.publish()
    page = visit(app.url, COMPACT)
    asked = []
    page.page.on("request", lambda request: asked.append(request.url))

    newer = app.publish(Status.HEAVY, observed_at=AFTER)
    page.until(lambda: shown(page) == newer.version, "what was published, by its document")
    # Once its roads are painted, the page asks what is current and for nothing more.
    page.until(lambda: live(asked)[-3:] == 3 * ["current"], "refreshes without news")
    assert [url for url in asked if CALLBACK in url] == []

    page.page.route("**/live/current", lambda route: route.abort())
    newest = app.publish(Status.CONGESTED, observed_at=AFTER + timedelta(minutes=3))
    page.until(lambda: shown(page) == newest.version, "what was published, by the callback")
    assert [url for url in asked if CALLBACK in url]

    # Neither answers: the page says so, as ever.
    page.page.route(f"**/{CALLBACK}*", lambda route: route.abort())
    page.page.locator("#connection").wait_for(state="visible")
    page.page.unroute("**/live/current")
    page.page.locator("#connection").wait_for(state="hidden")
