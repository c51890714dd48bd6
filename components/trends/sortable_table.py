"""A table whose columns sort and filter, for more rows than one looks through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dash_ag_grid as dag
from dash import html

from components.aria import aria
from services.base.texts import Texts

# Of a value, beside it in its row: how it is written.
_WORDS: Final = "{}_words"
_ONE_ROW: Final = {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True}
# Of three lines, which the longest names take.
_ROW_PX: Final = 58


@dataclass(frozen=True)
class Column:
    """A column of a sortable table.

    Attributes
    ----------
    name : str
        Of the value in a row.
    title : str
    is_number : bool
        Whether it sorts and filters as one; what is shown is in words beside it (:func:`cell`).
    width_px : int
    """

    name: str
    title: str
    is_number: bool = False
    width_px: int = 110


@dataclass(frozen=True)
class Chosen:
    """Which row is chosen: the one that has a value under a name, which tells rows apart."""

    name: str
    value: str


def cell(name: str, value: float | None, words: str) -> dict[str, Any]:
    """A number of a row, and how it is written."""
    return {name: value, _WORDS.format(name): words}


def build_sortable_table(
    texts: Texts,
    table_id: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    label: str,
    *,
    chosen: Chosen | None = None,
) -> html.Div:
    """The table; its first column stays where a phone scrolls sideways.

    Parameters
    ----------
    table_id : str
        Of the grid.
    columns : sequence of Column
    rows : sequence of mapping
        A value for each column.
    label : str
        What it holds, for who hears it.
    chosen : Chosen, optional
        The row that is chosen, where rows can be (``selectedRows`` of the grid).
    """
    choosing: dict[str, Any] = {}
    if chosen is not None:
        choosing = {
            "getRowId": f"params.data.{chosen.name}",
            "selectedRows": [dict(row) for row in rows if row[chosen.name] == chosen.value],
        }
    definitions = [_definition(column, is_first=not place) for place, column in enumerate(columns)]
    grid = dag.AgGrid(
        id=table_id,
        rowData=[dict(row) for row in rows],
        columnDefs=definitions,
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions={
            "localeText": dict(texts["trends_grid"]),
            "suppressColumnVirtualisation": True,
            "rowHeight": _ROW_PX,
            "ensureDomOrder": True,
        }
        | ({} if chosen is None else {"rowSelection": _ONE_ROW}),
        className="trends-sortable",
        style={},
        **choosing,
    )
    return html.Div(grid, role="region", **aria(label=label))


def _definition(column: Column, *, is_first: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "field": column.name,
        "headerName": column.title,
        "minWidth": column.width_px,
        "flex": column.width_px,
        "filter": "agNumberColumnFilter" if column.is_number else "agTextColumnFilter",
        "wrapText": not column.is_number,
        # Names of places are as long as they are.
        "autoHeight": not column.is_number,
        "wrapHeaderText": True,
        "autoHeaderHeight": True,
    }
    if column.is_number:
        words = _WORDS.format(column.name)
        found |= {"valueFormatter": {"function": f"params.data.{words}"}, "type": "rightAligned"}
    if is_first:
        found["pinned"] = "left"
    return found
