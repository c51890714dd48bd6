"""The network's file: made of a reply, and giving the network of that reply."""

from __future__ import annotations

import dataclasses
import gzip
from datetime import UTC, datetime

import orjson
import pytest

from services.base.errors import FeedRefused
from services.city.rennes import RENNES
from services.observe import network_file
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import check_reply
from services.observe.network_file import main, network_document, read_records

NOON = datetime(2026, 1, 13, 11, tzinfo=UTC)
MOVING = {
    "datetime",
    "averagevehiclespeed",
    "traveltime",
    "traveltimereliability",
    "trafficstatus",
    "vehicleprobemeasurement",
}


def network_of(reply: bytes):
    return check_reply(reply, city=RENNES, source="demo", received_at=NOON).network


def test_holds_every_record_by_id_without_what_moves():
    reply = DemoFeed(segments=40).reply(NOON)
    records = orjson.loads(reply)
    document = network_document(RENNES, orjson.dumps(records[::-1]))
    expected = [{k: v for k, v in record.items() if k not in MOVING} for record in records]
    assert orjson.loads(gzip.decompress(document)) == expected
    assert network_document(RENNES, orjson.dumps(records[::-1])) == document


def test_what_is_no_reply_of_the_feed_is_refused():
    with pytest.raises(FeedRefused):
        network_document(RENNES, b'[{"a": 1}]')


def test_the_shipped_file_is_small_and_that_of_the_simulation():
    assert RENNES.network.stat().st_size < 1_000_000
    ids = [record["predefinedlocationreference"] for record in orjson.loads(read_records(RENNES))]
    assert ids == sorted(ids) == list(DemoFeed().network.ids)


@pytest.mark.realdata
def test_the_simulation_is_on_the_very_network_of_the_reply_it_was_made_from(rennes_reply):
    live, demo = network_of(rennes_reply), network_of(DemoFeed().reply(NOON))
    assert demo.version == live.version
    assert demo.geometry == live.geometry
    assert gzip.decompress(network_document(RENNES, rennes_reply)) == read_records(RENNES)


def test_the_command_writes_the_citys_file(tmp_path, monkeypatch, capsys):
    city = dataclasses.replace(RENNES, network=tmp_path / "network.json.gz")
    reply = tmp_path / "reply.json"
    reply.write_bytes(DemoFeed(segments=40).reply(NOON))
    monkeypatch.setattr(network_file, "CITY", city)
    assert main([str(reply)]) == 0
    assert capsys.readouterr().out.startswith(str(city.network))
    assert len(orjson.loads(read_records(city))) == 40


def test_the_command_ends_in_one_line_for_a_file_that_is_not_there(tmp_path, capsys):
    assert main([str(tmp_path / "none.json")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
