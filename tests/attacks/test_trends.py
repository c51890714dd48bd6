"""Whatever addresses and callbacks of Tendances hold, they are refused where they come in."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace

import msgspec
import pytest

from callbacks.pages.trends.page import VIEWS
from callbacks.pages.trends.page_view import Asked, asked_of, new_asker, parts_of
from services.base.errors import InvalidRequest
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.plain.trends.asking import Failed, view_of
from services.plain.trends.common import FIRST_DAY, LAST_DAY
from services.trends.data_version import data_version
from services.trends.kept_answers import KeptAnswers
from services.trends.messages import Answered, Question
from tests.attacks.test_strangers import OWN_PAGE, calls_of
from tests.factories import make_network

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAYS = ("jour", "jour2", "du", "au", "du2", "au2")
TIMES = ("depart", "h1", "h2")
CHOICES = ("jours", "mesure", "couleur", "chiffre", "tete", "lieu2")
WIDE_DIGITS = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}
ODD_DAYS = (
    "0001-01-01", "0001-01-02", "0001-01-20", "1969-12-31", "2200-01-01", "9999-12-30",
    "9999-12-31", "2026-02-30", "20261124", "2026-W48-2", "2026-11-24".translate(WIDE_DIGITS),
    "-1", "9" * 150, "\0", "é", "x",
)  # fmt: skip
EDGES = (FIRST_DAY.isoformat(), LAST_DAY.isoformat())
ODD_TIMES = (
    "24:00",
    "9" * 150 + ":00",
    "08:15+02:00",
    "-1:00",
    "\u0660\u0668:\u0661\u0665",
    "\0",
    "8",
    "08:15:59.5",
)
ODD_TEXTS = ("x", "\0", "é" * 199, "<script>", "=1+1", "..%2f", "a\r\nb: c")


@pytest.fixture(scope="module")
def network():
    return make_network()


def asks(network, tmp_path, view, **parts):
    """What a view makes of an address: its question and the mark of what it is answered from."""
    asked = Asked({"lieu": "corridor:rocade", **parts}, network, RENNES.local(NOW).date())
    query = view.taken_away(asked)
    view.heading(load_texts("fr"), asked)
    document = msgspec.msgpack.encode(query)
    question = Question(view_of(type(query)), document, "demo", network.version)
    return document, data_version(RENNES, tmp_path, question, query.days(), NOW)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_no_part_of_an_address_fails_a_view_or_the_mark_of_its_data(view, network, tmp_path):
    parts = [
        *product(DAYS, (*ODD_DAYS, *EDGES)),
        *product(TIMES, ODD_TIMES),
        *product(CHOICES, ODD_TEXTS),
    ]
    answered = refused = 0
    for name, value in parts:
        try:
            document, _ = asks(network, tmp_path, view, **{name: value})
        except InvalidRequest:
            refused += 1
        else:
            answered += 1
            assert len(document) < 2_000
    # What a view does not look at is nothing to it; days and the like are refused.
    assert refused >= len(ODD_DAYS)
    assert answered


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_periods_that_end_before_they_begin_or_never_are_no_failure_of_ours(
    view, network, tmp_path
):
    for first, last in (("2026-11-20", "2026-11-10"), EDGES, EDGES[::-1]):
        assert asks(network, tmp_path, view, du=first, au=last, du2=first, au2=last)


@pytest.mark.parametrize("search", ["?lieu=" + "x" * 201, "?" + "x" * 201 + "=1", "?a=1" * 41])
def test_an_address_that_is_too_long_is_refused_and_not_repeated_whole(search):
    with pytest.raises(InvalidRequest) as refused:
        parts_of(search + "&b=2" * 5_000 if search.startswith("?a") else search)
    assert len(str(refused.value)) < 500


def test_stored_days_and_files_of_years_that_nobody_counts_are_the_callers_fault(stranger):
    for day in ODD_DAYS[:7]:
        assert stranger.get(f"/tendances/jour/{day}.bin").status_code == 400
        for form in ("csv", "geojson", "json", "parquet"):
            answer = stranger.get(
                f"/tendances/export.{form}?vue=scan&lieu=corridor:rocade&au={day}"
            )
            assert answer.status_code == 400, day


@pytest.fixture
def told_to_stop(attacked, monkeypatch):
    """Whose questions were stopped."""
    stopped = []
    client = "services.web.trends_client.TrendsClient"
    monkeypatch.setattr(f"{client}.stop", lambda _self, _query, asker="": stopped.append(asker))
    return stopped


def stop(stranger, asker):
    [call] = [
        call
        for call in calls_of(stranger, "/tendances")
        if "trends-result.children" in call["output"]
    ]
    values = {"trends-address": "?vue=courbe", "trends-stop": 1, "trends-asker": asker}
    for part in (*call["inputs"], *call["state"]):
        part["value"] = values.get(part["id"])
    call["changedPropIds"] = ["trends-stop.n_clicks"]
    where = "/tendances/_dash-update-component"
    return stranger.post(where, json=call, headers=OWN_PAGE).status_code


@pytest.mark.parametrize("asker", [None, "", "x" * 16, "0" * 15, "0" * 60_000, 7, ["0" * 16]])
def test_whoever_is_no_page_stops_nothing_and_fills_no_memory_with_names(
    stranger, told_to_stop, asker
):
    # Files and reports by mail ask in the name of no page.
    assert stop(stranger, asker) == 400
    assert told_to_stop == []


def test_a_page_stops_its_own_question(stranger, told_to_stop):
    asker = new_asker()
    assert stop(stranger, asker) == 200
    assert told_to_stop == [asker]


def test_long_questions_and_long_refusals_count_as_what_is_kept():
    kept = KeptAnswers(max_bytes=100_000)
    for number in range(40):
        long = Question("echo", f"{number:010}".encode() * 1_000, "live")
        kept.keep(long, "v", Failed("unknown_place", "x" * 10_000))
        assert kept.size <= 100_000
    assert kept.find(long, "v") == Failed("unknown_place", "x" * 10_000)
    # Four of 21 KB are kept, and so are they after many short ones have come.
    kept.keep(Question("echo", b"", "live"), "v", Answered(b""))
    assert kept.size == 4 * 21_024 + 1_024


def test_before_there_is_a_network_nothing_of_an_address_is_read():
    services = SimpleNamespace(traffic=SimpleNamespace(view=lambda: None))
    assert asked_of(services, "?" + "x" * 10_000) is None
