"""Giving back to the machine what a job needed for a moment: a day of traffic is a hundred MB."""

from __future__ import annotations

import ctypes
import gc

import pyarrow as pa


def take_little_memory() -> None:
    """Let Arrow take what it needs from the C library, whose freed memory can be given back.

    Its own allocator keeps for each of its threads what that once needed: 60 MB of
    395 after a night of scoring, growing with the largest day read. Called at start,
    before Arrow has read anything.
    """
    pa.set_memory_pool(pa.system_memory_pool())


def give_back_memory() -> None:
    """Let go of what nobody refers to any more, for a process that sleeps between its jobs.

    Python collects what refers to itself only once much else was made, and the C library
    keeps what was freed for what may be asked next: a hundred MB that other roles on the
    machine could use.
    """
    gc.collect()
    give_back_freed()


def give_back_freed() -> None:
    """Let go of what is freed already, a moment's work, for a process that answers people."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    # Of the GNU C library; others give back by themselves.
    if trim is not None:
        trim(0)
