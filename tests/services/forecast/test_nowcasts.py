"""The next hour: what is read of it, and that it is written and read back the same."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from services.base.errors import ForecastUnavailable
from services.city.rennes import RENNES
from services.forecast.nowcasts import (
    CURRENT_FOR,
    LEAD_MINUTES,
    UNKNOWN_PERCENT,
    decode_nowcast,
    encode_nowcast,
    to_percent,
)
from services.plain.forecast import Basis
from tests.factories import OBSERVED_AT, make_network, make_nowcast_table, make_snapshot_for

NETWORK = make_network(24)
TABLE = make_nowcast_table(NETWORK, make_snapshot_for(NETWORK))
KEY = b"traffic_nowcast"


def with_header(**changes):
    """An encoded table whose header says something else; None leaves a member out."""
    content = pq.read_table(io.BytesIO(encode_nowcast(TABLE)))
    header = orjson.loads(pq.ParquetFile(io.BytesIO(encode_nowcast(TABLE))).metadata.metadata[KEY])
    changed = {name: value for name, value in (header | changes).items() if value is not None}
    sink = io.BytesIO()
    pq.write_table(content.replace_schema_metadata({KEY: orjson.dumps(changed)}), sink)
    return sink.getvalue()


class TestZones:
    def test_the_likeliest_status_follows_the_ratio(self):
        expected = {"centre-ville": "blocked", "rocade": "free", "penetrantes": "dense"}
        for zone, status in expected.items():
            leads = TABLE.zone(zone)
            assert [lead.minutes for lead in leads] == list(LEAD_MINUTES)
            assert {lead.status for lead in leads} == {status}

    def test_probabilities_are_distributions_that_agree_with_the_quantiles(self):
        for lead in TABLE.zone("rocade"):
            assert lead.p10 <= lead.p50 <= lead.p90
            assert sum(lead.shares) == pytest.approx(1.0)
            assert lead.probabilities["free"] == max(lead.shares)
        # The ring road slows down: free is less and less certain.
        shares = [lead.probabilities["free"] for lead in TABLE.zone("rocade")]
        assert shares == sorted(shares, reverse=True)

    def test_nothing_known_is_no_forecast(self):
        assert TABLE.zone("ceinture") is None


class TestCurrency:
    def test_it_is_current_for_a_quarter_of_an_hour(self):
        assert TABLE.is_current(NETWORK.version, OBSERVED_AT)
        assert TABLE.is_current(NETWORK.version, OBSERVED_AT + CURRENT_FOR)
        assert not TABLE.is_current(
            NETWORK.version, OBSERVED_AT + CURRENT_FOR + timedelta(seconds=1)
        )

    def test_it_is_of_its_network_alone(self):
        assert not TABLE.is_current("another", OBSERVED_AT)

    @pytest.mark.parametrize(("source", "is_simulated"), [("demo", True), ("live", False)])
    def test_what_learned_from_simulated_traffic_says_so(self, source, is_simulated):
        table = make_nowcast_table(NETWORK, make_snapshot_for(NETWORK), source)
        assert table.is_simulated is is_simulated


class TestDocument:
    def test_it_is_read_back_as_it_was_written(self):
        found = decode_nowcast(RENNES, encode_nowcast(TABLE))
        np.testing.assert_array_equal(found.percent, TABLE.percent)
        np.testing.assert_allclose(found.zone_ratios, TABLE.zone_ratios, atol=1e-4)
        unchanged = {"percent": TABLE.percent, "zone_ratios": TABLE.zone_ratios}
        told, expected = (vars(replace(table, **unchanged)) for table in (found, TABLE))
        for name in set(expected) - set(unchanged):
            assert told[name] == expected[name], name

    def test_it_tells_how_much_of_it_is_the_average(self):
        assert decode_nowcast(RENNES, encode_nowcast(TABLE)).basis() == Basis("initial", 0.0, 28)
        averaged = decode_nowcast(RENNES, encode_nowcast(replace(TABLE, average_share=0.9)))
        assert averaged.basis() == Basis("average", 0.9, 28)

    def test_one_that_was_issued_before_there_was_an_average_has_none(self):
        whole = pq.ParquetFile(io.BytesIO(encode_nowcast(TABLE)))
        header = orjson.loads(whole.metadata.metadata[KEY])
        del header["average_share"]
        sink = io.BytesIO()
        pq.write_table(whole.read().replace_schema_metadata({KEY: orjson.dumps(header)}), sink)
        assert decode_nowcast(RENNES, sink.getvalue()).average_share == 0.0

    def test_any_quantiles_survive(self):
        rng = np.random.default_rng(35)
        percent = np.sort(rng.integers(0, 256, TABLE.percent.shape), axis=0).astype(np.uint8)
        found = decode_nowcast(RENNES, encode_nowcast(replace(TABLE, percent=percent)))
        np.testing.assert_array_equal(found.percent, percent)

    @pytest.mark.parametrize(
        "document",
        [
            b"",
            b"PAR1 but nothing else",
            encode_nowcast(TABLE)[:-40],
            with_header(observed_at=None),
            with_header(observed_at="yesterday"),
            with_header(observed_at="2024-08-26T10:43:00"),
            with_header(source="somewhere"),
            with_header(trained_on={"source": "demo"}),
            with_header(trained_on=[1]),
            with_header(zone_ratios=[[0.5]]),
            with_header(zone_ratios="many"),
        ],
        ids=[
            "empty",
            "other",
            "cut",
            "no time",
            "odd time",
            "time of no zone",
            "odd source",
            "half a training",
            "odd training",
            "few zones",
            "odd zones",
        ],
    )
    def test_what_is_no_nowcast_is_refused_in_one_line(self, document):
        with pytest.raises(ForecastUnavailable, match="not a nowcast") as caught:
            decode_nowcast(RENNES, document)
        assert "\n" not in str(caught.value)

    def test_a_column_that_is_missing_is_refused(self):
        whole = pq.ParquetFile(io.BytesIO(encode_nowcast(TABLE)))
        content = whole.read().drop_columns(["middle_15"])
        sink = io.BytesIO()
        metadata = {KEY: whole.metadata.metadata[KEY]}
        pq.write_table(content.replace_schema_metadata(metadata), sink)
        with pytest.raises(ForecastUnavailable, match="middle_15"):
            decode_nowcast(RENNES, sink.getvalue())


def test_ratios_become_whole_percents_within_a_byte():
    ratio = np.array([0.0, 0.004, 0.006, 1.5, 2.6, np.nan])
    assert to_percent(ratio).tolist() == [0, 0, 1, 150, UNKNOWN_PERCENT - 1, UNKNOWN_PERCENT]
