"""Scripts of the pages in V8, without a browser: its own Intl and all else that is JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py_mini_racer import MiniRacer

from components.page import BROWSER_TEXTS
from services.base.texts import load_texts

ASSETS = Path(__file__).parents[2] / "assets"
LANGUAGES = ("fr", "en")


class Scripts:
    """A made-up page (``page.js``) and scripts that run on it."""

    def __init__(self, v8: MiniRacer, language: str) -> None:
        self._v8 = v8
        texts = load_texts(language)
        # No more than the page sends.
        self.texts = {name: dict(texts[name]) for name in BROWSER_TEXTS}
        self.js(f"document.documentElement.lang = {json.dumps(texts['language']['locale'])}")

    def js(self, expression: str) -> Any:
        """The value of an expression, as JSON."""
        return self._v8.execute(f"({expression}) ?? null")

    def call(self, function: str, *values: Any) -> Any:
        """What a function gives for values, as JSON."""
        listed = ", ".join(json.dumps(value) for value in values)
        return self.js(f"{function}({listed})")

    def change(self, **values: Any) -> None:
        """Have the page show something else."""
        self.call("void trafficRennes.change", values)


@contextmanager
def loaded(*names: str, language: str = "fr") -> Iterator[Scripts]:
    """Scripts of ``assets/``, loaded in this order."""
    with MiniRacer() as v8:
        for path in (Path(__file__).with_name("page.js"), *(ASSETS / name for name in names)):
            v8.eval(path.read_text(encoding="utf-8"))
        yield Scripts(v8, language)
