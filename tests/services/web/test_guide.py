"""The user guide: the same parts in every language, with what the page knows to show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.guide import build_guide
from services.base.texts import languages, load_texts
from services.plain.guide import Code, Heading, Items, Paragraph, Rows
from services.web.guide import blocks_of, guide_path, read_guide
from tests.components.trees import text_of

ROOT = Path(__file__).parents[3]


def test_both_languages_have_the_same_parts():
    kinds = {language: [type(block) for block in read_guide(language)] for language in languages()}
    assert kinds["fr"] == kinds["en"]
    assert kinds["fr"].count(Heading) > 12


@pytest.mark.parametrize("language", languages())
def test_every_picture_is_there(language):
    content = (ROOT / guide_path(language)).read_text("utf-8")
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", content)
    assert len(pictures) == 11
    missing = [name for name in pictures if not (ROOT / "docs" / name).exists()]
    assert missing == []


@pytest.mark.parametrize("language", languages())
def test_the_page_shows_words_and_no_marks(language):
    page = build_guide(load_texts(language), read_guide(language), "/tendances/")
    words = text_of(list(page.content))
    assert "23 CFR 490.511" in words
    assert not re.search(r"\*\*|!\[|\]\(|\|", words)


def test_what_it_is_made_of():
    table = "|a|b|\n|---|---|\n|c|**d**|"
    content = f"# T\n\n*[x](y)*\n\n## A\n\n{table}\n\n```sh\nrun\n```\n\n- e\n  f\n\ng\n"
    assert blocks_of(content, "en") == [
        Heading("A"),
        Rows([["a", "b"], ["c", "**d**"]]),
        Code("run"),
        Items(["e f"], is_numbered=False),
        Paragraph("g"),
    ]


def test_without_a_file_there_is_nothing():
    assert read_guide("xx") == ()
