"""Codes of segments, read back in the browser as the server packs them."""

from __future__ import annotations

import numpy as np
import pytest

from services.traffic.status import STATUS_BITS, pack_codes
from services.traffic.usual import COMPARISON_BITS
from tests.assets.scripts import loaded


@pytest.fixture(scope="module")
def page():
    with loaded("app.js", "statuses.js") as page:
        yield page


@pytest.mark.parametrize("bits", [STATUS_BITS, COMPARISON_BITS])
@pytest.mark.parametrize("segments", [0, 1, 2, 3, 60, 2_859])
def test_every_code_comes_back(page, segments, bits):
    codes = np.random.default_rng(segments).integers(0, 1 << bits, segments).astype(np.uint8)
    unpack = "((...given) => Array.from(trafficRennes.unpackCodes(...given)))"
    assert page.call(unpack, pack_codes(codes, bits), segments, bits) == codes.tolist()
    if bits == STATUS_BITS:
        unpack = "((...given) => Array.from(trafficRennes.unpackStatuses(...given)))"
        assert page.call(unpack, pack_codes(codes, bits), segments) == codes.tolist()


def test_a_snapshot_has_as_many_segments_as_it_counts(page):
    assert page.call("trafficRennes.segmentsOf", {"counts": [1, 2, 0, 4, 5]}) == 12
