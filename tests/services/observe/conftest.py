from __future__ import annotations

import pytest

from services.observe.demo.feed import DemoFeed


@pytest.fixture(scope="module")
def feed() -> DemoFeed:
    return DemoFeed()
