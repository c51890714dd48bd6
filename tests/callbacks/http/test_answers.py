"""What answers are made of: JSON of arrays too, and nothing twice to who has it."""

from __future__ import annotations

import flask
import numpy as np
import pytest
from flask import Response

from callbacks.http import answers


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
