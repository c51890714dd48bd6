"""Champion and challenger: who wins, when it is asked, and that the champion stays otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from models import challenge as challenges
from models.catalogue import champion_in_use, roots_of
from models.challenge import challenge, rule
from models.day_split import split_days
from models.errors import HistoryTooShort
from models.training_command import Trained
from models.zones.challenge import TableForecaster, ZonesChallenge
from models.zones.comparison import objection
from models.zones.features import every_cell, features_of
from models.zones.kind import ZONES
from services.base.errors import StorageError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import read_table, table_shape
from services.history import layout
from services.operations.database import open_operations
from services.operations.decisions import latest_decisions, recorded_versions
from services.operations.tables import FORECAST_KINDS
from tests.lisbon import LISBON
from tests.models.histories import write_history
from tests.models.versions import FIRST, SECOND, SHIPPED, comparison, record_of, write_zones_version

NOW = datetime(2026, 11, 16, 2, 30, tzinfo=UTC)
WORSE = comparison(own=0.031, champion=0.030, days_better=3)


@pytest.fixture
def contest(tmp_path):
    return Contest(tmp_path)


class Contest:
    """A kind of model whose challengers do as a test says."""

    kind = ZONES
    source = "demo"

    def __init__(self, data_dir):
        self.roots = roots_of(data_dir, ZONES, data_dir / "shipped")
        write_zones_version(self.roots.local, FIRST, is_champion=True, last_day=date(2026, 11, 1))
        self.last_day = date(2026, 11, 15)
        self.result = comparison(champion=0.032)
        self.error = None
        self.evaluated = []

    def champion(self):
        return champion_in_use(self.roots)

    def whole_days(self, now, after):
        first = after + timedelta(days=1)
        return [first + timedelta(days=n) for n in range((self.last_day - first).days + 1)]

    def objection(self, comparison):
        return objection(comparison)

    def train(self, evaluated, decide, report):
        self.evaluated.append(evaluated)
        if self.error is not None:
            raise self.error
        version = SECOND
        directory = write_zones_version(self.roots.local, version)
        learned = self.champion().measures["trained_on"]
        ruling = decide(self.result)
        measures = record_of(version, learned) | {
            "test": self.result,
            "decision": {"action": ruling.action, "reason": ruling.reason},
        }
        return Trained(directory, measures, ruling.action == "promoted")


def run(contest, operations, now=NOW):
    return challenge(contest, operations, now, lambda line: None)


def on_record(operations):
    with operations.begin() as session:
        return [(item.action, item.reason) for item in latest_decisions(session)]


class TestRule:
    def test_better_than_both_is_promoted(self):
        ruling = rule(comparison(champion=0.032), has_champion=True, objection=None)
        assert (ruling.action, ruling.reason) == ("promoted", "better_than_champion")

    @pytest.mark.parametrize(
        ("figures", "objection", "reason"),
        [
            ({"champion": 0.030}, None, "worse_than_champion"),
            ({"champion": 0.029, "days_better": 7}, None, "worse_than_champion"),
            # Better by one odd day only.
            ({"champion": 0.040, "days_better": 3}, None, "worse_than_champion"),
            ({"champion": 0.040}, "worse_than_average", "worse_than_average"),
            ({"champion": 0.040}, "worse_than_baseline", "worse_than_baseline"),
        ],
    )
    def test_anything_less_is_refused(self, figures, objection, reason):
        ruling = rule(comparison(**figures), has_champion=True, objection=objection)
        assert (ruling.action, ruling.reason) == ("refused", reason)

    def test_without_a_champion_the_baselines_are_what_counts(self):
        assert rule(comparison(), has_champion=False, objection=None).reason == "no_champion"
        ruling = rule(comparison(), has_champion=False, objection="worse_than_average")
        assert ruling.action == "refused"


class TestChallenge:
    def test_a_better_challenger_is_promoted_with_its_figures(self, contest, operations):
        decision = run(contest, operations)
        assert decision.action == "promoted"
        assert contest.champion().version == SECOND == decision.version
        assert decision.previous == FIRST
        assert decision.figures["challenger_rps"] == 0.030
        assert decision.figures["champion_rps"] == 0.032
        assert decision.figures["average_rps"] == 0.033
        with operations.begin() as session:
            assert [item.version for item in recorded_versions(session)] == [SECOND]

    def test_progress_that_nobody_reads_is_no_failed_challenge(self, contest, operations):
        contest.error = BrokenPipeError()
        with pytest.raises(BrokenPipeError):
            run(contest, operations)
        assert on_record(operations) == []

    def test_it_is_evaluated_by_the_newest_week_which_the_champion_has_not_seen(
        self, contest, operations
    ):
        run(contest, operations)
        assert contest.evaluated == [[date(2026, 11, day) for day in range(9, 16)]]

    def test_a_worse_one_is_refused_and_kept_and_not_asked_again_the_next_night(
        self, contest, operations
    ):
        contest.result = WORSE
        assert run(contest, operations).reason == "worse_than_champion"
        assert contest.champion().version == FIRST
        assert (contest.roots.local / SECOND).is_dir()
        contest.last_day += timedelta(days=6)
        assert run(contest, operations, NOW + timedelta(days=6)) is None
        contest.last_day += timedelta(days=1)
        assert run(contest, operations, NOW + timedelta(days=7)) is not None
        # The second one is evaluated by days of its own.
        assert set(contest.evaluated[0]).isdisjoint(contest.evaluated[1])

    def test_too_little_history_is_recorded_once(self, contest, operations):
        contest.last_day = date(2026, 11, 14)
        assert run(contest, operations).reason == "too_little_history"
        assert run(contest, operations, NOW + timedelta(days=1)) is None
        assert contest.evaluated == []
        contest.last_day = date(2026, 11, 15)
        contest.error = HistoryTooShort("1 mondays to learn from")
        assert run(contest, operations, NOW + timedelta(days=1)) is None
        assert on_record(operations) == [("postponed", "too_little_history")]

    @pytest.mark.parametrize(
        "error", [StorageError("disk full"), MemoryError("no memory"), ValueError("NaN loss")]
    )
    def test_whatever_fails_the_champion_stays_and_the_reason_is_told(
        self, contest, operations, caplog, error
    ):
        contest.error = error
        decision = run(contest, operations)
        assert (decision.action, decision.reason) == ("failed", "training_failed")
        assert decision.figures["error"] == f"{type(error).__name__}: {error}"
        assert contest.champion().version == FIRST
        assert "the champion stays" in caplog.text
        # And the next night tries again.
        contest.error = None
        assert run(contest, operations).action == "promoted"

    def test_a_decision_that_cannot_be_recorded_is_in_the_journal(self, contest, tmp_path, caplog):
        blocked = tmp_path / "file"
        blocked.write_text("")
        settings = load_settings(data_dir=tmp_path, database_url=f"sqlite:///{blocked}/x.db")
        # Without the record nobody knows which days have evaluated before: nothing is trained.
        assert run(contest, open_operations(settings)).action == "failed"
        assert contest.evaluated == []
        assert contest.champion().version == FIRST
        assert "in the journal only" in caplog.text


class TestZones:
    def test_only_days_that_are_over_and_whole_count(self, tmp_path):
        write_history(tmp_path, weeks=1)
        contest = ZonesChallenge(
            RENNES, tmp_path, "demo", roots=roots_of(tmp_path, ZONES, tmp_path)
        )
        assert layout.days(tmp_path, "demo")[0] == date(2026, 11, 1)
        monday_to_saturday = [date(2026, 11, day) for day in range(2, 8)]
        noon = datetime(2026, 11, 8, 12, tzinfo=RENNES.time_zone)
        assert contest.whole_days(noon, None) == monday_to_saturday
        assert contest.whole_days(noon, date(2026, 11, 6)) == [date(2026, 11, 7)]
        assert contest.whole_days(noon + timedelta(days=1), None)[-1] == date(2026, 11, 8)

    def test_a_damaged_champion_is_not_who_is_challenged(self, tmp_path):
        write_zones_version(tmp_path / "shipped", SHIPPED, is_champion=True)
        directory = write_zones_version(tmp_path / "models", FIRST, is_champion=True)
        contest = ZonesChallenge(
            RENNES, tmp_path, "demo", roots=roots_of(tmp_path, ZONES, tmp_path / "shipped")
        )
        assert contest.champion().version == FIRST
        (directory / "forecasts.parquet").write_bytes(b"cut")
        assert contest.champion().version == SHIPPED

    def test_a_champion_of_another_city_is_nobody_to_be_compared_with(self, tmp_path):
        told = []
        for city, rivals in ((RENNES, 1), (LISBON, 0)):
            contest = ZonesChallenge(city, tmp_path, "live", roots=roots_of(tmp_path, ZONES))
            assert len(contest._rivals(told.append)) == rivals
        [line] = told
        assert line.startswith("the champion is not there to be compared with: ")

    def test_the_champion_is_evaluated_by_what_it_serves(self, tmp_path):
        write_zones_version(tmp_path, FIRST, shares=(0.5, 0.3, 0.2))
        said = TableForecaster(read_table(RENNES, tmp_path, FIRST)).predict(
            every_cell(features_of(RENNES))
        )
        assert np.allclose(said.reshape(table_shape(RENNES)), (0.5, 0.3, 0.2))

    def test_no_evaluated_day_is_learned_from(self):
        days = [date(2026, 11, 2) + timedelta(days=n) for n in range(28)]
        split = split_days(days, 1, days[-7:])
        assert split.test == days[-7:]
        assert sorted(split.train + split.validation) == days[:-7]
        assert {day.weekday() for day in split.validation} == set(range(7))
        with pytest.raises(HistoryTooShort, match="beside the days it is evaluated by"):
            split_days(days[:20], 1, days[13:20])


class TestCommand:
    def test_without_history_it_is_put_off_and_said(self, tmp_path, capsys):
        folder = ["--data-dir", str(tmp_path)]
        assert challenges.main(folder) == 0
        told = capsys.readouterr().out
        for kind in FORECAST_KINDS:
            assert f"{kind}: postponed: too little history" in told
        assert challenges.main([*folder, "--kind", "week"]) == 0
        told = capsys.readouterr().out
        assert "week: nothing new since the last decision: the champion stays" in told
        assert "zones" not in told

    @pytest.mark.parametrize(
        ("option", "value"), [("--now", "tomorrow"), ("--epochs", "0"), ("--kind", "weather")]
    )
    def test_a_wrong_option_is_refused_by_name(self, capsys, option, value):
        with pytest.raises(SystemExit) as exit_info:
            challenges.main([option, value])
        assert exit_info.value.code == 2
        assert option in capsys.readouterr().err


@pytest.mark.parametrize("kind", FORECAST_KINDS)
def test_every_kind_that_forecasts_has_its_own_contest(tmp_path, kind):
    assert challenges.make_contest(RENNES, kind, tmp_path, "demo", seed=1).kind.name == kind


@pytest.mark.parametrize("kind", ["camera", "weeks", ""])
def test_another_kind_is_never_taken_for_the_zones(tmp_path, kind):
    with pytest.raises(ValueError, match=repr(kind)):
        challenges.make_contest(RENNES, kind, tmp_path, "demo", seed=1)
