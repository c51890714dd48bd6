"""Champion and challenger: trains one when there is enough new history, and decides on record.

python -m models.challenge --kind week --data-dir DIR --source live

A challenger is evaluated by the newest whole days, which neither it nor the champion
has learned from. It becomes the champion only if it is better there, on most of
those days and in all, and no worse than the baselines.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from models.catalogue import CHAMPION_NAME, Found, figures_of, roots_of, version_record
from models.companion import give_way
from models.contest import Contest
from models.errors import HistoryTooShort
from models.kinds import MODEL_KINDS
from models.nowcast.challenge import NowcastChallenge
from models.training import Ruling
from models.training_command import (
    DEFAULT_SEED,
    Report,
    at_least,
    quieten_tensorflow,
    say,
    settings_of,
)
from models.versions import promote
from models.week.challenge import WeekChallenge
from models.zones.challenge import ZonesChallenge
from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.settings import Settings
from services.city.chosen import CITY
from services.city.city import City
from services.history import layout
from services.history.by_day import IN_PROCESS, DayMap
from services.operations.database import Operations, open_operations
from services.operations.decisions import latest_decisions, record_decision
from services.operations.tables import FORECAST_KINDS, Decision, Kind, Reason
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# A whole week: every weekday once, so that no kind of day decides alone.
EVALUATED_DAYS: Final = 7
# As many again to learn from: a challenger that knows no more than the champion is no challenge.
MIN_NEW_DAYS: Final = 2 * EVALUATED_DAYS
# After a challenge, the next one must be evaluated by days of its own.
NEW_DAYS_BETWEEN: Final = EVALUATED_DAYS
# Better on at least so many of the evaluated days: one odd day must not decide.
MIN_DAYS_BETTER_SHARE: Final = 0.5

_LOOKED_BACK: Final = 1_000
_REASON_LENGTH: Final = 300


def challenge(
    contest: Contest, operations: Operations, now: datetime, report: Report
) -> Decision | None:
    """Challenge the champion if there is reason to; a failure is recorded, and the champion stays.

    Returns
    -------
    Decision or None
        None when there is nothing new to say since the last decision.
    """
    try:
        return _challenge(contest, operations, now, report)
    except BrokenPipeError:
        # Nobody reads the lines of progress any more: that is no failure of the training.
        raise
    except Exception as error:  # a nightly job goes on the next night, whatever went wrong
        log.exception("the challenge of kind %s failed: the champion stays", contest.kind.name)
        decision = _decision(contest, None, Ruling("failed", "training_failed"), now)
        decision.figures = {"error": f"{type(error).__name__}: {error}"[:_REASON_LENGTH]}
        record_decision(operations, decision)
        return decision


def rule(comparison: dict[str, Any], *, has_champion: bool, objection: Reason | None) -> Ruling:
    """What becomes of a challenger.

    Parameters
    ----------
    comparison : dict
        With ``against`` the champion, on days that neither has seen.
    has_champion : bool
        Whether the champion is one of those compared.
    objection : str or None
        The baseline that did better, if one did.
    """
    if has_champion and not _beats_champion(comparison):
        return Ruling("refused", "worse_than_champion")
    if objection is not None:
        return Ruling("refused", objection)
    return Ruling("promoted", "better_than_champion" if has_champion else "no_champion")


def make_contest(
    city: City,
    kind: Kind,
    data_dir: Path,
    source: Source,
    *,
    epochs: int | None = None,
    seed: int,
    map_days: DayMap = IN_PROCESS,
) -> Contest:
    """What a kind of model is challenged by: a new kind is one more line here.

    Parameters
    ----------
    epochs : int, optional
        Of the zones' training, at most; the others train as long as they always do.

    Raises
    ------
    ValueError
        For a kind that is not challenged.
    """
    contests: dict[Kind, Callable[..., Contest]] = {
        "zones": ZonesChallenge,
        "week": WeekChallenge,
        "nowcast": NowcastChallenge,
    }
    if kind not in contests:
        raise ValueError(f"no kind of model that is challenged: {kind!r}")
    options = {"epochs": epochs} if kind == "zones" and epochs is not None else {}
    roots = roots_of(data_dir, MODEL_KINDS[kind])
    return contests[kind](city, data_dir, source, roots, seed=seed, map_days=map_days, **options)


def source_to_learn_from(settings: Settings) -> Source:
    """Observed traffic as soon as there is any, unless only the simulation was asked for."""
    is_observed = "live" in layout.sources(settings.data_dir)
    if settings.source == "demo" or (settings.source == "auto" and not is_observed):
        return "demo"
    return "live"


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    quieten_tensorflow()
    settings = settings_of(CITY, options)
    if options.companion:
        give_way()
    operations, now = open_operations(settings), options.now or utc_now()
    decisions = []
    for kind in [options.kind] if options.kind else FORECAST_KINDS:
        contest = make_contest(
            CITY,
            kind,
            settings.data_dir,
            options.source,
            epochs=options.epochs,
            seed=options.seed,
            map_days=DayMap(settings.dask_scheduler),
        )
        decisions.append(challenge(contest, operations, now, say))
        say(_told(kind, decisions[-1]))
    return 1 if any(item and item.action == "failed" for item in decisions) else 0


def _told(kind: Kind, decision: Decision | None) -> str:
    if decision is None:
        return f"{kind}: nothing new since the last decision: the champion stays"
    lines = [f"{kind}: {decision.action}: {decision.reason}".replace("_", " ")]
    for name, value in decision.figures.items():
        shown = f"{value:.4f}" if isinstance(value, float) else value
        lines.append(f"  {name.replace('_', ' ')}: {shown}")
    return "\n".join(lines)


@dataclass(frozen=True)
class _Past:
    """What was decided before about a kind of model, by challenges."""

    last: Decision | None
    last_evaluated_day: date | None


def _challenge(
    contest: Contest, operations: Operations, now: datetime, report: Report
) -> Decision | None:
    past = _past(contest, operations)
    champion = contest.champion()
    days = contest.whole_days(now, _learned_up_to(contest, champion))
    if not _is_time(days, past.last_evaluated_day):
        return _postponed(contest, operations, champion, past, now)
    evaluated = days[-EVALUATED_DAYS:]

    def decide(comparison: dict[str, Any]) -> Ruling:
        return rule(
            comparison,
            has_champion=CHAMPION_NAME in comparison["forecasters"],
            objection=contest.objection(comparison),
        )

    try:
        trained = contest.train(evaluated, decide, report)
    except HistoryTooShort as error:
        report(str(error))
        return _postponed(contest, operations, champion, past, now)
    if trained.is_champion:
        promote(contest.roots.local, trained.directory.name)
    ruling = Ruling(**trained.measures["decision"])
    version = trained.directory.name
    decision = _decision(contest, champion, ruling, now, version)
    decision.figures = {
        "source": contest.source,
        **figures_of(contest.kind, trained.measures["test"]),
    }
    record_decision(
        operations, decision, version_record(contest.kind, version, trained.measures, now)
    )
    return decision


def _learned_up_to(contest: Contest, champion: Found | None) -> date | None:
    """The last day the champion knows; None when it has learned from other traffic."""
    if champion is None or champion.measures is None:
        return None
    learned = champion.measures["trained_on"]
    if learned["source"] != contest.source:
        return None
    return date.fromisoformat(learned["last_day"])


def _is_time(days: Sequence[date], last_evaluated_day: date | None) -> bool:
    if len(days) < MIN_NEW_DAYS:
        return False
    if last_evaluated_day is None:
        return True
    return sum(day > last_evaluated_day for day in days) >= NEW_DAYS_BETWEEN


def _past(contest: Contest, operations: Operations) -> _Past:
    with operations.begin() as session:
        decisions = latest_decisions(session, contest.kind.name, _LOOKED_BACK)
    of_challenges = [item for item in decisions if item.decided_by == "challenge"]
    evaluated = [
        date.fromisoformat(item.figures["judged_last_day"])
        for item in of_challenges
        if "judged_last_day" in item.figures and item.figures.get("source") == contest.source
    ]
    return _Past(of_challenges[0] if of_challenges else None, max(evaluated, default=None))


def _postponed(
    contest: Contest,
    operations: Operations,
    champion: Found | None,
    past: _Past,
    now: datetime,
) -> Decision | None:
    """Say that it is too early; once, not every night."""
    if past.last is not None:
        return None
    decision = _decision(contest, champion, Ruling("postponed", "too_little_history"), now)
    record_decision(operations, decision)
    return decision


def _decision(
    contest: Contest,
    champion: Found | None,
    ruling: Ruling,
    now: datetime,
    version: str | None = None,
) -> Decision:
    return Decision(
        kind=contest.kind.name,
        version=version,
        previous=None if champion is None else champion.version,
        action=ruling.action,
        reason=ruling.reason,
        decided_by="challenge",
        decided_at=now,
    )


def _beats_champion(comparison: dict[str, Any]) -> bool:
    against = comparison["against"][CHAMPION_NAME]
    is_better = against["rps_skill"] is not None and against["rps_skill"] > 0.0
    return is_better and against["days_better"] > MIN_DAYS_BETTER_SHARE * against["days"]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time as 2026-11-25T03:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CITY.time_zone)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.challenge",
        description="Train a challenger of the champion when there is enough new history, evaluate "
        "both by the newest whole days, and promote or refuse it on record.",
    )
    parser.add_argument("--data-dir", type=Path, help="default: TRAFFIC_DATA_DIR")
    parser.add_argument("--kind", choices=FORECAST_KINDS, help="which model; default: all, in turn")
    parser.add_argument(
        "--source", choices=("live", "demo"), default="live", help="which history; default: live"
    )
    parser.add_argument(
        "--now", type=_moment, help="as if it were this time (of the city, if without a zone)"
    )
    parser.add_argument(
        "--epochs", type=at_least(1), help="of the zones' training, at most; default: 100"
    )
    parser.add_argument("--seed", type=at_least(0), default=DEFAULT_SEED, help="default: 35")
    parser.add_argument(
        "--companion",
        action="store_true",
        help="beside a running service: at low priority, and first to go where memory runs out",
    )
    return parser


if __name__ == "__main__":
    run_command(main)
