"""Damage in the middle of the archive, and a disk that takes nothing: what is left is answered."""

from __future__ import annotations

import errno
import logging
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from services.base import files
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.history import layout
from services.history.quarters import read_quarters
from services.operations.database import open_operations
from services.plain.trends.coverage import CoverageQuery
from services.plain.trends.curve import CurveQuery
from services.trends.archive import unreported
from services.trends.coverage import answer_coverage
from services.trends.curve import answer_curve
from services.trends.marks import marks
from tests.factories import make_network
from tests.services.trends.observed import archive_of, clock_times, keep_up, observe

NETWORK = make_network(4)
FIRST = date(2026, 11, 10)
ONE_DAY = timedelta(days=1)
DAYS = [FIRST + number * ONE_DAY for number in range(5)]
MIDDLE = DAYS[2]
TIMES = [at for day in DAYS for at in clock_times(day, 15)]
KMH = [20.0, 25.0, 30.0, 35.0]


@pytest.fixture
def data_dir(tmp_path):
    """Five days at the same speeds, a snapshot a quarter, folded and with their quarters."""
    observe(tmp_path, NETWORK, TIMES, lambda _: KMH)
    keep_up(tmp_path)
    return tmp_path


def file_of(data_dir, what, day=MIDDLE):
    at = layout.day_file if what == "rows" else layout.quarters_file
    return at(data_dir, "live", day)


def cut(path):
    """As a machine leaves it that lost its power."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def turn_bits(path):
    """As a disk does that forgets: in what is told, and not where that lies."""
    content = bytearray(path.read_bytes())
    middle = slice(len(content) // 4, len(content) // 4 + 400)
    content[middle] = bytes(byte ^ 0xFF for byte in content[middle])
    path.write_bytes(bytes(content))


def speeds(archive, days=DAYS):
    """The mean speed of each segment from 5 h to 19 h of each day; None where there is none."""
    grids = archive.days(archive.place("reseau"), list(days))
    by_day = [grid.speed_kmh[20:76] for grid in grids]
    return [None if np.isnan(kmh).all() else kmh.mean(axis=0).tolist() for kmh in by_day]


def curve_of(archive, day):
    return answer_curve(archive, CurveQuery("reseau", day, "speed"), unreported)


def marked(archive, data_dir):
    """What figures say of days that lack."""
    operations = open_operations(load_settings(data_dir=data_dir, _env_file=None))
    found = marks(archive, operations, archive.place("reseau"), DAYS[0], DAYS[-1])
    return [
        (mark.kind, RENNES.local(mark.start).date())
        for mark in found
        if mark.kind in ("no_data", "damaged")
    ]


@pytest.mark.parametrize("damage", [cut, turn_bits])
def test_quarters_that_are_damaged_are_told_by_the_rows(data_dir, caplog, damage):
    sound = file_of(data_dir, "quarters").read_bytes()
    damage(file_of(data_dir, "quarters"))
    archive = archive_of(data_dir, NETWORK)
    assert speeds(archive) == [KMH] * 5
    assert not archive.unread
    assert "is unreadable and set aside" in caplog.text
    # The next upkeep makes them again.
    keep_up(data_dir)
    assert file_of(data_dir, "quarters").read_bytes() == sound


@pytest.mark.parametrize("damage", [cut, turn_bits])
def test_rows_that_are_damaged_are_told_by_the_quarters(data_dir, caplog, damage):
    damage(file_of(data_dir, "rows"))
    keep_up(data_dir)
    archive = archive_of(data_dir, NETWORK)
    assert speeds(archive) == [KMH] * 5
    assert answer_coverage(archive, CoverageQuery(), unreported).days == 5
    # The feed's own times are gone with the rows.
    fine = archive.fine(archive.place("reseau"), MIDDLE)
    assert fine.snapshots.sum() == 4
    assert "is unreadable and set aside" in caplog.text


@pytest.mark.parametrize("damage", [cut, turn_bits])
def test_a_day_that_is_damaged_whole_is_left_out_and_said(data_dir, damage):
    for what in ("rows", "quarters"):
        damage(file_of(data_dir, what))
    archive = archive_of(data_dir, NETWORK)
    assert speeds(archive) == [KMH, KMH, None, KMH, KMH]
    # Days in UTC begin an hour later: that hour is of the day before, and there.
    values = curve_of(archive, MIDDLE).values
    assert [quarter for quarter, value in enumerate(values) if value is not None] == [0, 1, 2, 3]
    assert None not in curve_of(archive, DAYS[1]).values
    assert marked(archive, data_dir) == [("damaged", MIDDLE)]
    covered = answer_coverage(archive, CoverageQuery(), unreported)
    assert (covered.first_day, covered.last_day) == (DAYS[0], DAYS[-1])
    assert covered.share == pytest.approx(0.8, abs=0.01)


def refusing(code, place):
    """What makes files to write into, on a disk that takes nothing below some place."""
    real = tempfile.mkstemp

    def make(*arguments, **options):
        if place in str(options["dir"]):
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    return make


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("place", ["history", "quarters"])
def test_where_roll_ups_cannot_be_written_the_rows_are_asked(
    tmp_path, monkeypatch, caplog, code, place
):
    observe(tmp_path, NETWORK, TIMES, lambda _: KMH)
    with monkeypatch.context() as fault:
        fault.setattr("tempfile.mkstemp", refusing(code, place))
        with caplog.at_level(logging.ERROR):
            keep_up(tmp_path)
        assert "upkeep of the live history: cannot write" in caplog.text
        assert os.strerror(code) in caplog.text
        assert read_quarters(tmp_path, "live", MIDDLE) is None
        archive = archive_of(tmp_path, NETWORK)
        assert speeds(archive) == [KMH] * 5
        assert answer_coverage(archive, CoverageQuery(), unreported).days == 5
    assert [*layout.root(tmp_path).rglob(f"{files.TEMPORARY_PREFIX}*")] == []
    # Once there is room, the next upkeep makes what lacks.
    keep_up(tmp_path)
    assert read_quarters(tmp_path, "live", MIDDLE) is not None
    assert speeds(archive_of(tmp_path, NETWORK)) == [KMH] * 5


def test_what_is_damaged_on_a_disk_that_is_read_only_hides_nothing_else(
    data_dir, monkeypatch, caplog
):
    for what in ("rows", "quarters"):
        cut(file_of(data_dir, what))

    def read_only(*_arguments, **_options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as fault:
        fault.setattr(Path, "rename", read_only)
        fault.setattr("tempfile.mkstemp", read_only)
        archive = archive_of(data_dir, NETWORK)
        told = speeds(archive)
        covered = answer_coverage(archive, CoverageQuery(), unreported)
        with caplog.at_level(logging.ERROR):
            keep_up(data_dir)
    assert told == [KMH, KMH, None, KMH, KMH]
    assert covered.share == pytest.approx(0.8, abs=0.01)
    assert "cannot be renamed" in caplog.text
    # Nothing of what is sound was touched.
    assert speeds(archive_of(data_dir, NETWORK)) == told
