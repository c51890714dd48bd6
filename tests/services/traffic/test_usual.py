from __future__ import annotations

import numpy as np
import pytest

from services.traffic.usual import Comparison, UsualRatios, compare

USUAL = UsualRatios(p2=0.35, p10=0.50, p50=0.70, p90=0.85, p98=0.97, observations=200)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (0.30, Comparison.BUSIER),
        (0.49, Comparison.BUSIER),
        (0.51, Comparison.USUAL),
        (0.84, Comparison.USUAL),
        (0.95, Comparison.QUIETER),
        (np.nan, Comparison.NOT_TOLD),
    ],
)
def test_busier_is_slower_than_nine_in_ten_times(ratio, expected):
    assert compare(ratio, USUAL) == expected


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (0.34, Comparison.BUSIER),
        (0.40, Comparison.USUAL),
        (0.95, Comparison.USUAL),
        (0.98, Comparison.QUIETER),
        (np.nan, Comparison.NOT_TOLD),
    ],
)
def test_a_single_road_is_busier_once_in_fifty_times(ratio, expected):
    assert compare(ratio, USUAL, single=True) == expected


def test_a_difference_nobody_feels_is_no_news():
    narrow = UsualRatios(0.88, 0.89, 0.90, 0.91, 0.92, observations=200)
    assert compare(0.87, narrow) == Comparison.USUAL
    assert compare(0.84, narrow) == Comparison.BUSIER


def test_with_little_evidence_nothing_is_told():
    assert (
        compare(0.1, UsualRatios(0.4, 0.5, 0.7, 0.85, 0.9, observations=59)) == Comparison.NOT_TOLD
    )
    assert compare(0.1, UsualRatios(*[np.nan] * 5, observations=0)) == Comparison.NOT_TOLD


def test_all_segments_are_compared_at_once():
    usual = UsualRatios(
        p2=np.array([0.4, 0.4, np.nan]),
        p10=np.array([0.5, 0.5, np.nan]),
        p50=np.array([0.7, 0.7, np.nan]),
        p90=np.array([0.9, 0.9, np.nan]),
        p98=np.array([0.9, 0.9, np.nan]),
        observations=np.array([100, 100, 0]),
    )
    codes = compare(np.array([0.2, 0.7, 0.7]), usual)
    assert codes.tolist() == [Comparison.BUSIER, Comparison.USUAL, Comparison.NOT_TOLD]
