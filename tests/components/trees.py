"""Looking into Dash trees: what a visitor would read, and components by their id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def walk(node: Any) -> Iterator[Any]:
    """A component and all below it, strings included."""
    if isinstance(node, list | tuple):
        for child in node:
            yield from walk(child)
    elif node is not None:
        yield node
        if isinstance(node, Component):
            yield from walk(getattr(node, "children", None))


def text_of(node: Any) -> str:
    """All text of a tree, as one line."""
    return plain(" ".join(str(item) for item in walk(node) if isinstance(item, str)))


def plain(text: str) -> str:
    """A text with its spaces as one types them, those that do not break included."""
    return " ".join(text.split())


def by_id(node: Any, id_: Any) -> Component:
    """The one component that has an id."""
    [found] = [item for item in walk(node) if getattr(item, "id", None) == id_]
    return found


def ids_of(node: Any) -> list[Any]:
    """Every id in a tree."""
    return [item.id for item in walk(node) if getattr(item, "id", None) is not None]
