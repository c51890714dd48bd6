"""What answers are made of: JSON of arrays too, and nothing twice to who has it."""

from __future__ import annotations

import brotli
import flask
import numpy as np
import pytest
from flask import Response

from callbacks.http import answers
from tests.waiting import wait_until


@pytest.fixture
def asked():
    def ask(**headers):
        return flask.Flask("test").test_request_context(headers=headers)

    return ask


def test_data_and_arrays_are_json_that_nobody_keeps():
    answer = answers.json_answer({"id": ["1"], "share": np.array([0.5, np.nan])})
    assert answer.get_json() == {"id": ["1"], "share": [0.5, None]}
    assert answer.headers["Cache-Control"] == "no-store"


def test_who_has_the_same_gets_nothing_of_any_answer(asked):
    with asked():
        first = answers.conditional(Response("content"))
    with asked(**{"If-None-Match": first.headers["ETag"]}):
        assert answers.conditional(Response("content")).status_code == 304
        assert answers.conditional(Response("another")).status_code == 200


def test_a_document_keeps_the_mark_of_its_form(asked):
    document = answers.Document(b"content", answers.JSON)
    with asked(**{"Accept-Encoding": "br"}):
        sent = answers.conditional(answers.send_document(document))
    assert sent.headers["ETag"] == f'"{document.tag}-br"'


def test_what_lasts_is_sent_at_once_and_smaller_later(asked):
    words = b"".join(b"Rue de Saint-Malo %d\n" % (number * number) for number in range(4_000))
    document = answers.Document(words, answers.JSON)

    def sent():
        with asked(**{"Accept-Encoding": "br"}):
            return answers.send_lasting(document)

    first = sent()
    wait_until(lambda: len(sent().data) < len(first.data))
    for answer in (first, sent()):
        assert brotli.decompress(answer.data) == words
        assert "immutable" in answer.headers["Cache-Control"]
        # The same to who has it already.
        assert answer.headers["ETag"] == first.headers["ETag"]


def test_what_is_of_this_minute_or_as_small_as_it_gets_is_left_as_it_is(asked, monkeypatch):
    started = []
    monkeypatch.setattr(answers.threading, "Thread", started.append)
    small = answers.Document(b"content" * 1_000, answers.JSON, {"br": b"as it came"})
    with asked(**{"Accept-Encoding": "br"}):
        assert answers.send_lasting(small).data == b"as it came"
        answers.send_document(answers.Document(b"news" * 1_000, answers.JSON))
    assert started == []
