"""Tables of measures, for people."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that also lines up when read as plain text.

    Examples
    --------
    >>> print(markdown_table(["", "RPS"], [["model", "0.06"]]))
    |       |  RPS |
    | :---- | ---: |
    | model | 0.06 |
    """
    columns = list(zip(header, *rows, strict=True))
    widths = [max(3, *(len(text) for text in column)) for column in columns]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(_aligned(line, widths)) + " |" for line in lines)


def _aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(line, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
