"""Tables as text that spreadsheets open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""Begins the file: without it a spreadsheet takes accents for something else."""
# What a spreadsheet begins to reckon at, in full width too.
_FORMULA_SIGNS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    r"""Rows of a table with semicolons between, no text of which a spreadsheet takes for a formula.

    Such a text gets an apostrophe in front (OWASP, "CSV Injection"); numbers stay numbers.

    >>> csv_text([["=1+1", "rue de Vern", -1.5]])
    "'=1+1;rue de Vern;-1.5\r\n"
    """
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(
        [f"'{cell}" if _is_formula(cell) else cell for cell in row] for row in rows
    )
    return stream.getvalue()


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS)
