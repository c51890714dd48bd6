"""From a question as it was sent to what a view says of the archive."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

import msgspec
import pytest

from services.base.errors import InvalidRequest
from services.base.texts import languages, load_texts
from services.city.rennes import RENNES
from services.plain.trends.asking import OwnReason, Query, answer_type, view_of
from services.plain.trends.replay import ReplayAnswer, ReplayQuery
from services.trends.answering import ArchiveAnswers, UnknownQuestion
from services.trends.archive import NoHistory, unreported
from services.trends.messages import Question
from services.trends.places import UnknownPlace
from services.trends.views import VIEWS, View, by_name
from tests.services.history.days import append, moments

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def answers(tmp_path):
    return ArchiveAnswers(RENNES, tmp_path, lambda: NOON)


def asked(query, view=None):
    return Question(view or view_of(type(query)), msgspec.msgpack.encode(query), "live", "net")


def test_a_question_is_answered_by_its_view(answers, tmp_path, network):
    append(tmp_path, network, moments(NOON, 2))
    answer = answers(asked(ReplayQuery(day=date(2026, 11, 24))), unreported)
    assert isinstance(answer, ReplayAnswer)
    assert not answer.is_over


def test_without_history_it_says_so(answers):
    with pytest.raises(NoHistory):
        answers(asked(ReplayQuery(day=date(2026, 11, 24))), unreported)


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("nosuchview", b""),
        ("relecture", b""),
        ("relecture", b"\x81\xa3day\xa1x"),
        ("relecture", msgspec.msgpack.encode({"type": "courbe", "day": "2026-11-24"})),
        ("relecture", msgspec.msgpack.encode({"type": "relecture", "day": "2026-11-24", "a": 1})),
    ],
)
def test_a_question_of_another_version_is_refused(answers, view, query):
    with pytest.raises(UnknownQuestion):
        answers(Question(view, query, "live", "net"), unreported)


def test_what_could_not_be_read_is_told_of_one_question_alone(answers, tmp_path, network):
    append(tmp_path, network, moments(NOON, 2))
    question = asked(ReplayQuery(day=date(2026, 11, 24)))
    first, second = answers._archive(question), answers._archive(question)
    assert first.network is second.network
    first.unread.add(date(2026, 11, 24))
    assert not second.unread


def test_what_people_are_told_of_a_refusal_is_written_in_each_language():
    told = {error.reason for error in (UnknownPlace, InvalidRequest, NoHistory)}
    for language in languages():
        assert told | set(get_args(OwnReason)) <= load_texts(language)["trends_problem"].keys()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view_of(view.query_type))
def test_every_view_names_its_answer_as_pages_read_it(view):
    assert issubclass(answer_type(view.query_type), msgspec.Struct)
    assert issubclass(view.query_type, Query)


def test_two_views_of_one_name_are_noticed():
    view = View(ReplayQuery, lambda _archive, _query, _report: ReplayAnswer(b"", is_over=True))
    with pytest.raises(ValueError, match="relecture"):
        by_name([view, view])


def test_a_question_without_a_name_or_an_answer_is_noticed():
    class Nameless(Query[ReplayAnswer], frozen=True):
        pass

    class Answerless(Query, frozen=True, tag="answerless"):
        pass

    with pytest.raises(TypeError, match="no tag"):
        view_of(Nameless)
    with pytest.raises(TypeError, match="no Query"):
        answer_type(Answerless)


def test_views_tell_the_time_by_the_clock_that_is_handed_in(answers, tmp_path, network):
    append(tmp_path, network, moments(NOON, 2))
    archive = answers._archive(asked(ReplayQuery(day=date(2026, 11, 24))))
    assert archive.clock() == NOON
