"""Components as HTML: read back by a reader of HTML, they say what they said."""

from __future__ import annotations

import random
from html.parser import HTMLParser

import pytest
from dash import dcc, html

from components.markup import to_html

TREES = 400
VOID = ("Br", "Hr", "Img")
CONTAINERS = ("Div", "P", "Span", "A", "Section", "Button")
LETTERS = "aé<>&\"'/=; \u00a0\u2028-!%"
TEXT_ATTRIBUTES = ("id", "className", "title", "aria-label", "data-language")


def some_text(chance):
    return "".join(chance.choices(LETTERS, k=chance.randint(1, 12)))


def some_attributes(chance):
    given = {name: some_text(chance) for name in TEXT_ATTRIBUTES if chance.random() < 0.4}
    if chance.random() < 0.3:
        given["hidden"] = chance.random() < 0.5
    if chance.random() < 0.3:
        given["tabIndex"] = chance.randint(-1, 3)
    return given


def some_tree(chance, depth=4):
    """A text, or the name of a component with its attributes and children."""
    kind = chance.random()
    if kind < 0.3 or depth == 0:
        return some_text(chance)
    if kind < 0.4:
        return (chance.choice(VOID), some_attributes(chance), [])
    children = [some_tree(chance, depth - 1) for _ in range(chance.randint(0, 4))]
    return (chance.choice(CONTAINERS), some_attributes(chance), children)


def component(tree):
    if isinstance(tree, str):
        return tree
    name, given_attributes, children = tree
    made = getattr(html, name)
    return (
        made(**given_attributes)
        if name in VOID
        else made([component(child) for child in children], **given_attributes)
    )


def meant(tree):
    """What a reader should find: starts with their attributes, texts and ends, in order."""
    if isinstance(tree, str):
        return [("text", tree)]
    name, given, children = tree
    names = {"className": "class", "tabIndex": "tabindex"}
    attributes = {
        names.get(key, key): None if key == "hidden" else str(value)
        for key, value in given.items()
        if value is not False
    }
    start = [("start", name.lower(), attributes)]
    if name in VOID:
        return start
    return [*start, *(part for child in children for part in meant(child)), ("end", name.lower())]


class Reader(HTMLParser):
    """Keeps what it found."""

    def __init__(self):
        super().__init__()
        self._parts = []

    def handle_starttag(self, tag, attrs):
        self._parts.append(("start", tag, dict(attrs)))

    def handle_endtag(self, tag):
        self._parts.append(("end", tag))

    def handle_data(self, data):
        self._parts.append(("text", data))

    @property
    def found(self):
        return joined(self._parts)


def joined(parts):
    """Texts that follow each other are one to a reader."""
    together = []
    for part in parts:
        if part[0] == "text" and together and together[-1][0] == "text":
            together[-1] = ("text", together[-1][1] + part[1])
        else:
            together.append(part)
    return together


def test_a_reader_of_html_finds_what_was_meant():
    chance = random.Random(20_261_129)  # noqa: S311 - the same trees each time
    for _ in range(TREES):
        tree = some_tree(chance)
        reader = Reader()
        reader.feed(to_html(component(tree)))
        reader.close()
        assert reader.found == joined(meant(tree))


def test_names_styles_and_nothing():
    made = html.Label(
        ["a", 1, None, 2.5, html.Br()],
        htmlFor="x",
        style={"maxWidth": "2px", "--own": 1},
        hidden=False,
        n_clicks=3,
        **{"aria-hidden": "true"},
    )
    assert to_html(made) == (
        '<label for="x" style="max-width:2px;--own:1" aria-hidden="true">a12.5<br></label>'
    )


@pytest.mark.parametrize(
    "other",
    [dcc.Store(id="x"), html.P(title={"type": "x"}), {"a": 1}, html.P(html.P(dcc.Link(href="/")))],
)
def test_what_is_no_html_is_refused(other):
    with pytest.raises(TypeError, match="not HTML"):
        to_html(other)


def test_an_id_made_of_parts_is_written_as_dash_writes_it():
    parts = {"type": "camera-remove", "camera": "c"}
    reader = Reader()
    reader.feed(to_html(html.P(id=parts)))
    [(_, _, attributes), _] = reader.found
    assert attributes == {"id": '{"camera":"c","type":"camera-remove"}'}
