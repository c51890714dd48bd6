from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.base.errors import ForecastUnavailable
from services.forecast.week_forecasts import (
    MIN_DAYS,
    MIN_PROBABILITY,
    WEEK_DIRECTORY,
    WEEK_FILE,
    CachedWeekForecasts,
    WeekOnNetwork,
    decode_table,
    encode_table,
)
from services.traffic.status import Status
from tests.factories import MODEL_VERSION, make_network, make_week_table, write_week_forecasts

MONDAY, TUESDAY = 0, 1
NETWORK = make_network(24)


def on(network):
    return WeekOnNetwork(make_week_table(NETWORK), network)


class TestHour:
    def test_statuses_follow_the_hour(self):
        week = on(NETWORK)
        expected = {3: Status.FREE_FLOW, 8: Status.HEAVY, 17: Status.CONGESTED}
        for hour, status in expected.items():
            assert set(week.at(TUESDAY, hour).status_codes[2:].tolist()) == {status}

    def test_one_day_of_evidence_is_no_evidence(self):
        found = on(NETWORK).at(MONDAY, 3)
        assert found.days_observed[0] < MIN_DAYS
        assert found.status_codes[0] == Status.UNKNOWN
        # What little is known is told all the same, to who asks for the figures.
        assert found.quantiles["p50"][0] == 0.9

    def test_a_status_that_is_less_likely_than_the_others_is_not_told(self):
        found = on(NETWORK).at(MONDAY, 8)
        assert found.probabilities[1].max() < MIN_PROBABILITY
        assert found.status_codes[1] == Status.UNKNOWN

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
        assert CachedWeekForecasts(local, shipped).on(NETWORK).table.model_version == MODEL_VERSION

    def test_without_a_local_champion_the_shipped_one_serves(self, local, tmp_path):
        cached = CachedWeekForecasts(tmp_path / "empty", local / "models")
        assert cached.on(NETWORK).table.model_version == MODEL_VERSION

    def test_a_network_is_placed_once(self, local, tmp_path):
        cached = CachedWeekForecasts(local, tmp_path / "none")
        assert cached.on(NETWORK) is cached.on(NETWORK)
        assert cached.on(make_network(60)) is not cached.on(NETWORK)

    def test_a_broken_new_champion_leaves_the_last_good_one(self, local, tmp_path, caplog):
        cached = CachedWeekForecasts(local, tmp_path / "none")
        good = cached.on(NETWORK)
        root = local / "models" / WEEK_DIRECTORY
        broken = root / "2024-08-26-ffffff"
        broken.mkdir()
        (broken / WEEK_FILE).write_bytes(b"PAR1 cut")
        (root / "champion.new").write_text(broken.name)
        (root / "champion.new").replace(root / "champion")
        assert cached.on(NETWORK) is good
        assert str(root) in caplog.text

    def test_none_at_all_is_told(self, tmp_path):
        with pytest.raises(ForecastUnavailable, match="no champion"):
            CachedWeekForecasts(tmp_path, tmp_path).on(NETWORK)
