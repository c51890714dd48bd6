"""Daily traffic by place, as a file states it, and what an hour of a vehicle is worth.

Without numpy: the process that hands this on to those that compute is small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.base.errors import ConfigurationError

# A motorway of ten lanes.
_MOST_VEHICLES: Final = 250_000
# A file of a large city has a tenth.
_MOST_BYTES: Final = 20_000_000
_COLUMNS: Final = 2


@dataclass(frozen=True)
class Counts:
    """Daily traffic by place, as a file states it.

    Attributes
    ----------
    vehicles : mapping
        Vehicles a day by the id of a segment or the key of a stretch.
    wrong : tuple of str
        What is wrong with each line that was left out, in one line each.
    """

    vehicles: Mapping[str, float]
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Costs:
    """What the settings say of traffic and its worth.

    Attributes
    ----------
    vehicles : mapping
        As of :class:`Counts`.
    euros_per_hour : float or None
        What an hour of a vehicle is worth.
    source : str
        Where that is from.
    """

    vehicles: Mapping[str, float] = field(default_factory=dict)
    euros_per_hour: float | None = None
    source: str = ""


def read_counts(path: Path) -> Counts:
    """Read a file of daily traffic: ``place,vehicles a day`` in each line, or with ``;`` between.

    A first line whose second word is no number is a heading. Empty lines, and those that begin
    with #, say nothing. A place is the id of a segment, or the key of a stretch (``id~id``).

    Raises
    ------
    ConfigurationError
        Where the file cannot be read or is no text.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(
                f"{path}: a file of daily traffic has at most {_MOST_BYTES} bytes"
            )
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: no file of daily traffic can be read: {error}") from None
    vehicles: dict[str, float] = {}
    wrong = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place, value, problem = _read_line(line)
        if number == 1 and value is None:
            continue
        if value is not None and place in vehicles:
            problem = f"{place!r} stands above already"
        if problem:
            wrong.append(f"line {number}: {problem}")
        elif value is not None:
            vehicles[place] = value
    return Counts(vehicles, tuple(wrong))


def _read_line(line: str) -> tuple[str, float | None, str]:
    """Place and vehicles a day of a line, None where that is no number; and what is wrong."""
    words = [word.strip().strip('"') for word in line.split(";" if ";" in line else ",")]
    if len(words) != _COLUMNS or not words[0]:
        return "", None, "expected a place, a comma and vehicles a day"
    try:
        value = float(words[1])
    except ValueError:
        return words[0], None, f"{words[1][:40]!r} is no number of vehicles"
    if not 0 <= value <= _MOST_VEHICLES:
        return words[0], value, f"{words[1][:40]} vehicles a day are not from 0 to {_MOST_VEHICLES}"
    return words[0], value, ""
