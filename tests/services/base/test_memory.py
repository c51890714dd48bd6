from __future__ import annotations

import platform

import psutil
import pytest

from services.base.memory import give_back_memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others give back by themselves")
def test_what_a_job_needed_for_a_moment_goes_back_to_the_machine():
    process = psutil.Process()
    # Small enough for the heap, which ends with the last one and cannot shrink by itself.
    blocks = [b"x" * 50_000 for _ in range(4_000)]
    last = blocks.pop()
    blocks.clear()
    before = process.memory_info().rss
    give_back_memory()
    assert before - process.memory_info().rss > 100_000_000
    assert len(last) == 50_000
