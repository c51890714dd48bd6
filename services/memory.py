"""Giving back to the machine what a job needed for a moment: a day of traffic is a hundred MB."""

from __future__ import annotations

import ctypes
import gc

import pyarrow as pa


def give_back_memory() -> None:
    """Let go of what nobody refers to any more, for a process that sleeps between its jobs.

    Python collects what refers to itself only once much else was made, Arrow and the
    C library keep what was freed for what may be asked next: hundreds of MB that other
    roles on the machine could use. Takes some 0.1 s.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    # Of the GNU C library; others give back by themselves.
    if trim is not None:
        trim(0)
