"""HTML components as the text of a document, for pages that need no Dash in the browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, Final

from dash.development.base_component import Component

StandIn = Callable[[Component], Any]

_NAMESPACE: Final = "dash_html_components"
# Those of HTML that have no content and no end.
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
     "wbr"}
)  # fmt: skip
# What Dash calls otherwise than HTML does, beside what differs in case alone.
_NAMES: Final = {"className": "class", "htmlFor": "for", "httpEquiv": "http-equiv"}
# What is true by being there.
_SWITCHES: Final = frozenset(
    {"hidden", "disabled", "required", "checked", "open", "autofocus", "readonly", "multiple",
     "reversed", "selected"}
)  # fmt: skip
# Of Dash, and of no document.
_UNWRITTEN: Final = frozenset(
    {"children", "n_clicks", "n_clicks_timestamp", "disable_n_clicks", "key"}
)


def to_html(node: Any, stand_in: StandIn | None = None) -> str:
    """A component, a text, a number or a list of these, as HTML.

    Parameters
    ----------
    node : Component, str, int, float, list or None
        None and booleans are nothing.
    stand_in : callable, optional
        Gives what to write in place of another library's component.

    Raises
    ------
    TypeError
        For anything that is no HTML, such as another library's component.

    Examples
    --------
    >>> from dash import html
    >>> to_html(html.P(["a < b", html.Br(), html.A("c", href='/?d="e"')], className="f"))
    '<p class="f">a &lt; b<br><a href="/?d=&quot;e&quot;">c</a></p>'
    """
    return "".join(_pieces(node, stand_in))


def _pieces(node: Any, stand_in: StandIn | None) -> Iterator[str]:
    if isinstance(node, list | tuple):
        for child in node:
            yield from _pieces(child, stand_in)
    elif isinstance(node, Component):
        yield from _element(node, stand_in)
    elif isinstance(node, str | int | float) and not isinstance(node, bool):
        yield escape(str(node), quote=False)
    elif node is not None and not isinstance(node, bool):
        raise TypeError(f"not HTML: {node!r}")


def _element(component: Component, stand_in: StandIn | None) -> Iterator[str]:
    props = component.to_plotly_json()
    if props["namespace"] != _NAMESPACE:
        if stand_in is not None:
            yield from _pieces(stand_in(component), stand_in)
            return
        raise TypeError(f"not HTML: {props['namespace']}.{props['type']}")
    name = str(props["type"]).lower()
    given = props["props"]
    yield f"<{name}{''.join(map(_attribute, given.items()))}>"
    if name not in _VOID:
        yield from _pieces(given.get("children"), stand_in)
        yield f"</{name}>"


def _attribute(item: tuple[str, Any]) -> str:
    prop, value = item
    if prop in _UNWRITTEN or value is None:
        return ""
    name = _NAMES.get(prop, prop.lower())
    if name in _SWITCHES:
        return f" {name}" if value and value != "false" else ""
    if name == "style":
        value = ";".join(f"{_dashed(key)}:{said}" for key, said in value.items())
    if name == "id" and isinstance(value, dict):
        # As Dash writes an id made of parts.
        value = json.dumps(value, sort_keys=True, separators=(",", ":"))
    if not isinstance(value, str | int | float | bool):
        raise TypeError(f"not HTML: {prop}={value!r}")
    # Attributes for machines say it in words, as "true" of aria-hidden.
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return f' {name}="{escape(written)}"'


def _dashed(name: str) -> str:
    """A property of a style as CSS writes it: ``max-width`` for ``maxWidth``; variables stay."""
    if name.startswith("--"):
        return name
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
