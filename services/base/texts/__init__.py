"""The texts for people, one file per language, handed to components as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from services.base.formats import Formats, formats_of, typeset

Texts = Mapping[str, Mapping[str, Any]]
"""Sections of named texts, as in ``fr.toml``."""

DEFAULT_LANGUAGE: Final = "fr"
FOLDER: Final = Path(__file__).parent


def languages() -> dict[str, str]:
    """The languages there are: code and own name, the default one first."""
    paths = FOLDER.glob("*.toml")
    codes = sorted((path.stem for path in paths), key=lambda code: (code != DEFAULT_LANGUAGE, code))
    return {code: str(load_texts(code)["language"]["name"]) for code in codes}


def checked_language(value: object) -> str:
    """The language asked for where it exists, else the default one."""
    return value if isinstance(value, str) and value in languages() else DEFAULT_LANGUAGE


def load_texts(language: str = DEFAULT_LANGUAGE) -> Texts:
    """All texts of one language.

    Parameters
    ----------
    language : str
        One of :func:`languages`.

    Raises
    ------
    OSError
        When there is no such file.
    tomllib.TOMLDecodeError
        When the file is damaged.
    """
    return _read(FOLDER, language)


def formats(texts: Texts) -> Formats:
    """How the language of the texts writes numbers, units, dates and plurals."""
    return formats_of(texts["language"]["locale"])


def chance(texts: Texts, share: float) -> str:
    """A probability or share in whole percent; only a certainty reads 0 or 100."""
    written, unit = formats(texts), texts["unit"]
    nearest = round(share, 2)
    if nearest == 1 and share < 1:
        return str(unit["almost_all"]).format(percent=written.percent(0.99))
    if nearest == 0 and share > 0:
        return str(unit["almost_none"]).format(percent=written.percent(0.01))
    return written.percent(nearest)


def road_words(texts: Texts, parts: Sequence[str | int]) -> str:
    """A road from where to where as a driver would name it, without its length.

    Parameters
    ----------
    parts : sequence
        Of ``services.traffic.stretch_wording.stretch_parts``.

    Examples
    --------
    >>> ring = ["inner_north", "between", "Rocade", "Porte A", "Porte B", 1_200]
    >>> road_words(load_texts("fr"), ring)
    'Rocade nord intérieure, Porte A → Porte B'
    """
    way, form, *names = map(str, parts[:5])
    road, start, end = (texts["local_name"].get(name, name) for name in names)
    leads = texts["stretch_way"][way].format(road=road)
    ends = texts["stretch"][form].format(start=start, end=end)
    return ", ".join(filter(None, (leads, ends)))


@lru_cache(maxsize=8)
def _read(folder: Path, language: str) -> Texts:
    """One file for all pages, and one in a folder of its own for each that has many texts."""
    texts: dict[str, Any] = {}
    for path in (folder / f"{language}.toml", *sorted(folder.glob(f"*/{language}.toml"))):
        texts |= tomllib.loads(path.read_text(encoding="utf-8"))
    typeset_texts: Texts = _typeset(texts, language)
    return typeset_texts


def _typeset(text: Any, language: str) -> Any:
    if isinstance(text, dict):
        return {name: _typeset(part, language) for name, part in text.items()}
    return typeset(text, language)
