"""A cube as one Parquet file: a row for each hour of the week and key, readable by anything.

Rows go by hour, then key; a row group is a day of the week, so that one hour
costs a seventh of the file. The days that are in it are in its metadata: sums
and days change by the same atomic rename.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import write_atomically
from services.base.parquet_file import ParquetForm
from services.history.cubes import Cube, Measure
from services.history.hour_of_week import HOURS_PER_DAY, HOURS_PER_WEEK

# 2: with the quantiles P2 and P98. One of another form is made again from the raw days.
FORMAT: Final = 2
_FORM: Final = ParquetForm(b"traffic_rollup", "a roll-up", StorageError)

Derived = Callable[[Mapping[str, NDArray[Any]]], dict[str, pa.Array]]
"""Columns computed from the sums of some hours, each of shape (hours, keys, width)."""


@dataclass(frozen=True, eq=False)
class CubeForm:
    """How one kind of cube is laid out in its file.

    Attributes
    ----------
    key : str
        Name of the column of keys.
    derived : callable, optional
        Gives further columns, for readers that need no more than those.
    """

    key: str
    measures: Mapping[str, Measure]
    derived: Derived | None = None


def write_cube(path: Path, cube: Cube, form: CubeForm) -> None:
    """Replace a cube's file.

    Raises
    ------
    StorageError
    """
    header = {"format": FORMAT, "keys": cube.keys, "days": cube.days}
    days = [
        _table_of_hours(cube, form, slice(first, first + HOURS_PER_DAY))
        for first in range(0, HOURS_PER_WEEK, HOURS_PER_DAY)
    ]
    rows_per_day = max(1, len(days[0]))
    write_atomically(path, _FORM.encode(days, header, rows_per_group=rows_per_day))


def read_cube(path: Path, form: CubeForm) -> Cube | None:
    """A whole cube, or None when there is no file.

    Raises
    ------
    StorageError
        When the file is none of this form.
    """
    wanted = [label for measure in form.measures.values() for label in measure.labels]
    found = read_columns(path, wanted)
    if found is None:
        return None
    sums = {
        name: np.stack([found.columns[label] for label in measure.labels], axis=-1).astype(
            measure.dtype
        )
        for name, measure in form.measures.items()
    }
    return Cube(form.measures, found.keys, found.days, sums)


@dataclass(frozen=True)
class CubeColumns:
    """Some columns of a cube's file, each of shape (hours, keys)."""

    keys: list[str]
    days: dict[str, str]
    columns: dict[str, NDArray[Any]]


def read_columns(
    path: Path, names: Sequence[str], days_of_week: Sequence[int] = range(7)
) -> CubeColumns | None:
    """Some columns for some days of the week (0 is Monday), or None when there is no file.

    Raises
    ------
    StorageError
        When the file is none of this form.
    """
    try:
        with _FORM.opened(path) as (file, header):
            if header["format"] != FORMAT:
                raise StorageError(f"{path} is a roll-up of another version")
            keys = [str(key) for key in header["keys"]]
            table = file.read_row_groups(list(days_of_week), columns=list(names))
            shape = (HOURS_PER_DAY * len(days_of_week), len(keys))
            columns = {name: table[name].to_numpy().reshape(shape) for name in names}
            return CubeColumns(keys, dict(header["days"]), columns)
    except FileNotFoundError:
        return None


def _table_of_hours(cube: Cube, form: CubeForm, hours: slice) -> pa.Table:
    part = {name: values[hours] for name, values in cube.sums.items()}
    keys = len(cube.keys)
    columns: dict[str, pa.Array] = {
        "hour_of_week": np.repeat(np.arange(hours.start, hours.stop, dtype=np.uint8), keys),
        form.key: pa.DictionaryArray.from_arrays(
            np.tile(np.arange(keys, dtype=np.int32), HOURS_PER_DAY),
            pa.array(cube.keys, pa.string()),
        ),
    }
    for name, values in part.items():
        for place, label in enumerate(form.measures[name].labels):
            columns[label] = np.ascontiguousarray(values[:, :, place]).ravel()
    return pa.table(columns | (form.derived(part) if form.derived else {}))
