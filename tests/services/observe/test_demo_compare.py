"""The comparison of the simulation with captures: its figures, its distances, its command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pytest

from services.base.errors import FeedRefused
from services.city.rennes import RENNES
from services.observe.demo import DemoFeed, compare
from services.observe.demo.__main__ import main
from services.observe.demo.compare import Capture, Traffic, comparisons, read_capture, simulated
from services.traffic.status import Status
from tests.conftest import REAL_DATA

ID = "predefinedlocationreference"
RUSH_HOUR = datetime(2026, 1, 13, 16, 24, tzinfo=UTC)
FEED = DemoFeed()
FREE, HEAVY, CONGESTED, UNKNOWN = (
    Status.FREE_FLOW,
    Status.HEAVY,
    Status.CONGESTED,
    Status.UNKNOWN,
)


def traffic(*statuses_and_ratios: tuple[Status, float], segments: int) -> Traffic:
    """The same few segments again and again, in one snapshot."""
    statuses, ratios = zip(*statuses_and_ratios, strict=True)
    status = np.resize(np.array(statuses, np.uint8), segments)[None, :]
    ratio = np.resize(np.array(ratios), segments)[None, :]
    probes = np.where(status == UNKNOWN, 0, 2).astype(np.uint8)
    return Traffic(status, ratio, probes, probes * 30)


def compared(real: Traffic, made: Traffic) -> dict[str, compare.Comparison]:
    segments = np.arange(real.status.shape[1])
    capture = Capture(RUSH_HOUR, segments, real)
    return {item.group: item for item in comparisons(RENNES, FEED.network, capture, made)}


def test_figures_and_distances_are_those_worked_out_by_hand() -> None:
    real = traffic((FREE, 1.2), (HEAVY, 0.6), (CONGESTED, 0.2), (UNKNOWN, np.nan), segments=400)
    made = traffic((FREE, 1.3), (FREE, 0.7), (CONGESTED, 0.3), (UNKNOWN, np.nan), segments=400)
    found = compared(real, made)["all"]
    assert found.segments == 400
    assert found.figures["free %"] == (25.0, 50.0)
    assert found.figures["heavy %"] == (25.0, 0.0)
    assert found.figures["unknown %"] == (25.0, 25.0)
    assert found.figures["ratio P50"] == (0.6, 0.7)
    assert found.figures["over the limit %"] == pytest.approx((100 / 3, 100 / 3))
    assert found.figures["probes"] == (2.0, 2.0)
    assert found.figures["reliability %"] == (60.0, 60.0)
    assert found.status_distance == pytest.approx(0.25)
    assert found.ratio_distance == pytest.approx(0.1, abs=0.01)


def test_groups_are_classes_zones_and_limits_of_at_least_twenty_segments() -> None:
    whole = traffic((FREE, 1.0), (HEAVY, 0.5), segments=len(FEED.network))
    found = compared(whole, whole)
    assert list(found)[:2] == ["all", "class national"]
    assert {f"zone {zone}" for zone in RENNES.zones} <= set(found)
    assert found["limit 110 km/h"].segments == 27
    assert all(item.status_distance == item.ratio_distance == 0.0 for item in found.values())
    assert list(compared(*(traffic((FREE, 1.0), segments=19) for _ in range(2)))) == []


def test_neighbours_are_segments_that_follow_one_another() -> None:
    # By corridor: each road has a ratio of its own, so that neighbours are the same.
    network = FEED.network
    ratio = 0.5 + network.corridor % 7 / 10
    status = np.full(len(network), FREE, np.uint8)
    ones = np.ones(len(network), np.uint8)
    real = Traffic(*(values[None, :] for values in (status, ratio, ones, ones)))
    shuffled = np.random.default_rng(3).permutation(len(network))
    agreement = compared(real, real.of(shuffled))["all"].figures["neighbours"]
    assert agreement == pytest.approx((1.0, 0.0), abs=0.1)


def test_a_reply_of_the_simulation_is_close_to_the_simulation(tmp_path: Path) -> None:
    path = tmp_path / "reply.json"
    path.write_bytes(DemoFeed(seed=99).reply(RUSH_HOUR))
    capture = read_capture(path, FEED.network)
    assert capture.observed_at == RUSH_HOUR
    assert sorted(capture.segments) == list(range(len(FEED.network)))
    found = {
        item.group: item for item in comparisons(RENNES, FEED.network, capture, simulated(capture))
    }
    assert found["all"].status_distance < 0.08
    assert found["all"].ratio_distance < 0.08


def test_segments_that_the_network_lacks_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "reply.json"
    records = orjson.loads(DemoFeed(segments=30).reply(RUSH_HOUR))
    path.write_bytes(orjson.dumps([*records, records[0] | {ID: "1_D"}]))
    assert read_capture(path, FEED.network).segments.tolist() == list(range(30))
    path.write_bytes(orjson.dumps([records[0] | {ID: "1_D"}]))
    with pytest.raises(FeedRefused, match="no segment of the network"):
        read_capture(path, FEED.network)


@pytest.mark.parametrize(
    "wrong", [{"averagevehiclespeed": "fast"}, {"datetime": "noon"}, {"trafficstatus": "odd"}]
)
def test_a_capture_that_is_none_ends_the_command_in_one_line(
    tmp_path: Path, wrong: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reply.json"
    records = orjson.loads(DemoFeed(segments=1).reply(RUSH_HOUR))
    path.write_bytes(orjson.dumps([records[0] | {"trafficstatus": "heavy"} | wrong]))
    assert main(["compare", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_command_prints_a_row_a_group(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reply.json"
    path.write_bytes(DemoFeed(seed=99, segments=300).reply(RUSH_HOUR))
    assert main(["compare", str(path)]) == 0
    title, _, header, _, *rows = capsys.readouterr().out.splitlines()
    assert title.startswith("reply.json of Tuesday 2026-01-13 17:24")
    assert header.startswith("| group | segments | status distance | ratio distance | free % |")
    assert rows[0].startswith("| all | 300 | ")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "status", "ratio"),
    [
        ("snapshot-2024-08-26T1243.json", 0.05, 0.05),
        ("capture-2025-11-04T1724.csv", 0.08, 0.05),
        # A hundred records that nothing was fitted to.
        ("records-2025-07-22T1442.jsonl", 0.10, 0.15),
    ],
)
def test_the_simulation_resembles_what_was_captured(name: str, status: float, ratio: float) -> None:
    capture = read_capture(REAL_DATA / name, FEED.network)
    simulation = simulated(capture)
    [whole, *groups] = comparisons(RENNES, FEED.network, capture, simulation)
    assert whole.status_distance < status
    assert whole.ratio_distance < ratio
    if whole.segments == len(FEED.network):
        large = [item for item in groups if item.segments >= 200]
        assert len(large) >= 12
        assert max(item.status_distance for item in large) < 0.16
        assert max(item.ratio_distance for item in large) < 0.16
