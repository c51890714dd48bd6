"""A stored day out of the history, as it is played: its times, gaps, levels, and its document."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from services.base.errors import InvalidRequest
from services.city.rennes import RENNES
from services.history import writer
from services.plain.trends.replay import ReplayQuery
from services.traffic.status import Status
from services.trends.archive import Archive, unreported
from services.trends.replay import (
    KEY,
    MAGIC,
    Header,
    NothingStored,
    answer_replay,
    encode_replay,
    replay_day,
)
from tests.factories import UNHINDERED, make_network, make_snapshot_for
from tests.services.history.days import append, keep_network, moments

DAY = date(2026, 11, 24)
LATER = date(2026, 12, 1)
MIDNIGHT = RENNES.midnight(DAY)


def archive(data_dir, network, source="live", *, today=LATER):
    return Archive(network.city, data_dir, source, network, today)


def header_of(document):
    assert document[:4] == MAGIC
    end = 8 + int.from_bytes(document[4:8], "little")
    return msgspec.json.decode(document[8:end], type=Header), document[end:]


def seconds(moment):
    return int(moment.timestamp())


def test_a_day_is_played_from_midnight_to_midnight(tmp_path, network):
    times = moments(MIDNIGHT - timedelta(minutes=30), 50, step_minutes=30)
    append(tmp_path, network, times)
    day = replay_day(archive(tmp_path, network), DAY)
    assert (day.start_s, day.until_s) == (seconds(MIDNIGHT), seconds(MIDNIGHT) + 86_400)
    assert [frame.epoch_s for frame in day.frames] == [seconds(at) for at in times[1:49]]
    for frame in day.frames:
        drawn = np.random.default_rng([0, frame.epoch_s]).integers(0, len(Status), len(network))
        np.testing.assert_array_equal(frame.codes, drawn)


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23)])
def test_the_days_of_the_clock_changes_have_their_own_length(tmp_path, network, day, hours):
    wanted = date.fromisoformat(day)
    append(tmp_path, network, moments(RENNES.midnight(wanted), hours, step_minutes=60))
    found = replay_day(archive(tmp_path, network), wanted)
    assert len(found.frames) == hours
    assert found.until_s - found.start_s == 3600 * hours
    assert all(frame.codes is not None for frame in found.frames)


def test_a_day_that_is_not_over_ends_with_its_last_observation(tmp_path, network):
    times = moments(MIDNIGHT, 5)
    append(tmp_path, network, times)
    found = replay_day(archive(tmp_path, network, today=DAY), DAY)
    assert found.until_s == seconds(times[-1])
    assert [frame.codes is None for frame in found.frames] == [False] * 5


def test_gaps_say_so_from_when_the_next_observation_is_late(tmp_path, network):
    morning = moments(MIDNIGHT + timedelta(hours=1), 5)
    # Nine minutes without any are no gap, eleven are.
    noon = moments(morning[-1] + timedelta(minutes=9), 5)
    evening = moments(noon[-1] + timedelta(minutes=11), 5)
    append(tmp_path, network, [*morning, *noon, *evening])
    found = replay_day(archive(tmp_path, network), DAY)
    gaps = [frame.epoch_s for frame in found.frames if frame.codes is None]
    assert gaps == [
        seconds(MIDNIGHT),
        seconds(noon[-1]) + 600,
        seconds(evening[-1]) + 600,
    ]
    times = [frame.epoch_s for frame in found.frames]
    assert times == sorted(times)
    assert all(frame.level is None for frame in found.frames if frame.codes is None)


def test_a_feed_of_another_pace_has_no_gap_at_each_step(tmp_path, network):
    append(tmp_path, network, moments(MIDNIGHT, 72, step_minutes=20), source="archive")
    found = replay_day(archive(tmp_path, network, "archive"), DAY)
    assert [frame.codes is None for frame in found.frames] == [False] * 72


def test_nothing_stored_is_a_day_without_frames(tmp_path, network):
    keep_network(tmp_path, network)
    found = replay_day(archive(tmp_path, network), DAY)
    assert found.frames == ()
    header, frames = header_of(encode_replay(found))
    assert (header.steps, header.levels, header.sizes, frames) == ([], [], [], b"")


def test_old_segments_are_shown_where_they_are_on_the_network_of_today(tmp_path, network):
    old = make_network(40, version="old")
    keep_network(tmp_path, old)
    keep_network(tmp_path, network)
    writer.append_snapshot(tmp_path, make_snapshot_for(old, Status.HEAVY, observed_at=MIDNIGHT))
    found = replay_day(archive(tmp_path, network), DAY)
    shared = np.isin(network.segment_ids, old.segment_ids)
    assert 0 < shared.sum() < len(network)
    np.testing.assert_array_equal(found.frames[0].codes == Status.HEAVY, shared)
    np.testing.assert_array_equal(found.frames[0].codes == Status.UNKNOWN, ~shared)
    assert found.network_version == network.version


def test_the_level_is_the_congestion_of_the_network(tmp_path):
    network = dataclasses.replace(make_network(60), city=UNHINDERED)
    keep_network(tmp_path, network)
    for place, status in enumerate((Status.HEAVY, Status.UNKNOWN)):
        at = MIDNIGHT + timedelta(minutes=3 * place)
        writer.append_snapshot(tmp_path, make_snapshot_for(network, status, observed_at=at))
    found = replay_day(archive(tmp_path, network), DAY)
    # Half the speed of free flow takes twice as long; nothing known tells nothing.
    assert found.frames[0].level == pytest.approx(1.0, abs=0.01)
    assert found.frames[1].level is None


def test_a_frame_costs_what_changed(tmp_path, network):
    keep_network(tmp_path, network)
    codes = np.full(len(network), Status.FREE_FLOW, np.uint8)
    for place in range(4):
        codes = codes.copy()
        codes[place * 7] = Status.HEAVY
        at = MIDNIGHT + timedelta(minutes=3 * place)
        writer.append_snapshot(tmp_path, make_snapshot_for(network, codes, observed_at=at))
    header, frames = header_of(encode_replay(replay_day(archive(tmp_path, network), DAY)))
    # 60 segments of 3 bits after the kind; then the kind and a byte; one for the gap at the end.
    assert header.sizes == [1 + 23, 2, 2, 2, 1]
    assert frames[0] == KEY
    assert header.steps == [0, 180, 180, 180, 600]
    assert len(frames) == sum(header.sizes)


def test_the_answer_is_the_document_of_the_day_asked_for(tmp_path, network):
    append(tmp_path, network, moments(MIDNIGHT, 3))
    known = archive(tmp_path, network, today=DAY)
    answer = answer_replay(known, ReplayQuery(DAY), unreported)
    assert answer.document == encode_replay(replay_day(known, DAY))
    assert not answer.is_over
    assert answer_replay(archive(tmp_path, network), ReplayQuery(DAY), unreported).is_over


def test_a_day_of_which_nothing_is_kept_and_one_to_come_are_refused(tmp_path, network):
    append(tmp_path, network, moments(MIDNIGHT, 3))
    known = archive(tmp_path, network, today=DAY)
    with pytest.raises(NothingStored):
        answer_replay(known, ReplayQuery(DAY - timedelta(days=3)), unreported)
    with pytest.raises(InvalidRequest, match="has come"):
        answer_replay(known, ReplayQuery(DAY + timedelta(days=1)), unreported)
