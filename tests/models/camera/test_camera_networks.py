"""Training, and models as functions from picture to class map; these start TensorFlow."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pytest

import models
from models.camera.dataset import load_split
from models.camera.familiarity import main as familiarity_main
from models.camera.measures import confusion_over, figures
from models.camera.strange_pictures import NO_STREET, STREETS
from models.camera.train import CONFUSION_FILE, main, train
from models.versions import CARD_FILE, MEASURES_FILE
from services.camera.classes import GROUPS, ClassFile, InputScaling, encode_class_file
from services.camera.errors import ClassFileRefused, ModelRefused
from services.camera.familiarity import Familiarity, write_familiarity
from services.camera.model_files import DIRECTORY as CAMERA_DIRECTORY
from services.camera.picture import decode_picture
from services.camera.street_drawing import SAMPLE_SEED, draw_street
from services.camera.traffic_reader import read_traffic
from services.forecast.champions import champion_version
from tests.conftest import REAL_DATA
from tests.models.camera.streets import write_streets

pytestmark = [
    pytest.mark.tensorflow,
    # NumPy 2 and TensorFlow's arrays, inside Keras.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

SHIPPED = Path(models.__file__).parent / "artifacts" / CAMERA_DIRECTORY
CAMVID = REAL_DATA.parent / "camvid"
NAMES = [item.name for item in GROUPS]
EIGHT_GROUPS = ClassFile(GROUPS)
A_DAY = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def keras():
    import keras  # noqa: PLC0415

    return keras


@pytest.fixture(scope="module")
def shipped(keras):
    from models.camera.segmenter import load_segmenter  # noqa: PLC0415
    from services.camera.model_files import champion_model_file  # noqa: PLC0415

    return load_segmenter(champion_model_file((SHIPPED,)))


@pytest.fixture(scope="module")
def measures():
    return orjson.loads((SHIPPED / champion_version(SHIPPED) / MEASURES_FILE).read_bytes())


@pytest.fixture
def write_model(tmp_path, keras):
    """Writes a model and its class file; gives the path of the model."""

    def write(layers, shape=(32, 48, 3), content=EIGHT_GROUPS):
        model = keras.Sequential([keras.Input(shape), *layers])
        path = tmp_path / "own.keras"
        model.save(path)
        path.with_suffix(".json").write_bytes(encode_class_file(content))
        return path

    return write


def load(path):
    from models.camera.segmenter import load_segmenter  # noqa: PLC0415

    return load_segmenter(path)


def test_training_on_drawn_streets_writes_a_version_that_segments(tmp_path):
    from models.camera.fit import FitOptions  # noqa: PLC0415

    data = write_streets(tmp_path / "data", {"train": 4, "val": 1, "test": 1})
    lines = []
    options = FitOptions(epochs=2, batch_pictures=2, size=64, widths=(8,), precision="float32")
    kept_at = tmp_path / "best.weights.h5"
    trained = train(data, tmp_path, options, report=lines.append, now=A_DAY, kept_at=kept_at)
    assert sum(line.startswith("epoch") for line in lines) == 2
    assert trained.directory.name.startswith("2026-11-26-")
    card = (trained.directory / CARD_FILE).read_text(encoding="utf-8")
    assert "research use" in card
    assert (trained.directory / CONFUSION_FILE).exists()
    segmenter = load(trained.directory / "model.keras")
    picture = load_split(data, "test").pictures[0]
    found = segmenter.segment(picture)
    assert found.familiarity is not None
    assert trained.measures["familiarity"]["limit"] > trained.measures["familiarity"]["usual"] > 0
    assert found.mask.shape == found.confidence_pct.shape == picture.shape[:2]
    assert found.confidence_pct.max() <= 100

    again = train(
        data,
        tmp_path / "again",
        options,
        report=lines.append,
        now=A_DAY,
        kept_at=kept_at,
        finish_only=True,
    )
    assert again.measures == trained.measures


def test_the_command_says_what_it_misses(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "no pictures" in capsys.readouterr().err


def test_the_vgg16_encoder_takes_the_size_that_it_is_given(keras):
    from models.camera.architecture import build_vgg16_unet  # noqa: PLC0415

    model = build_vgg16_unet(8, 32)
    assert model.output_shape == (None, 32, 32, 8)


def test_an_own_model_gets_its_scaling_and_answers_at_the_pictures_size(keras, write_model):
    """Each channel is a score: a blue picture is the third class."""
    content = ClassFile(GROUPS[:3], InputScaling(channels="bgr", scale=0.1))
    path = write_model([keras.layers.Activation("linear")], content=content)
    blue = np.zeros((100, 90, 3), dtype=np.uint8)
    blue[..., 2] = 255
    found = load(path).segment(blue)
    # In BGR, blue comes first.
    assert (found.mask == 0).all()
    assert found.mask.shape == (100, 90)
    assert found.model_version == "own"
    assert found.shares() == {"void": 1.0, "flat": 0.0, "construction": 0.0}


@pytest.mark.parametrize("shape", [(32, 32, 1), (32, 32, 4), (32, 3)])
def test_other_inputs_are_refused(keras, write_model, shape):
    path = write_model([keras.layers.Activation("linear")], shape=shape)
    with pytest.raises(ModelRefused, match=r"own\.keras: .*expected"):
        load(path)


def test_a_model_that_answers_at_another_size_is_refused(keras, write_model):
    path = write_model([keras.layers.Conv2D(8, 1, strides=2)])
    with pytest.raises(ModelRefused, match="16, 24, 8"):
        load(path)


def test_a_class_file_that_does_not_fit_is_refused(keras, write_model):
    path = write_model([keras.layers.Conv2D(5, 1)])
    with pytest.raises(ClassFileRefused, match="8 classes, the model has 5"):
        load(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(ClassFileRefused, match=r"own\.json"):
        load(path)


def test_a_truncated_file_and_one_of_another_keras_are_told_apart(keras, write_model):
    path = write_model([keras.layers.Conv2D(8, 1)])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelRefused, match="truncated"):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "9.9.9"}')
        archive.writestr("config.json", '{"class_name": "Unheard", "config": {}}')
    with pytest.raises(ModelRefused, match=r"written by Keras 9\.9\.9"):
        load(path)


def test_a_missing_file_and_another_ending_are_named(tmp_path, write_model, keras):
    path = write_model([keras.layers.Conv2D(8, 1)])
    path.unlink()
    with pytest.raises(ModelRefused, match="no such file"):
        load(path)
    with pytest.raises(ModelRefused, match=r"\.keras"):
        load(tmp_path / "model.h5")


def test_a_model_of_no_numbers_is_refused(keras, write_model):
    nowhere = keras.initializers.Constant(float("nan"))
    path = write_model([keras.layers.Conv2D(8, 1, bias_initializer=nowhere)])
    with pytest.raises(ModelRefused, match="no numbers"):
        load(path)


def test_the_shipped_model_is_small_and_its_card_tells_its_figures(measures):
    directory = SHIPPED / measures["model_version"]
    assert sum(path.stat().st_size for path in directory.iterdir()) < 20 * 1024 * 1024
    card = (directory / CARD_FILE).read_text(encoding="utf-8")
    for figure in (
        measures["test"]["mean_iou"],
        measures["baseline"]["mean_iou"],
        measures["test"]["vehicle_recall"],
    ):
        assert f"{figure:.4f}" in card
    assert measures["test"]["mean_iou"] > measures["baseline"]["mean_iou"] + 0.2


def test_the_shipped_model_finds_its_way_in_a_drawn_street(shipped):
    picture, groups = draw_street(np.random.default_rng(SAMPLE_SEED))
    found = shipped.segment(picture)
    for name in ("sky", "flat", "vehicle"):
        truth, told = (item == NAMES.index(name) for item in (groups, found.mask))
        assert (truth & told).sum() / (truth | told).sum() > 0.5, name
    assert found.took_ms > 0


@pytest.mark.realdata
def test_the_cards_figures_hold_on_pictures_that_were_never_learned(shipped, measures):
    """Every eighth one; the mean over 30 pictures is within some hundredths of that over all."""
    some = load_split(CAMVID, "test").every(8)
    found = [shipped.segment(picture) for picture in some.pictures]
    masks = iter(found)
    told = figures(confusion_over(some, lambda _picture: next(masks).mask))
    # At most one in twenty of ordinary pictures is taken for something else.
    assert sum(item.familiarity == 0 for item in found) <= len(found) / 20
    assert told["mean_iou"] == pytest.approx(measures["test"]["mean_iou"], abs=0.05)
    assert told["iou"]["vehicle"] == pytest.approx(measures["test"]["iou"]["vehicle"], abs=0.08)


@pytest.mark.parametrize("kind", NO_STREET)
def test_of_what_is_no_street_the_shipped_model_says_nothing(shipped, kind):
    for seed in range(2):
        reading = read_traffic(shipped.segment(NO_STREET[kind](np.random.default_rng(seed))))
        assert (reading.status, reading.vehicles) == ("unknown", None)
        assert reading.reason in {"uniform", "noise", "unfamiliar"}


def test_an_empty_road_from_a_mast_is_not_read_and_one_from_a_car_is(shipped):
    of_mast, of_car = (
        read_traffic(shipped.segment(STREETS[kind](np.random.default_rng(3))[0]))
        for kind in ("seen from a mast, empty", "drawn street, empty")
    )
    assert (of_mast.status, of_mast.reason) == ("unknown", "unfamiliar")
    assert (of_car.status, of_car.reason) == ("free", None)
    assert of_car.confidence > 0.5


def test_a_model_whose_file_does_not_tell_is_kept_from_the_worst_by_general_rules(
    keras, write_model
):
    one_class = keras.layers.Conv2D(8, 1, activation="softmax")
    path = write_model([one_class])
    segment = load(path).segment
    street, _ = draw_street(np.random.default_rng(1))
    assert (segment(street).familiarity, segment(street).blindness) == (None, None)
    assert segment(np.zeros_like(street)).blindness == "uniform"
    noise = np.random.default_rng(1).integers(0, 256, (48, 32, 3)).astype(np.uint8)
    assert segment(noise).blindness == "noise"

    numbers = np.zeros(3, dtype=np.float32), np.eye(3, dtype=np.float32)
    write_familiarity(Familiarity(one_class.name, *numbers, 1.0, 2.0), path)
    with pytest.raises(ModelRefused, match=r"of 3 features, the layer .* has 8"):
        load(path)
    write_familiarity(Familiarity("gone", *numbers, 1.0, 2.0), path)
    with pytest.raises(ModelRefused, match="no layer gone"):
        load(path)


def test_the_sample_that_the_page_offers_can_be_segmented(shipped):
    sample = Path(models.__file__).parent.parent / "assets" / "camera" / "sample.jpg"
    found = shipped.segment(decode_picture(sample.read_bytes()))
    reading = read_traffic(found)
    assert (reading.status, reading.reason) == ("free", None)
    assert reading.confidence > 0.5
    shares = found.shares()
    assert shares["flat"] > 0.2
    assert shares["vehicle"] > 0.005


def test_familiarity_is_learned_for_a_model_that_was_trained_before(
    keras, write_model, tmp_path, capsys
):
    """Of another shape than square, with a record of its own."""
    data = write_streets(tmp_path / "data", {"train": 6, "val": 3})
    layers = [keras.layers.Conv2D(4, 3, padding="same"), keras.layers.Conv2D(8, 1)]
    path = write_model(layers)
    path.with_name(MEASURES_FILE).write_bytes(b'{"model_version": "own"}')
    assert familiarity_main(["--data", str(data), "--model", str(path)]) == 0
    assert "written:" in capsys.readouterr().out
    record = orjson.loads(path.with_name(MEASURES_FILE).read_bytes())
    assert record["model_version"] == "own"
    assert 0 < record["familiarity"]["usual"] < record["familiarity"]["limit"]

    segment = load(path).segment
    street, _ = draw_street(np.random.default_rng(8), 80, 60)
    upside_down_and_green = np.ascontiguousarray(street[::-1] * np.array([0, 1, 0], dtype=np.uint8))
    assert segment(street).familiarity > segment(upside_down_and_green).familiarity
    assert familiarity_main(["--data", str(tmp_path), "--model", str(path)]) == 2
