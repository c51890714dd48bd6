"""Which model of each kind is in use, told from its files alone."""

from __future__ import annotations

from datetime import date

import orjson
import pytest

from models.versions import promote
from services.forecast.champions import SHIPPED_ARTIFACTS, set_aside
from services.learn.models_in_use import MODEL_FOLDERS, model_in_use, models_in_use
from services.operations.tables import KINDS
from services.plain.quality import LearnedFrom

OWN, SHIPPED = "2026-11-08-bbbbbb", "2026-10-01-aaaaaa"
RECORD = {
    "trained_on": {
        "source": "live",
        "first_day": "2026-09-10",
        "last_day": "2026-11-08",
        "days": 60,
    }
}


def champion(root, version, content):
    (root / version).mkdir(parents=True)
    (root / version / "measures.json").write_bytes(content)
    promote(root, version)


def test_all_that_come_with_the_code_are_told_of(tmp_path):
    found = models_in_use(tmp_path, SHIPPED_ARTIFACTS)
    assert [model.kind for model in found] == list(KINDS)
    assert all(model.is_shipped and not model.is_set_aside for model in found)
    *forecasts, camera = found
    assert all(model.learned_from.is_simulated for model in forecasts)
    assert all(model.learned_from.days >= 28 for model in forecasts)
    assert all(model.mean_iou is None for model in forecasts)
    assert camera.learned_from.pictures > 100
    assert 0.5 < camera.mean_iou < 1


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_was_trained_here_wins(tmp_path, kind):
    shipped, local = tmp_path / "shipped", tmp_path / "models"
    champion(shipped / MODEL_FOLDERS[kind], SHIPPED, b"{}")
    assert model_in_use(kind, tmp_path, shipped).version == SHIPPED
    champion(local / MODEL_FOLDERS[kind], OWN, orjson.dumps(RECORD))
    found = model_in_use(kind, tmp_path, shipped)
    assert (found.version, found.is_shipped) == (OWN, False)
    assert found.learned_from == LearnedFrom(False, 60, date(2026, 9, 10), date(2026, 11, 8))
    set_aside(local / MODEL_FOLDERS[kind], OWN)
    assert model_in_use(kind, tmp_path, shipped).is_set_aside


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b'{"trained_on": {"days": "many"}}', b"{}"]
)
def test_a_record_that_cannot_be_read_leaves_the_version(tmp_path, content):
    champion(tmp_path / "models", OWN, content)
    found = model_in_use("zones", tmp_path, tmp_path / "none")
    assert (found.version, found.learned_from, found.mean_iou) == (OWN, None, None)


def test_a_damaged_choice_gives_way_to_what_was_shipped(tmp_path):
    champion(tmp_path / "shipped", SHIPPED, b"{}")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "champion").write_bytes(b"../../etc")
    assert model_in_use("zones", tmp_path, tmp_path / "shipped").version == SHIPPED
    assert model_in_use("week", tmp_path, tmp_path / "shipped") is None
