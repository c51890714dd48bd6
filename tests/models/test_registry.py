"""The registry as a command: what is promoted and rolled back serves, and is on record."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime

import orjson
import pytest

from models.catalogue import champion_in_use, find_version, roots_of, versions_in
from models.errors import ModelMismatch
from models.kinds import MODEL_KINDS
from models.registry import Registry, main, promote_version, roll_back, version_table
from models.versions import MEASURES_FILE, MODEL_FILE, promote
from models.week.kind import WEEK
from models.zones.kind import ZONES
from services.base.settings import load_settings
from services.camera.errors import ModelRefused
from services.camera.model_files import champion_model_file
from services.city.rennes import RENNES
from services.forecast.champions import CHAMPION_FILE
from services.forecast.zone_forecasts import FORECASTS_FILE, CachedForecasts
from services.operations.database import open_operations
from services.operations.decisions import champion_history
from tests.models.versions import FIRST, SECOND, SHIPPED, write_zones_version

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path):
    """Two versions trained here, none of them in use, beside a shipped champion."""
    shipped, data_dir = tmp_path / "shipped", tmp_path / "data"
    write_zones_version(shipped, SHIPPED, is_champion=True)
    for version in (FIRST, SECOND):
        write_zones_version(data_dir / "models", version)
    operations = open_operations(load_settings(data_dir=data_dir))
    return Registry(RENNES, ZONES, roots_of(data_dir, ZONES, shipped), operations)


def served(registry):
    roots = registry.roots
    return CachedForecasts(RENNES, roots.local.parent, roots.shipped).table().model_version


def history_of(registry):
    with registry.operations.begin() as session:
        decisions = champion_history(session, registry.kind.name)
    return [(item.action, item.version, item.previous, item.decided_by) for item in decisions]


def test_a_promoted_version_serves_and_is_on_record(registry):
    told = promote_version(registry, FIRST, NOW)
    assert told == f"{FIRST} is now the champion of kind zones"
    assert served(registry) == FIRST
    assert history_of(registry) == [("promoted", FIRST, SHIPPED, "operator")]
    assert promote_version(registry, FIRST, NOW).endswith("already")
    assert len(history_of(registry)) == 1


def test_roll_back_returns_step_by_step_to_the_shipped_one_and_says_so(registry):
    promote_version(registry, FIRST, NOW)
    promote_version(registry, SECOND, NOW)
    assert "the champion before" in roll_back(registry, NOW)
    assert served(registry) == FIRST
    assert "the one shipped with the code" in roll_back(registry, NOW)
    assert served(registry) == SHIPPED
    assert not (registry.roots.local / CHAMPION_FILE).exists()
    with pytest.raises(ModelMismatch, match="no earlier champion"):
        roll_back(registry, NOW)
    assert [action for action, *_ in history_of(registry)] == [
        "promoted",
        "promoted",
        "rolled_back",
        "rolled_back",
    ]


def test_roll_back_leaves_out_a_champion_whose_files_are_gone(registry):
    promote_version(registry, FIRST, NOW)
    promote_version(registry, SECOND, NOW)
    (registry.roots.local / FIRST / MODEL_FILE).unlink()
    assert "the one shipped with the code" in roll_back(registry, NOW)
    assert served(registry) == SHIPPED


def test_a_champion_that_was_never_recorded_is_rolled_back_to_the_shipped_one(registry):
    promote(registry.roots.local, FIRST)
    assert SHIPPED in roll_back(registry, NOW)
    assert served(registry) == SHIPPED


@pytest.mark.parametrize("name", [MODEL_FILE, FORECASTS_FILE, MEASURES_FILE])
@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut"], ids=str)
def test_a_version_with_a_damaged_or_missing_file_is_refused_by_name(registry, name, content):
    promote_version(registry, FIRST, NOW)
    path = registry.roots.local / SECOND / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelMismatch, match=name):
        promote_version(registry, SECOND, NOW)
    assert served(registry) == FIRST
    assert len(history_of(registry)) == 1
    # The list names what is wrong instead of a decision.
    assert name in version_table(registry)


@pytest.mark.parametrize(
    "wrong",
    [
        {"test": []},
        {"split": "x"},
        {"split": {"train": ["yesterday"]}},
        {"trained_on": {"source": "demo"}},
        {"trained_on": {"source": "demo", "first_day": 1, "last_day": 2, "days": "x"}},
    ],
    ids=str,
)
def test_a_record_with_a_wrong_part_is_told_and_hides_no_other(registry, wrong):
    path = registry.roots.local / SECOND / MEASURES_FILE
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | wrong))
    with pytest.raises(ModelMismatch, match=f"is no record of a training: .*{next(iter(wrong))}"):
        promote_version(registry, SECOND, NOW)
    told = version_table(registry)
    assert "is no record of a training" in told
    assert FIRST in told


def test_the_record_of_another_version_is_refused(registry):
    other = (registry.roots.local / FIRST / MEASURES_FILE).read_bytes()
    (registry.roots.local / SECOND / MEASURES_FILE).write_bytes(other)
    with pytest.raises(ModelMismatch, match="is the record of"):
        promote_version(registry, SECOND, NOW)


def test_a_damaged_entry_of_the_registry_leaves_the_shipped_champion(registry):
    (registry.roots.local / CHAMPION_FILE).write_bytes(b"../../etc\n")
    champion = champion_in_use(registry.roots)
    assert champion is not None
    assert champion.version == SHIPPED == served(registry)
    for version in ("../shipped", "", "2026-11-30-ffffff"):
        assert find_version(registry.roots, version) is None
        with pytest.raises(ModelMismatch, match="there is no version"):
            promote_version(registry, version, NOW)


def test_the_list_tells_what_each_version_is_and_what_became_of_it(registry):
    promote_version(registry, FIRST, NOW)
    rows = {line.split()[3]: line for line in version_table(registry).splitlines()[2:]}
    assert list(rows) == [SHIPPED, FIRST, SECOND]
    assert "champion" in rows[FIRST]
    assert "promoted 2026-11-25 09:30: chosen by operator" in rows[FIRST]
    assert "demo, 60 days to 2026-11-08" in rows[FIRST]
    assert "0.0300" in rows[FIRST]
    assert "+9.1%" in rows[FIRST]
    assert "shipped" in rows[SHIPPED]
    assert "champion" not in rows[SECOND]


def test_a_promotion_that_cannot_be_recorded_is_done_and_journalled(registry, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    settings = load_settings(
        data_dir=tmp_path / "data", database_url=f"sqlite:///{tmp_path}/file/x.db"
    )
    told = promote_version(
        Registry(RENNES, ZONES, registry.roots, open_operations(settings)), FIRST, NOW
    )
    assert "could not record it" in told
    assert served(registry) == FIRST
    assert f'"version":"{FIRST}"' in caplog.text


def test_each_kind_has_versions_of_its_own(tmp_path):
    for kind in ("week", "nowcast"):
        assert versions_in(roots_of(tmp_path, MODEL_KINDS[kind], tmp_path / "shipped")) == []
    write_zones_version(tmp_path / "models", FIRST)
    assert len(versions_in(roots_of(tmp_path, ZONES, tmp_path / "shipped"))) == 1
    assert versions_in(roots_of(tmp_path, WEEK, tmp_path / "shipped")) == []


class TestCommand:
    def test_the_shipped_models_are_listed_and_nothing_is_written(self, tmp_path, capsys):
        assert main(["list", "--data-dir", str(tmp_path)]) == 0
        lines = [line for line in capsys.readouterr().out.splitlines() if "champion" in line]
        rows = [line.split("|")[1:] for line in lines]
        assert [row[0].strip() for row in rows] == ["zones", "week", "nowcast", "camera"]
        camera = rows.pop()
        assert camera[4].strip() == "367 pictures"
        assert 0.5 < float(camera[5]) < 1.0
        for row in rows:
            assert row[2].strip() == "champion"
            score, against_average = row[5].strip(), row[6].strip()
            assert 0.0 < float(score) < 0.2
            assert against_average.startswith("+")
        assert list(tmp_path.iterdir()) == []

    def test_a_version_is_promoted_and_rolled_back(self, tmp_path, capsys):
        write_zones_version(tmp_path / "models", FIRST)
        folder = ["--data-dir", str(tmp_path)]
        assert main(["promote", FIRST, *folder]) == 0
        assert main(["list", "--kind", "zones", *folder]) == 0
        assert main(["rollback", *folder]) == 0
        printed = capsys.readouterr().out
        assert f"{FIRST} is now the champion" in printed
        assert "the one shipped with the code" in printed

    def test_so_is_one_of_the_cameras(self, tmp_path, capsys):
        folder = tmp_path / "models" / "camera" / FIRST
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / MODEL_FILE, "w") as archive:
            archive.writestr("metadata.json", "{}")
        (folder / MEASURES_FILE).write_text(f'{{"model_version": "{FIRST}", "test": {{}}}}')
        here = ["--kind", "camera", "--data-dir", str(tmp_path)]
        assert main(["promote", FIRST, *here]) == 2
        assert "model.json is missing" in capsys.readouterr().err
        (folder / "model.json").write_text("{}")
        assert main(["promote", FIRST, *here]) == 0
        assert champion_model_file((folder.parent,)) == folder / MODEL_FILE
        assert main(["rollback", *here]) == 0
        with pytest.raises(ModelRefused):
            champion_model_file((folder.parent,))

    @pytest.mark.parametrize("command", [["promote", "2026-11-30-ffffff"], ["rollback"]])
    def test_what_cannot_be_done_ends_in_one_line(self, tmp_path, capsys, command):
        assert main([*command, "--data-dir", str(tmp_path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1

    def test_help_names_every_command(self, capsys):
        with pytest.raises(SystemExit) as exit_info:
            main(["--help"])
        assert exit_info.value.code == 0
        assert "rollback" in capsys.readouterr().out
