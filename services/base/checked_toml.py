"""Reading a file that operators edit: TOML, checked, each mistake told with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from services.base.errors import ConfigurationError

Model = TypeVar("Model", bound=BaseModel)

_KEY: Final = r"[\s\"'\[]*{key}[\s\"']*[.=\]]"


def load_checked(
    path: Path,
    model: type[Model],
    setting: str,
    table: str,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """Read a file of some tables of one name, each of which has a ``name`` of its own.

    Parameters
    ----------
    setting : str
        By which operators name the file.
    table : str
        What the tables are called: ``[[rule]]`` is ``rule``.
    context : mapping, optional
        What the model's validators look at (pydantic's ``ValidationInfo.context``).

    Raises
    ------
    ConfigurationError
        In one line, with the file, and of each mistake its line, table and key. Of what was written
        it repeats nothing: that may be a password.
    """
    try:
        text = path.read_text("utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{setting}: {path}: {error}") from None
    try:
        return model.model_validate(content, context=dict(context or {}))
    except ValidationError as error:
        problems = "; ".join(
            _problem(item["loc"], item["msg"], text, content, table)
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise ConfigurationError(f"{setting}: {path}: {problems}") from None


def line_of(text: str, table: str, place: int, key: str = "") -> int:
    r"""The line of a key in the nth table of a name, or of that table; 1 where there is neither.

    >>> text = "[[rule]]\\nname = 'a'\\n\\n[[rule]]\\nname = 'b'\\nhours = 3\\n"
    >>> line_of(text, "rule", 1, "hours"), line_of(text, "rule", 1), line_of(text, "rule", 0, "x")
    (6, 4, 1)
    """
    lines = text.splitlines()
    header = re.compile(rf"\s*\[\[\s*{re.escape(table)}\s*\]\]")
    starts = [number for number, line in enumerate(lines) if header.match(line)]
    if place >= len(starts):
        return 1
    start = starts[place]
    wanted = re.compile(_KEY.format(key=re.escape(key)))
    for number in range(start + 1, len(lines) if key else start):
        if lines[number].lstrip().startswith("["):
            break
        if wanted.match(lines[number]):
            return number + 1
    return start + 1


def _problem(
    place: tuple[int | str, ...],
    message: str,
    text: str,
    content: Mapping[str, Any],
    table: str,
) -> str:
    parts = [str(part) for part in place]
    if len(place) > 1 and place[0] == table and isinstance(place[1], int):
        item, key = content[table][place[1]], "".join(parts[2:3])
        name = item.get("name", place[1] + 1) if isinstance(item, dict) else place[1] + 1
        told = ": ".join([f"{table} {name}", *parts[2:], message])
        return f"line {line_of(text, table, place[1], key)}: {told}"
    told = ": ".join([*parts, message])
    wanted = re.compile(_KEY.format(key=re.escape(parts[-1]))) if parts else None
    for number, line in enumerate(text.splitlines(), 1):
        if wanted is not None and wanted.match(line):
            return f"line {number}: {told}"
    return told
