"""Reading a file that operators edit: TOML, checked, each mistake told with its line."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from services.base.errors import ConfigurationError

Model = TypeVar("Model", bound=BaseModel)

MOST_ENTRIES: Final = 1_000
"""Rules, or reports, of a file: judged four times a minute, and listed on one page."""
# A key that is none of ours may be an address in the wrong place, which holds a password.
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_HIDDEN: Final = "…"
_MARK_OF_ADDRESS: Final = "://"
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
        content = _parsed(text)
    except tomllib.TOMLDecodeError as error:
        # Some of its messages repeat a key.
        told = str(error) if _MARK_OF_ADDRESS not in str(error) else f"no TOML {_place_in(error)}"
        raise ConfigurationError(f"{setting}: {path}: {told}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{setting}: {path}: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{setting}: {path}: lists in lists, too deep") from None
    try:
        return model.model_validate(content, context=dict(context or {}))
    except ValidationError as error:
        problems = "; ".join(
            _problem(item["loc"], item["msg"], text, content, table)
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise ConfigurationError(f"{setting}: {path}: {problems}") from None


@lru_cache(maxsize=8)
def _parsed(text: str) -> Mapping[str, Any]:
    """What a text holds, for readers; a process that starts asks for its rules in five places."""
    return tomllib.loads(text)


def named_twice(names: Iterable[str]) -> set[str]:
    """Names that are there more than once.

    >>> named_twice(["a", "b", "a"])
    {'a'}
    """
    return {name for name, count in Counter(names).items() if count > 1}


def line_of(text: str, table: str, place: int, key: str = "") -> int:
    r"""The line of a key in the nth table of a name, or of that table; 1 where there is neither.

    >>> text = "[[rule]]\nname = 'a'\n\n[[rule]]\nname = 'b'\nhours = 3\n"
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


def _place_in(error: tomllib.TOMLDecodeError) -> str:
    """Where the mistake is, which ends its message in brackets."""
    found = re.search(r"\(at [^()]*\)$", str(error))
    return found.group() if found else ""


def _problem(
    place: tuple[int | str, ...],
    message: str,
    text: str,
    content: Mapping[str, Any],
    table: str,
) -> str:
    parts = [str(part) for part in place]
    told_parts = [part if _PLAIN_KEY.fullmatch(part) else _HIDDEN for part in parts]
    if len(place) > 1 and place[0] == table and isinstance(place[1], int):
        item, key = content[table][place[1]], "".join(parts[2:3])
        name = str(item.get("name", "")) if isinstance(item, dict) else ""
        called = name if _PLAIN_KEY.fullmatch(name) else place[1] + 1
        told = ": ".join([f"{table} {called}", *told_parts[2:], message])
        return f"line {line_of(text, table, place[1], key)}: {told}"
    told = ": ".join([*told_parts, message])
    wanted = re.compile(_KEY.format(key=re.escape(parts[-1]))) if parts else None
    for number, line in enumerate(text.splitlines(), 1):
        if wanted is not None and wanted.match(line):
            return f"line {number}: {told}"
    return told
