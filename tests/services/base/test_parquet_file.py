"""Tables with a header in one file, whichever version wrote it."""

from __future__ import annotations

import io

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.base.errors import ForecastUnavailable
from services.base.parquet_file import ParquetForm, numbers, texts, write_parquet

FORM = ParquetForm(b"traffic_test", "a test file", ForecastUnavailable)
TABLE = pa.table({"count": pa.array([1, 2, 3], pa.uint8()), "name": ["a", "b", None]})
HEADER = {"version": "2026-11-29", "zones": [1.5, None]}


def read(document):
    with FORM.decoded(document) as found:
        return found


def test_a_table_and_its_header_come_back():
    table, header = read(FORM.encode(TABLE, HEADER))
    assert table.equals(TABLE)
    assert header == HEADER


def test_what_earlier_versions_wrote_is_read():
    sink = io.BytesIO()
    pq.write_table(TABLE.replace_schema_metadata({FORM.key: orjson.dumps(HEADER)}), sink)
    table, header = read(sink.getvalue())
    assert table.equals(TABLE)
    assert header == HEADER


def test_earlier_versions_read_what_is_written_now():
    table = pq.read_table(io.BytesIO(FORM.encode(TABLE, HEADER)))
    assert table.to_pydict() == TABLE.to_pydict()
    assert orjson.loads(table.schema.metadata[FORM.key]) == HEADER


def test_each_of_several_tables_is_a_row_group_even_without_rows():
    for table in (TABLE, TABLE[:0]):
        file = pq.ParquetFile(io.BytesIO(FORM.encode([table, table], HEADER)))
        assert [file.read_row_group(group).num_rows for group in range(2)] == [len(table)] * 2


def damaged():
    whole = FORM.encode(TABLE, HEADER)
    yield from (b"", b"PAR1", b"<html>", whole[:-9], whole.replace(b"PAR1", b"PAR2"))
    yield write_parquet(TABLE)
    yield ParquetForm(b"traffic_other", "another file", ForecastUnavailable).encode(TABLE, HEADER)
    yield write_parquet(TABLE, {FORM.key: b"{"})


@pytest.mark.parametrize("document", list(damaged()))
def test_anything_else_is_refused_in_one_way(document):
    with pytest.raises(ForecastUnavailable, match=r"^not a test file: "):
        read(document)


@pytest.mark.parametrize("error", [KeyError("zone"), ValueError("no time"), TypeError("a list")])
def test_what_the_reader_finds_wrong_is_refused_as_well(error):
    def check():
        with FORM.decoded(FORM.encode(TABLE, HEADER)):
            raise error

    with pytest.raises(ForecastUnavailable, match=r"^not a test file: "):
        check()


def test_a_file_is_read_in_part_and_named_when_it_is_damaged(tmp_path):
    path = tmp_path / "groups.parquet"
    with pytest.raises(FileNotFoundError), FORM.opened(path):
        pass
    path.write_bytes(FORM.encode(TABLE, HEADER, rows_per_group=1))
    with FORM.opened(path) as (file, header):
        assert header == HEADER
        assert file.read_row_groups([1])["count"].to_pylist() == [2]
    path.write_bytes(b"cut")
    with pytest.raises(ForecastUnavailable, match=f"^{path}: not a test file: "), FORM.opened(path):
        pass


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_numbers_come_as_they_were_written(dtype):
    values = np.array([3, 0, 250], dtype)
    table, _ = read(FORM.encode(pa.table({"count": values}), HEADER))
    found = numbers(table["count"])
    assert found.tolist() == [3, 0, 250]
    assert found.dtype == dtype


def test_nulls_of_a_column_are_nan_wherever_it_begins():
    column = pa.chunked_array([[1.5, None], [None, 2.5, 3.5]], pa.float32())
    for start in range(5):
        np.testing.assert_array_equal(
            numbers(column.slice(start)), [1.5, np.nan, np.nan, 2.5, 3.5][start:]
        )
    assert numbers(column[:0]).tolist() == []


@pytest.mark.parametrize("column", [pa.array(["a"]), pa.array([1, None]), pa.array([[1], [2]])])
def test_a_column_of_no_numbers_is_refused(column):
    with pytest.raises((TypeError, ValueError)):
        numbers(column)


def test_texts_come_as_they_were_written():
    table, _ = read(FORM.encode(pa.table({"name": ["1_D", ""]}), HEADER))
    assert texts(table["name"]) == ("1_D", "")


@pytest.mark.parametrize("column", [[[1, 2]], [["a", None]], [[b"a"]]])
def test_a_column_of_no_texts_is_refused(column):
    with pytest.raises(TypeError):
        texts(pa.chunked_array(column))
