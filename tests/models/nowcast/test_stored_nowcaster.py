"""A nowcaster of a city as a file: the same after as before, or refused in one line."""

from __future__ import annotations

import importlib
import io
import shutil

import numpy as np
import orjson
import pytest

from models.errors import ModelMismatch
from models.nowcast.city_table import SLOTS_PER_DAY, to_row_times
from models.nowcast.features import HORIZONS, LAGS
from services.city.rennes import RENNES
from tests.models.nowcast.cities import NETWORK, NEVER_KNOWN, START

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

FILE = "nowcaster.npz"


@pytest.fixture
def directory(trained_city, tmp_path):
    """A copy of the trained version, to be spoilt."""
    source = trained_city.trained.directory
    return shutil.copytree(source, tmp_path / source.name)


@pytest.fixture(scope="module")
def storing():
    # Here and not above: collecting the tests need not wait for TensorFlow.
    return importlib.import_module("models.nowcast.stored_nowcaster")


def forecast(stored):
    generator = np.random.default_rng(5)
    ratio = generator.uniform(0.2, 0.9, (LAGS, len(NETWORK))).astype(np.float32)
    ratio[3, 5:9] = np.nan
    end_s = int(START.timestamp()) + np.arange(1, LAGS + HORIZONS + 1) * 300
    return stored.city.forecast(ratio, to_row_times(RENNES, end_s), np.array([LAGS - 1]))


def change(directory, **arrays):
    """Write the file again with some of its arrays replaced."""
    path = directory / FILE
    with np.load(path, allow_pickle=False) as file:
        content = {name: file[name] for name in file.files}
    sink = io.BytesIO()
    np.savez_compressed(sink, **(content | arrays))
    path.write_bytes(sink.getvalue())


def header_of(directory, **changes):
    with np.load(directory / FILE, allow_pickle=False) as file:
        header = orjson.loads(file["header"].tobytes())
    return np.frombuffer(orjson.dumps(header | changes), dtype=np.uint8)


def test_what_was_stored_forecasts_as_it_did(directory, storing):
    stored = storing.load_nowcaster(directory)
    again = storing._decoded(storing.encode_nowcaster(stored))
    assert stored.version == directory.name
    assert stored.city.segment_ids == NETWORK.segment_ids
    assert stored.network_version == NETWORK.version
    assert stored.trained_on.source == "demo"
    first, second = forecast(stored), forecast(again)
    for name in ("mean", "p10", "median", "p90"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-4)


def test_quantiles_are_in_order_and_never_known_segments_stay_silent(directory, storing):
    found = forecast(storing.load_nowcaster(directory))
    known = np.arange(len(NETWORK)) != NEVER_KNOWN
    assert np.isnan(found.median[:, NEVER_KNOWN]).all()
    low, middle, high = (part[:, known] for part in (found.p10, found.median, found.p90))
    assert np.all((low <= middle) & (middle <= high))
    assert 0.0 <= middle.min() < middle.max() < 1.5


def test_two_profiles_of_a_day_are_kept_not_weeks(directory, storing):
    stored = storing.load_nowcaster(directory)
    assert stored.city.profile.speed.shape[0] == 2
    assert stored.city.profile.speed.shape[1] < SLOTS_PER_DAY
    assert (directory / FILE).stat().st_size < 200_000


@pytest.mark.parametrize("length", [0, 100, 20_000])
def test_a_cut_file_is_refused_in_one_line(directory, storing, length):
    path = directory / FILE
    path.write_bytes(path.read_bytes()[:length])
    refused(directory, storing, "cannot be loaded")


def test_a_changed_byte_is_noticed(directory, storing):
    path = directory / FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    refused(directory, storing, "cannot be loaded")


def test_a_missing_file_is_refused(directory, storing):
    (directory / FILE).unlink()
    refused(directory, storing, "is missing")


def test_another_release_of_keras_is_refused(directory, storing):
    change(directory, header=header_of(directory, keras="2.4"))
    refused(directory, storing, "with Keras 2.4")


def test_another_format_is_refused(directory, storing):
    change(directory, header=header_of(directory, format=99))
    refused(directory, storing, "written in format 99")


def test_weights_that_do_not_fit_are_refused(directory, storing):
    change(directory, weight_0=np.zeros((2, 2), np.float32))
    refused(directory, storing, "cannot be loaded")


def test_code_that_computes_something_else_is_refused(directory, storing):
    stored = storing.load_nowcaster(directory)
    change(directory, scale=1.5 * stored.city.plan.scale)
    refused(directory, storing, "are not those it was trained with")


def test_the_weights_of_another_version_are_refused(directory, storing):
    other = directory.rename(directory.with_name("2026-11-12-000000"))
    refused(other, storing, "does not hold the weights of 2026-11-12-000000")


def refused(directory, storing, reason):
    with pytest.raises(ModelMismatch) as refusal:
        storing.load_nowcaster(directory)
    text = str(refusal.value)
    assert reason in text
    assert "\n" not in text
    assert str(directory / FILE) in text
