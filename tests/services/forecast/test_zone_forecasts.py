from __future__ import annotations

import logging
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.base.errors import ForecastUnavailable
from services.city.rennes import RENNES
from services.forecast.champions import set_aside
from services.forecast.observed_counts import PRIOR_COUNT
from services.forecast.zone_forecasts import (
    FORECASTS_FILE,
    CachedForecasts,
    ForecastTable,
    TrainedOn,
    decode_table,
    encode_table,
    make_table,
    table_shape,
)
from services.history.cube_files import read_cube, write_cube
from services.history.rollups import ZONE_FORM, ZONES, path_of
from services.history.upkeep import keep_up
from services.plain.forecast import Basis
from services.plain.statuses import ZONE_STATUSES
from tests.services.learn.histories import BLOCKED, times, write

# In Rennes, in winter.
MONDAY_AT_8 = datetime(2026, 11, 23, 7, tzinfo=UTC)
LOCAL_VERSION = "2026-11-23-0a1b2c"
SHIPPED_VERSION = "2026-11-22-aaaaaa"
DEMO = TrainedOn("demo", date(2026, 8, 31), date(2026, 11, 22), 84, 8068)
LIVE = TrainedOn("live", date(2026, 9, 1), date(2026, 11, 23), 84, 40320)


def some_table(version: str = SHIPPED_VERSION, trained_on: TrainedOn = DEMO) -> ForecastTable:
    """A table in which every cell has probabilities of its own."""
    scores = 1.0 + np.arange(np.prod(table_shape(RENNES))).reshape(table_shape(RENNES)) % 97
    return make_table(
        RENNES, version, "f0f0f0f0", trained_on, scores / scores.sum(-1, keepdims=True)
    )


def install(models: Path, table: ForecastTable, *, champion: bool = True) -> Path:
    path = models / table.model_version / FORECASTS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_table(table))
    if champion:
        name_champion(models, table.model_version)
    return path


def name_champion(models: Path, version: str) -> None:
    # As training does: another file takes the place of the first.
    fresh = models / "champion.new"
    fresh.write_text(f"{version}\n")
    fresh.replace(models / "champion")


@pytest.fixture
def shipped(tmp_path):
    models = tmp_path / "shipped"
    install(models, some_table())
    return models


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


class TestTable:
    def test_every_zone_day_and_hour_is_there_and_is_its_own(self):
        table = some_table()
        asked = [
            table.at(day, hour, zone)
            for zone in RENNES.zone_choices
            for day in range(7)
            for hour in range(24)
        ]
        assert len(asked) == 1008
        for forecast in asked:
            assert sum(forecast.probabilities.values()) == pytest.approx(1.0)
            likeliest = max(forecast.probabilities.values())
            assert forecast.probabilities[forecast.status] == likeliest
        assert {(f.zone, f.day, f.hour) for f in asked} == {
            (zone, day, hour)
            for zone in RENNES.zone_choices
            for day in range(7)
            for hour in range(24)
        }

    def test_a_day_is_its_24_hours_in_order(self):
        table = some_table()
        day = table.day(1, "rocade")
        assert [forecast.hour for forecast in day] == list(range(24))
        assert day[8] == table.at(1, 8, "rocade")

    def test_the_likeliest_status_wins_and_a_tie_reads_as_the_better_one(self):
        probabilities = np.full(table_shape(RENNES), 1 / 3)
        probabilities[0, 0, 8] = [0.2, 0.3, 0.5]
        probabilities[0, 0, 9] = [0.2, 0.4, 0.4]
        table = make_table(RENNES, SHIPPED_VERSION, "f0f0f0f0", DEMO, probabilities)
        assert table.at(0, 8, RENNES.zone_choices[0]).status == "blocked"
        assert table.at(0, 9, RENNES.zone_choices[0]).status == "dense"
        assert table.at(0, 10, RENNES.zone_choices[0]).status == "free"

    def test_only_a_model_of_the_demo_feed_is_simulated(self):
        assert some_table(trained_on=DEMO).is_simulated
        assert not some_table(trained_on=LIVE).is_simulated

    def test_what_the_api_sends_of_it_is_plain_json(self):
        table = some_table()
        sent = orjson.loads(
            orjson.dumps(
                {
                    "probabilities": table.at(0, 8, "rocade").probabilities,
                    "trained_on": table.trained_on,
                }
            )
        )
        assert list(sent["probabilities"]) == list(ZONE_STATUSES)
        assert sent["trained_on"] == {
            "source": "demo",
            "first_day": "2026-08-31",
            "last_day": "2026-11-22",
            "days": 84,
            "snapshots": 8068,
        }

    @pytest.mark.parametrize("row", [[0.5, 0.5, 0.5], [1.5, -0.5, 0.0], [np.nan, 0.5, 0.5]])
    def test_a_row_that_is_no_distribution_is_refused(self, row):
        probabilities = np.full(table_shape(RENNES), 1 / 3)
        probabilities[2, 3, 4] = row
        with pytest.raises(ForecastUnavailable, match="row of probabilities"):
            make_table(RENNES, SHIPPED_VERSION, "f0f0f0f0", DEMO, probabilities)

    def test_another_shape_is_refused(self):
        with pytest.raises(ForecastUnavailable, match=r"shape \(7, 24, 3\)"):
            make_table(RENNES, SHIPPED_VERSION, "f0f0f0f0", DEMO, np.full((7, 24, 3), 1 / 3))


class TestDocument:
    def test_what_was_written_is_read_back(self):
        assert decode_table(RENNES, encode_table(some_table())) == some_table()

    def test_the_order_of_the_rows_does_not_matter(self):
        content = pq.read_table(pa.BufferReader(encode_table(some_table())))
        shuffled = content.take(np.random.default_rng(3).permutation(len(content)))
        assert decode_table(RENNES, parquet(shuffled)) == some_table()

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda content: content.slice(1),
            lambda content: pa.concat_tables([content, content.slice(0, 1)]),
            lambda content: pa.concat_tables([content.slice(1), content.slice(1, 1)]),
            lambda content: content.drop_columns(["p_dense"]),
            lambda content: content.replace_schema_metadata({}),
        ],
        ids=["row-missing", "row-too-many", "row-twice", "column-missing", "origin-missing"],
    )
    def test_an_incomplete_table_is_refused(self, spoil):
        content = pq.read_table(pa.BufferReader(encode_table(some_table())))
        with pytest.raises(ForecastUnavailable, match="not a table of forecasts"):
            decode_table(RENNES, parquet(spoil(content)))

    @pytest.mark.parametrize("document", [b"", b"PAR1", b"<html>", encode_table(some_table())[:-9]])
    def test_anything_else_is_refused(self, document):
        with pytest.raises(ForecastUnavailable, match="not a table of forecasts"):
            decode_table(RENNES, document)


class TestLoading:
    def test_the_shipped_champion_serves_where_nothing_was_trained(self, data_dir, shipped):
        assert CachedForecasts(RENNES, data_dir, shipped).table() == some_table()

    def test_the_local_champion_wins(self, data_dir, shipped):
        install(data_dir / "models", some_table(LOCAL_VERSION, LIVE))
        assert CachedForecasts(RENNES, data_dir, shipped).table().model_version == LOCAL_VERSION

    def test_a_local_version_that_is_no_champion_is_left_alone(self, data_dir, shipped):
        install(data_dir / "models", some_table(LOCAL_VERSION, LIVE), champion=False)
        assert CachedForecasts(RENNES, data_dir, shipped).table().model_version == SHIPPED_VERSION

    @pytest.mark.parametrize(
        "damage",
        [
            lambda models, path: path.write_bytes(path.read_bytes()[:500]),
            lambda models, path: path.unlink(),
            lambda models, path: name_champion(models, "2026-11-24-ffffff"),
            lambda models, path: name_champion(models, f"../../shipped/{SHIPPED_VERSION}"),
            lambda models, path: (models / "champion").write_bytes(b"\xff\xfe"),
            lambda models, path: path.write_bytes(encode_table(some_table())),
        ],
        ids=["cut", "missing", "unknown-version", "path", "binary", "of-another-version"],
    )
    def test_a_broken_local_champion_is_journalled_and_the_shipped_one_serves(
        self, data_dir, shipped, caplog, damage
    ):
        models = data_dir / "models"
        path = install(models, some_table(LOCAL_VERSION, LIVE))
        damage(models, path)
        assert CachedForecasts(RENNES, data_dir, shipped).table().model_version == SHIPPED_VERSION
        [record] = caplog.records
        assert record.levelno == logging.ERROR
        assert str(models) in record.getMessage()
        assert record.exc_info is not None

    def test_without_any_champion_one_line_says_where_it_was_looked_for(self, data_dir, tmp_path):
        with pytest.raises(ForecastUnavailable) as error_info:
            CachedForecasts(RENNES, data_dir, tmp_path / "none").table()
        message = str(error_info.value)
        assert str(data_dir / "models") in message
        assert str(tmp_path / "none") in message
        assert "\n" not in message

    def test_when_all_are_broken_one_line_names_the_file(self, data_dir, shipped):
        path = shipped / SHIPPED_VERSION / FORECASTS_FILE
        path.write_bytes(b"PAR1 cut")
        with pytest.raises(ForecastUnavailable, match="not a table") as error_info:
            CachedForecasts(RENNES, data_dir, shipped).table()
        assert str(path) in str(error_info.value)


class TestCache:
    def test_the_table_is_read_once_while_nothing_changes(self, data_dir, shipped):
        cached = CachedForecasts(RENNES, data_dir, shipped)
        first = cached.table()
        # Gone from the disk, so that a second reading could not go unnoticed.
        (shipped / SHIPPED_VERSION / FORECASTS_FILE).unlink()
        assert cached.table() is first

    def test_a_new_champion_is_taken_up_without_a_restart(self, data_dir, shipped):
        cached = CachedForecasts(RENNES, data_dir, shipped)
        assert cached.table().is_simulated
        install(data_dir / "models", some_table(LOCAL_VERSION, LIVE))
        assert not cached.table().is_simulated
        install(data_dir / "models", some_table("2026-11-24-bbbbbb", LIVE))
        assert cached.table().model_version == "2026-11-24-bbbbbb"

    def test_a_broken_new_champion_leaves_the_last_good_one_and_is_journalled_once(
        self, data_dir, shipped, caplog
    ):
        models = data_dir / "models"
        install(models, some_table(LOCAL_VERSION, LIVE))
        cached = CachedForecasts(RENNES, data_dir, shipped)
        good = cached.table()
        name_champion(models, "2026-11-24-ffffff")
        assert [cached.table() for _ in range(3)] == [good, good, good]
        assert len(caplog.records) == 1
        install(models, some_table("2026-11-25-cccccc", LIVE))
        assert cached.table().model_version == "2026-11-25-cccccc"

    def test_champions_that_vanish_leave_the_last_good_one(self, data_dir, shipped):
        cached = CachedForecasts(RENNES, data_dir, shipped)
        good = cached.table()
        (shipped / "champion").unlink()
        assert cached.table() is good

    def test_none_at_all_is_told_until_there_is_one(self, data_dir, tmp_path):
        cached = CachedForecasts(RENNES, data_dir, tmp_path / "none")
        for _ in range(2):
            with pytest.raises(ForecastUnavailable):
                cached.table()
        install(data_dir / "models", some_table(LOCAL_VERSION, LIVE))
        assert cached.table().model_version == LOCAL_VERSION

    def test_threads_share_one_reading(self, data_dir, shipped):
        cached = CachedForecasts(RENNES, data_dir, shipped)
        found: list[ForecastTable] = []
        together = threading.Barrier(8)

        def ask() -> None:
            together.wait()
            found.append(cached.table())

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len({id(table) for table in found}) == 1


def test_tensorflow_is_not_imported_where_forecasts_are_served():
    script = (
        "import sys, services.forecast.zone_forecasts;"
        "sys.exit(any(name.split('.')[0] in ('tensorflow', 'keras', 'models')"
        " for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def parquet(content: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(content, sink)
    return sink.getvalue().to_pybytes()


class TestWhatIsObserved:
    """Counts of the live feed enter an initial model, by zone and hour of the week."""

    @pytest.fixture
    def cached(self, data_dir, shipped):
        return CachedForecasts(RENNES, data_dir, shipped)

    @staticmethod
    def observe(data_dir, hours=1):
        """All zones blocked at three times of each hour from Monday 8 h on, rolled up."""
        write(data_dir, times(MONDAY_AT_8, hours), lambda _: BLOCKED, source="live")
        keep_up(RENNES, data_dir, MONDAY_AT_8 + timedelta(days=2), None)

    def test_the_model_counts_as_so_many_observations(self, cached, data_dir):
        said = cached.shown("live").at(0, 8, "rocade").shares
        assert cached.shown("live").basis(0, 8, "rocade") == Basis("initial", 0.0, 84)
        self.observe(data_dir)
        table = cached.shown("live")
        expected = (PRIOR_COUNT * np.array(said) + [0, 0, 3]) / (PRIOR_COUNT + 3)
        np.testing.assert_allclose(table.at(0, 8, "rocade").shares, expected, rtol=1e-6)
        basis = table.basis(0, 8, "rocade")
        assert basis.observed_share == pytest.approx(3 / (PRIOR_COUNT + 3))
        assert table.at(0, 9, "rocade").shares == pytest.approx(
            cached.table().at(0, 9, "rocade").shares
        )
        assert cached.shown("live") is table

    def test_it_is_another_table_with_each_day_observed(self, cached, data_dir):
        before = cached.shown("live")
        self.observe(data_dir)
        after = cached.shown("live")
        assert after.edition != before.edition
        assert after.model_version == before.model_version
        # The same days, compared with another free flow.
        path = path_of(data_dir, "live", ZONES)
        cube = read_cube(path, ZONE_FORM)
        cube.days |= {day: f"{mark}@other" for day, mark in cube.days.items()}
        write_cube(path, cube, ZONE_FORM)
        assert cached.shown("live").edition not in {before.edition, after.edition}

    def test_where_the_average_is_better_it_is_shown_instead(self, cached, data_dir):
        self.observe(data_dir)
        set_aside(data_dir / "models", SHIPPED_VERSION)
        table = cached.shown("live")
        assert table.at(0, 8, "rocade").shares[2] > 0.9
        assert table.basis(0, 8, "rocade").origin == "average"
        assert table.basis(0, 9, "rocade").origin == "initial"

    def test_a_simulation_shows_the_model_alone(self, cached, data_dir):
        self.observe(data_dir)
        assert cached.shown("demo") is cached.table()

    def test_what_learned_from_observed_traffic_has_nothing_added(self, data_dir, shipped):
        install(data_dir / "models", some_table(LOCAL_VERSION, LIVE))
        self.observe(data_dir)
        cached = CachedForecasts(RENNES, data_dir, shipped)
        assert cached.shown("live") is cached.table()
        assert cached.shown("live").basis(0, 8, "rocade") == Basis("observed", 1.0, 84)
