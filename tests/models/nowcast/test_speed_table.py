from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from models import evaluate
from models.nowcast import benchmark
from models.nowcast.speed_table import (
    SpeedTable,
    SpeedTableRefused,
    fingerprint,
    read_adjacency,
    read_speed_table,
    row_times,
)
from tests.conftest import REAL_DATA
from tests.models.nowcast.tables import rhythmic, write_table

REFUSED = {
    "one column": ("773869\n60\n61\n", "one column"),
    "text": ("a,b\n60,61\n60,fast\n", "line 3, column 'b': 'fast'"),
    "ragged": ("a,b\n60,61\n60\n", "line 3: 1 cells under 2 names"),
    "negative": ("a,b\n60,-1\n", "line 2: a speed is negative"),
    "infinite": ("a,b\n60,inf\n", "line 2: a speed is negative or infinite"),
    "names only": ("a,b\n", "no line of speeds"),
    "empty": ("", "empty"),
    "too short": ("a,b\n" + "60,61\n" * 30, "30 rows are too few"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_of_speeds_is_refused_in_one_line(tmp_path, capsys, content, said):
    path = tmp_path / "speeds.csv"
    path.write_text(content, encoding="utf-8")
    assert evaluate.main(["--speeds", str(path), "--protocol", "tgcn"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_file_that_is_missing_or_binary_is_refused(tmp_path):
    with pytest.raises(SpeedTableRefused, match="No such file"):
        read_speed_table(tmp_path / "missing.csv")
    binary = tmp_path / "speeds.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01,\x80")
    with pytest.raises(SpeedTableRefused, match="not a CSV file"):
        read_speed_table(binary)


def test_a_detector_that_was_never_known_is_named(tmp_path, capsys):
    speed = rhythmic()
    speed[:, 2] = np.nan
    path = write_table(tmp_path / "speeds.csv", speed)
    arguments = ["--speeds", str(path), "--protocol", "tgcn", "--step-minutes", "30"]
    assert evaluate.main(arguments) == 2
    assert "detector 'd2' has no known speed" in capsys.readouterr().err


def test_gaps_are_unknown_and_not_zero(tmp_path):
    path = tmp_path / "speeds.csv"
    path.write_text("\ufeffa,b\n60,\nNaN,0\n", encoding="utf-8")
    table = read_speed_table(path)
    assert table.detectors == ("a", "b")
    np.testing.assert_array_equal(table.speed, [[60, np.nan], [np.nan, 0]])


@pytest.mark.parametrize("content", ["0,1\n", "0,1\n1\n", "0,x\n1,0\n", "0,-1\n1,0\n"])
def test_an_adjacency_of_another_shape_or_no_weights_is_refused(tmp_path, content):
    path = tmp_path / "adjacency.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SpeedTableRefused):
        read_adjacency(path, 2)


def test_options_that_do_not_go_together_are_refused(capsys):
    for arguments in ([], ["--speeds", "x.csv"], ["--speeds", "x.csv", "--model", "y"]):
        with pytest.raises(SystemExit) as stop:
            evaluate.main(arguments)
        assert stop.value.code == 2
    assert "--speeds needs --protocol" in capsys.readouterr().err


def test_rows_know_their_day_and_weekend():
    times = row_times(3 * 288, date(2012, 3, 2), 5)
    assert times.slot[[0, 287, 288]].tolist() == [0, 287, 0]
    assert times.is_weekend[[0, 288, 576]].tolist() == [False, True, True]


@pytest.mark.realdata
def test_los_loop_itself_stands_beside_what_was_published_of_it():
    table = read_speed_table(REAL_DATA.parent / "losloop" / "los_speed.csv")
    published = benchmark.published_for(table, benchmark.Protocol())
    assert published["T-GCN, published"]["rmse"] == [5.13, 6.06, 6.71, 7.27]
    assert benchmark.published_for(table, benchmark.Protocol(step_minutes=15)) == {}
    changed = table.speed.copy()
    changed[700, 3] += 1
    assert benchmark.published_for(SpeedTable(table.detectors, changed), benchmark.Protocol()) == {}


def test_a_table_is_known_by_its_content_however_it_is_written(tmp_path):
    spellings = ("a,b\n60,61.50\n,62\n", '"a", b\r\n60.0,61.5\r\nnan,6.2e1\r\n')
    prints = set()
    for number, content in enumerate(spellings):
        path = tmp_path / f"{number}.csv"
        path.write_text(content, "utf-8", newline="")
        prints.add(fingerprint(read_speed_table(path)))
    assert len(prints) == 1
    table = read_speed_table(path)
    others = (
        SpeedTable(("b", "a"), table.speed),
        SpeedTable(("a", "b"), table.speed[::-1]),
        SpeedTable(("a", "b"), table.speed[:1]),
    )
    assert prints.isdisjoint(fingerprint(other) for other in others)
