"""The texts for people, one file per language, handed to components as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

Texts = Mapping[str, Mapping[str, Any]]
"""Sections of named texts, as in ``fr.toml``."""

DEFAULT_LANGUAGE: Final = "fr"
FOLDER: Final = Path(__file__).parent


def languages(folder: Path = FOLDER) -> dict[str, str]:
    """The languages there are: code and own name, the default one first."""
    codes = sorted(
        (path.stem for path in folder.glob("*.toml")), key=lambda c: (c != DEFAULT_LANGUAGE, c)
    )
    return {code: str(load_texts(code, folder)["language"]["name"]) for code in codes}


def checked_language(value: object, folder: Path = FOLDER) -> str:
    """The language asked for where it exists, else the default one."""
    return value if isinstance(value, str) and value in languages(folder) else DEFAULT_LANGUAGE


@lru_cache(maxsize=8)
def load_texts(language: str = DEFAULT_LANGUAGE, folder: Path = FOLDER) -> Texts:
    """All texts of one language.

    Parameters
    ----------
    language : str
        One of :func:`languages`.
    folder : Path
        Where the files are.

    Raises
    ------
    OSError
        When there is no such file.
    tomllib.TOMLDecodeError
        When the file is damaged.
    """
    return tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
