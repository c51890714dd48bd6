from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.base.errors import ForecastUnavailable
from services.city.rennes import RENNES
from services.forecast.champions import set_aside
from services.forecast.observed_counts import PRIOR_COUNT
from services.forecast.week_forecasts import (
    WEEK_DIRECTORY,
    WEEK_FILE,
    CachedWeekForecasts,
    WeekOnNetwork,
    decode_table,
    encode_table,
)
from services.history import writer
from services.history.rollups import SEGMENTS, path_of
from services.history.upkeep import keep_up
from services.plain.forecast import FIRM_PROBABILITY
from services.traffic.status import Status
from tests.factories import (
    MODEL_VERSION,
    make_network,
    make_snapshot_for,
    make_week_table,
    write_week_forecasts,
)
from tests.services.history.days import keep_network

MONDAY, TUESDAY = 0, 1
# In Rennes, in summer.
MONDAY_AT_8 = datetime(2024, 8, 26, 6, tzinfo=UTC)
UNKNOWN_CODE = int(Status.UNKNOWN)
NETWORK = make_network(24)


def on(network):
    return WeekOnNetwork(make_week_table(NETWORK), network)


class TestHour:
    def test_statuses_follow_the_hour(self):
        week = on(NETWORK)
        expected = {3: Status.FREE_FLOW, 8: Status.HEAVY, 17: Status.CONGESTED}
        for hour, status in expected.items():
            assert set(week.at(TUESDAY, hour).status_codes[2:].tolist()) == {status}

    def test_what_rests_on_little_is_told_all_the_same(self):
        found = on(NETWORK).at(MONDAY, 3)
        assert found.days_observed[0] == 1
        assert found.status_codes[0] == Status.FREE_FLOW

    def test_the_likeliest_status_is_told_though_the_others_together_are_likelier(self):
        found = on(NETWORK).at(MONDAY, 8)
        assert found.probabilities[1].max() < FIRM_PROBABILITY
        assert found.status_codes[1] == Status.HEAVY

    def test_probabilities_are_distributions_that_agree_with_the_median(self):
        for hour in range(24):
            found = on(NETWORK).at(MONDAY, hour)
            np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)
            likely_free = found.probabilities[:, 2] > 0.5
            np.testing.assert_array_equal(likely_free, found.quantiles["p50"] > 0.7)


class TestAnotherNetwork:
    def test_segments_are_matched_by_their_id(self):
        backwards = dataclasses.replace(NETWORK, segment_ids=NETWORK.segment_ids[::-1])
        np.testing.assert_array_equal(
            on(backwards).at(MONDAY, 8).status_codes[::-1], on(NETWORK).at(MONDAY, 8).status_codes
        )

    def test_what_the_model_does_not_know_is_uncertain_and_has_no_figures(self):
        larger = make_network(60)
        found = on(larger).at(MONDAY, 17)
        unknown = [
            place
            for place, segment_id in enumerate(larger.segment_ids)
            if segment_id not in NETWORK.segment_ids
        ]
        assert len(unknown) == 36
        assert set(found.status_codes[unknown].tolist()) == {Status.UNKNOWN}
        assert np.isnan(found.probabilities[unknown]).all()
        assert np.isnan(found.quantiles["p50"][unknown]).all()
        assert (found.days_observed[unknown] == 0).all()

    def test_a_network_that_shares_nothing_is_uncertain_everywhere(self):
        ids = tuple(f"other-{place}" for place in range(len(NETWORK)))
        other = dataclasses.replace(NETWORK, segment_ids=ids)
        assert not on(other).at(MONDAY, 8).status_codes.any()


class TestDocument:
    def test_what_was_written_is_read_back(self):
        table = make_week_table(NETWORK)
        again = decode_table(encode_table(table))
        for field in dataclasses.fields(table):
            np.testing.assert_array_equal(
                getattr(again, field.name), getattr(table, field.name), field.name
            )

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda content: content.drop_columns(["p50_pct"]),
            lambda content: content.replace_schema_metadata({}),
            lambda content: pa.concat_tables([content, content.slice(0, 1)]),
            lambda content: content.rename_columns(
                ["segment_id", "p90_pct", "p50_pct", "p10_pct", "days_observed"]
            ),
        ],
        ids=["column-missing", "origin-missing", "segment-twice", "quantiles-crossed"],
    )
    def test_an_incomplete_table_is_refused(self, spoil):
        content = pq.read_table(pa.BufferReader(encode_table(make_week_table(NETWORK))))
        sink = pa.BufferOutputStream()
        pq.write_table(spoil(content), sink)
        with pytest.raises(ForecastUnavailable):
            decode_table(sink.getvalue().to_pybytes())

    @pytest.mark.parametrize("document", [b"", b"PAR1", b"<html>"])
    def test_anything_else_is_refused(self, document):
        with pytest.raises(ForecastUnavailable, match="not a table of week forecasts"):
            decode_table(document)


class TestCache:
    @pytest.fixture
    def local(self, tmp_path):
        write_week_forecasts(tmp_path, NETWORK)
        return tmp_path

    def test_the_local_champion_wins_over_the_shipped_one(self, local, tmp_path):
        shipped = tmp_path / "shipped"
        assert (
            CachedWeekForecasts(local, shipped).on(NETWORK, "live").table.model_version
            == MODEL_VERSION
        )

    def test_without_a_local_champion_the_shipped_one_serves(self, local, tmp_path):
        cached = CachedWeekForecasts(tmp_path / "empty", local / "models")
        assert cached.on(NETWORK, "live").table.model_version == MODEL_VERSION

    def test_a_network_is_placed_once(self, local, tmp_path):
        cached = CachedWeekForecasts(local, tmp_path / "none")
        assert cached.on(NETWORK, "live") is cached.on(NETWORK, "live")
        assert cached.on(make_network(60), "live") is not cached.on(NETWORK, "live")

    def test_a_broken_new_champion_leaves_the_last_good_one(self, local, tmp_path, caplog):
        cached = CachedWeekForecasts(local, tmp_path / "none")
        good = cached.on(NETWORK, "live")
        root = local / "models" / WEEK_DIRECTORY
        broken = root / "2024-08-26-ffffff"
        broken.mkdir()
        (broken / WEEK_FILE).write_bytes(b"PAR1 cut")
        (root / "champion.new").write_text(broken.name)
        (root / "champion.new").replace(root / "champion")
        assert cached.on(NETWORK, "live") is good
        assert str(root) in caplog.text

    def test_none_at_all_is_told(self, tmp_path):
        with pytest.raises(ForecastUnavailable, match="no champion"):
            CachedWeekForecasts(tmp_path, tmp_path).on(NETWORK, "live")


class TestWhatIsObserved:
    """Counts of the live feed enter an initial model, by the hour of the week."""

    @pytest.fixture
    def cached(self, tmp_path):
        write_week_forecasts(tmp_path, NETWORK)
        return CachedWeekForecasts(tmp_path, tmp_path / "none")

    def observe(self, data_dir, times, statuses=Status.CONGESTED, network=NETWORK):
        """The same at some times of Monday 8 to 9 h, rolled up."""
        keep_network(data_dir, network)
        for minute in range(times):
            at = MONDAY_AT_8 + timedelta(minutes=minute)
            snapshot = make_snapshot_for(network, statuses, observed_at=at)
            writer.append_snapshot(data_dir, snapshot)
        keep_up(RENNES, data_dir, MONDAY_AT_8 + timedelta(days=2), None)

    def test_the_model_counts_as_so_many_observations(self, cached, tmp_path):
        said = cached.on(NETWORK, "live").at(MONDAY, 8)
        assert said.observed_share.tolist() == [0.0] * len(NETWORK)
        self.observe(tmp_path, times=5)
        found = cached.on(NETWORK, "live").at(MONDAY, 8)
        # Congested, heavy and free: PRIOR_COUNT of the model's to five observed ones.
        seen = np.array([1.0, 0.0, 0.0])
        expected = (PRIOR_COUNT * said.probabilities + 5 * seen) / (PRIOR_COUNT + 5)
        np.testing.assert_allclose(found.probabilities, expected, rtol=1e-6)
        np.testing.assert_allclose(found.observed_share, 5 / (PRIOR_COUNT + 5))
        assert (found.quantiles["p10"][2:] < said.quantiles["p10"][2:]).all()
        # Of another hour nothing was observed.
        np.testing.assert_array_equal(
            cached.on(NETWORK, "live").at(MONDAY, 9).probabilities,
            WeekOnNetwork(make_week_table(NETWORK), NETWORK).at(MONDAY, 9).probabilities,
        )

    def test_status_and_median_agree(self, cached, tmp_path):
        self.observe(tmp_path, times=30)
        found = cached.on(NETWORK, "live").at(MONDAY, 8)
        assert set(found.status_codes.tolist()) == {Status.CONGESTED}
        assert (found.quantiles["p50"] <= 0.30).all()

    def test_the_share_is_by_length_and_of_what_is_shown(self, cached, tmp_path):
        half = np.where(np.arange(len(NETWORK)) < 12, int(Status.HEAVY), int(Status.UNKNOWN))
        self.observe(tmp_path, times=5, statuses=half)
        week = cached.on(NETWORK, "live")
        length = NETWORK.length_m
        expected = length[:12].sum() / length.sum() * 5 / (PRIOR_COUNT + 5)
        basis = week.basis(week.at(MONDAY, 8))
        assert basis.origin == "initial"
        assert basis.observed_share == pytest.approx(expected)

    def test_a_road_that_the_model_does_not_know_is_told_once_it_was_observed(
        self, cached, tmp_path
    ):
        larger = make_network(60)
        assert UNKNOWN_CODE in cached.on(larger, "live").at(MONDAY, 8).status_codes
        self.observe(tmp_path, times=2, statuses=Status.HEAVY, network=larger)
        found = cached.on(larger, "live").at(MONDAY, 8)
        assert UNKNOWN_CODE not in found.status_codes
        new = [name not in NETWORK.segment_ids for name in larger.segment_ids]
        assert (found.observed_share[new] > 0.8).all()

    def test_a_simulation_shows_the_model_alone(self, cached, tmp_path):
        self.observe(tmp_path, times=5)
        found = cached.on(NETWORK, "demo")
        assert found.basis(found.at(MONDAY, 8)).observed_share == 0.0

    def test_where_the_average_is_better_it_is_shown_instead(self, cached, tmp_path):
        self.observe(tmp_path, times=5)
        set_aside(tmp_path / "models" / WEEK_DIRECTORY, MODEL_VERSION)
        week = cached.on(NETWORK, "live")
        found = week.at(MONDAY, 8)
        assert week.basis(found).origin == "average"
        assert (found.probabilities[:, 0] > 0.94).all()
        # Nothing was observed at nine: the model still speaks.
        assert week.basis(week.at(MONDAY, 9)).origin == "initial"
        # Another champion is not meant.
        set_aside(tmp_path / "models" / WEEK_DIRECTORY, "2024-08-25-aaaaaa")
        again = cached.on(NETWORK, "live")
        assert again.basis(again.at(MONDAY, 8)).origin == "initial"

    def test_a_damaged_roll_up_leaves_the_model(self, cached, tmp_path, caplog):
        self.observe(tmp_path, times=5)
        path_of(tmp_path, "live", SEGMENTS).write_bytes(b"PAR1 cut")
        found = cached.on(NETWORK, "live").at(MONDAY, 8)
        assert (found.observed_share == 0.0).all()
        assert "nothing observed enters" in caplog.text
