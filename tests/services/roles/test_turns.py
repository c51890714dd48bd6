"""Work that takes longer than it ever should is known as hung, until it ends."""

from __future__ import annotations

import pytest

from services.roles.turns import Turns
from tests.hanging import HangingWork
from tests.waiting import wait_until


def test_work_hangs_once_it_takes_longer_than_it_ever_should_and_until_it_ends():
    turns, work = Turns(), HangingWork()
    with work.under_way(turns.watched(work, 0.1)):
        # Others that are in time do not hide it.
        assert turns.watched(lambda number: number + 1, 60)(1) == 2
        wait_until(turns.is_hung)
    assert not turns.is_hung()


def test_neither_what_is_in_time_nor_what_failed_hangs():
    turns, work = Turns(), HangingWork()
    with pytest.raises(ZeroDivisionError):
        turns.watched(lambda: 1 / 0, 0)()
    with work.under_way(turns.watched(work, 60)):
        assert not turns.is_hung()
