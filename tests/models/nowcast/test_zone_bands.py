"""Quantiles of a zone's speed ratio: the middle where it comes out, the band as wide as it was."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.nowcast.zone_bands import learn_zone_calibration, zone_ratios_of
from services.city.rennes import RENNES
from services.traffic.indicators import compute_indicators
from services.traffic.status import Status
from tests.factories import UNHINDERED, make_network, make_snapshot_for

NETWORK = make_network(60)
TIMES, LEADS = 400, 2


def constant(p10, p50, p90, times=TIMES):
    shape = (times, LEADS, len(NETWORK))
    return np.stack([np.full(shape, value) for value in (p10, p50, p90)])


def drawn(together, seed=3):
    """What was observed around 0.5, errors of the segments together or each on its own."""
    generator = np.random.default_rng(seed)
    shape = (TIMES, LEADS, 1 if together else len(NETWORK))
    errors = np.broadcast_to(generator.normal(0, 0.08, shape), (TIMES, LEADS, len(NETWORK)))
    return np.clip(0.5 + errors, 0.05, 1.0)


def test_the_zones_ratio_is_that_of_the_page():
    # Every zone has known segments, unknown ones and closed ones.
    snapshot = make_snapshot_for(NETWORK, np.arange(len(NETWORK)) % 7 % 5)
    ratio = snapshot.columns["speed_kmh"] / NETWORK.speed_limit_kmh
    ratio[np.isin(snapshot.columns["status"], (Status.UNKNOWN, Status.IMPOSSIBLE))] = np.nan
    page = compute_indicators(NETWORK, snapshot).zone_ratios
    own = dict(zip(RENNES.zone_choices, zone_ratios_of(NETWORK, ratio), strict=True))
    assert {zone: own[zone] for zone in page} == pytest.approx(page, abs=1e-9)


def test_where_nothing_is_known_there_is_no_ratio():
    assert np.isnan(zone_ratios_of(NETWORK, np.full(len(NETWORK), np.nan))).all()


@pytest.mark.parametrize("together", [True, False])
def test_what_happens_falls_into_the_band_eight_times_out_of_ten(together):
    segments = constant(0.4, 0.5, 0.6)
    calibration = learn_zone_calibration(
        NETWORK, segments, zone_ratios_of(NETWORK, drawn(together))
    )
    low, middle, high = calibration.quantiles(NETWORK, segments)
    observed = zone_ratios_of(NETWORK, drawn(together, seed=11))
    inside = ((low <= observed) & (observed <= high)).mean(axis=(0, 1))
    np.testing.assert_allclose(inside, 0.8, atol=0.06)
    assert np.all(low <= middle)
    assert np.all(middle <= high)


def test_errors_that_cancel_out_make_a_narrower_band_than_errors_that_go_together():
    segments = constant(0.4, 0.5, 0.6)
    widths = []
    for together in (True, False):
        found = learn_zone_calibration(
            NETWORK, segments, zone_ratios_of(NETWORK, drawn(together))
        ).quantiles(NETWORK, segments)
        widths.append(float((found[2] - found[0])[..., -1].mean()))
    assert widths[1] < 0.5 * widths[0]


def test_a_zone_that_was_never_known_keeps_the_bands_of_its_segments():
    segments = constant(0.4, 0.5, 0.6, times=1)
    never = np.full((1, LEADS, len(NETWORK)), np.nan)
    found = learn_zone_calibration(NETWORK, segments, zone_ratios_of(NETWORK, never)).quantiles(
        NETWORK, segments
    )
    expected = [zone_ratios_of(NETWORK, part[0, 0])[0] for part in segments]
    np.testing.assert_allclose(found[:, 0, 0, 0], expected, atol=1e-6)


def test_quantiles_stay_ratios():
    segments = constant(0.05, 0.97, 1.4)
    found = learn_zone_calibration(
        NETWORK, segments, zone_ratios_of(NETWORK, drawn(together=True))
    ).quantiles(NETWORK, segments)
    assert found.min() > 0.0
    assert found.max() <= 1.0


def test_a_zone_whose_medians_pass_free_flow_is_still_forecast_hour_by_hour():
    # Free flow at 0.6 of the limit: the medians pass it all day, single cars hold the zone below.
    city = dataclasses.replace(UNHINDERED, other_free_flow_share=0.6)
    network = dataclasses.replace(NETWORK, city=city)
    level = np.linspace(0.65, 0.95, TIMES)[:, None, None]
    middle = np.broadcast_to(level, (TIMES, LEADS, len(network)))
    segments = np.stack([middle - 0.05, middle, middle + 0.05])
    observed = zone_ratios_of(network, middle - 0.4)
    assert observed.max() < 1.0
    found = learn_zone_calibration(network, segments, observed).quantiles(network, segments)
    assert np.abs(found[1] - observed).max() < 0.03
