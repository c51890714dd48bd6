"""Statuses of segments, read back in the browser as the server packs them."""

from __future__ import annotations

import numpy as np
import pytest

from services.traffic.status import STATUS_BITS, pack_statuses
from tests.assets.scripts import loaded


@pytest.fixture(scope="module")
def page():
    with loaded("app.js", "statuses.js") as page:
        yield page


@pytest.mark.parametrize("segments", [0, 1, 2, 3, 60, 2_859])
def test_every_code_comes_back(page, segments):
    codes = np.random.default_rng(segments).integers(0, 1 << STATUS_BITS, segments)
    codes = codes.astype(np.uint8)
    unpack = "((...given) => Array.from(trafficRennes.unpackStatuses(...given)))"
    assert page.call(unpack, pack_statuses(codes), segments) == codes.tolist()


def test_a_snapshot_has_as_many_segments_as_it_counts(page):
    assert page.call("trafficRennes.segmentsOf", {"counts": [1, 2, 0, 4, 5]}) == 12
