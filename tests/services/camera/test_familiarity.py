"""Which pictures a model can be asked about, and how sure an answer about one like them is."""

from __future__ import annotations

import numpy as np
import pytest

from services.camera.errors import ModelRefused
from services.camera.familiarity import (
    FAMILIARITY_ENDING,
    Familiarity,
    blindness_of,
    read_familiarity,
    whitening_of,
    write_familiarity,
)
from services.camera.street_drawing import draw_street


@pytest.fixture
def learned():
    """Two features that move together; the second is a hundred times as large."""
    generator = np.random.default_rng(1)
    first = generator.normal(5, 1, 500)
    return np.stack([first, 100 * first + generator.normal(0, 10, 500)], axis=1)


@pytest.fixture
def known(learned):
    return Familiarity("a layer", *whitening_of(learned), usual=2.0, limit=4.0)


def test_what_was_learned_is_familiar_and_the_farther_the_less(known, learned):
    assert np.mean([known.of(row) for row in learned]) > 0.95
    steps = [known.of(known.mean + np.array([0, shift])) for shift in (0, 150, 250, 350, 2_000)]
    assert steps[0] == 1.0
    assert steps == sorted(steps, reverse=True)
    assert 0 < steps[2] < 1
    assert steps[-1] == 0.0
    # Each feature alone is within what was learned: together they never were.
    assert known.distance(np.array([3.0, 700.0])) > known.distance(np.array([3.0, 300.0])) * 2


def test_no_number_is_not_familiar(known):
    assert known.of(np.array([np.nan, 1.0])) == 0.0


def test_it_is_kept_beside_the_model_and_none_is_no_fault(known, tmp_path):
    model = tmp_path / "own.keras"
    assert read_familiarity(model) is None
    assert write_familiarity(known, model) == tmp_path / f"own{FAMILIARITY_ENDING}"
    found = read_familiarity(model)
    assert (found.layer, found.usual, found.limit) == ("a layer", 2.0, 4.0)
    row = np.array([4.0, 450.0])
    assert found.of(row) == known.of(row)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole.replace(b"whitening", b"whitenixg"),
    ],
)
def test_a_damaged_file_is_named(known, tmp_path, damage):
    model = tmp_path / "own.keras"
    path = write_familiarity(known, model)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelRefused, match=r"own\.familiarity\.npz: damaged"):
        read_familiarity(model)


def test_distances_that_tell_nothing_are_refused(known, tmp_path):
    model = tmp_path / "own.keras"
    write_familiarity(Familiarity("a layer", known.mean, known.whitening, 3.0, 3.0), model)
    with pytest.raises(ModelRefused, match="make no sense"):
        read_familiarity(model)


def test_one_colour_and_noise_are_told_whatever_the_model():
    generator = np.random.default_rng(2)
    street, _ = draw_street(generator, 256, 192)
    grain = generator.normal(0, 60, street.shape)
    assert blindness_of(street) is None
    assert blindness_of(np.zeros((192, 256, 3), dtype=np.uint8)) == "uniform"
    assert blindness_of(np.full((192, 256, 3), (200, 30, 90), dtype=np.uint8)) == "uniform"
    assert blindness_of((128 + grain / 10).astype(np.uint8)) == "uniform"
    assert blindness_of(np.clip(128 + grain, 0, 255).astype(np.uint8)) == "noise"
    assert blindness_of(generator.integers(0, 256, (192, 256, 3)).astype(np.uint8)) == "noise"
