"""The registry as a command: what versions there are, and which one is the champion.

python -m models.registry list|promote VERSION|rollback
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from models.catalogue import (
    Found,
    ModelKind,
    Roots,
    champion_in_use,
    figures_of,
    find_version,
    roots_of,
    version_record,
    versions_in,
)
from models.errors import ModelMismatch
from models.kinds import MODEL_KINDS
from models.tables import markdown_table
from models.training import NOT_RECORDED
from models.training_command import settings_of
from models.versions import promote, withdraw
from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.errors import StorageError
from services.base.formats import plural
from services.city.chosen import CITY
from services.city.city import City
from services.learn.scoring_rules import skill
from services.operations.database import NothingRecorded, Operations, open_operations
from services.operations.decisions import champion_history, latest_decisions, record_decision
from services.operations.tables import Decision

# More than any installation decides in a year, nightly.
_LISTED_DECISIONS: Final = 1_000


@dataclass(frozen=True)
class Registry:
    """The versions of one kind of model, and where decisions about them go."""

    city: City
    kind: ModelKind
    roots: Roots
    operations: Operations


def promote_version(registry: Registry, version: str, now: datetime) -> str:
    """Make a version the champion, on record.

    Returns
    -------
    str
        What was done, in one line.

    Raises
    ------
    ModelMismatch
        When there is no such version or its files are not whole: the champion stays.
    StorageError
        When it cannot be made the champion.
    """
    found = find_version(registry.roots, version)
    if found is None:
        raise ModelMismatch(f"there is no version {version!r} of kind {registry.kind.name}")
    previous = champion_in_use(registry.roots)
    if previous == found and not found.problem:
        return f"{version} is the champion of kind {registry.kind.name} already"
    _install(registry.roots, found)
    told = f"{version} is now the champion of kind {registry.kind.name}"
    return told + _record(registry, found, previous, "promoted", now)


def roll_back(registry: Registry, now: datetime) -> str:
    """Return to the champion before the present one, or to the one shipped with the code.

    Returns
    -------
    str
        What was done, in one line.

    Raises
    ------
    ModelMismatch
        When there is nothing to return to, or its files are not whole: the champion stays.
    StorageError
        When it cannot be made the champion.
    """
    present = champion_in_use(registry.roots)
    earlier = _champion_before(registry, present)
    found = None if earlier is None else find_version(registry.roots, earlier)
    if found is None or found.problem:
        found = champion_in_use(registry.roots.only_shipped())
    if found is None or (present is not None and found.version == present.version):
        raise ModelMismatch(f"no earlier champion of kind {registry.kind.name} to return to")
    _install(registry.roots, found)
    which = "the one shipped with the code" if found.is_shipped else "the champion before"
    told = f"{found.version} is the champion of kind {registry.kind.name} again: {which}"
    return told + _record(registry, found, present, "rolled_back", now)


def version_table(registry: Registry) -> str:
    """Every version of a kind: where it comes from, how good it is, what became of it."""
    champion = champion_in_use(registry.roots)
    decided = _last_decisions(registry)
    rows = []
    for found in versions_in(registry.roots):
        is_champion = champion is not None and champion.directory == found.directory
        decision = decided.get(found.version)
        rows.append(
            [
                registry.kind.name,
                found.version,
                "champion" if is_champion else "",
                "shipped" if found.is_shipped else "local",
                *_described(registry.kind, found),
                found.problem or _told(decision, registry.city),
            ]
        )
    is_forecast = registry.kind.learns_from_history
    figures = ("RPS", "against average") if is_forecast else ("mean IoU", "vehicle IoU")
    header = ["kind", "version", "", "from", "learned from", *figures, "decision"]
    return markdown_table(header, rows) if rows else f"no version of kind {registry.kind.name}"


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    settings = settings_of(CITY, options)
    operations = open_operations(settings, read_only=options.command == "list")
    kinds = [options.kind] if options.kind else list(MODEL_KINDS)
    registries = [
        Registry(CITY, kind, roots_of(settings.data_dir, kind), operations)
        for kind in map(MODEL_KINDS.__getitem__, kinds)
    ]
    if options.command == "list":
        told = "\n\n".join(map(version_table, registries))
    elif options.command == "promote":
        told = promote_version(registries[0], options.version, utc_now())
    else:
        told = roll_back(registries[0], utc_now())
    sys.stdout.write(f"{told}\n")
    return 0


def _install(roots: Roots, found: Found) -> None:
    if found.problem:
        raise ModelMismatch(f"{found.problem}: the champion stays")
    if found.is_shipped and champion_in_use(roots.only_shipped()) == found:
        withdraw(roots.local)
    elif found.is_shipped:
        raise ModelMismatch(f"{found.version} was shipped and is not the shipped champion")
    else:
        promote(roots.local, found.version)


def _record(
    registry: Registry, found: Found, previous: Found | None, action: str, now: datetime
) -> str:
    decision = Decision(
        kind=registry.kind.name,
        version=found.version,
        previous=None if previous is None else previous.version,
        action=action,
        reason="chosen_by_operator",
        decided_by="operator",
        decided_at=now,
    )
    measures = found.measures
    record = None
    if measures and registry.kind.learns_from_history:
        record = version_record(registry.kind, found.version, measures, now)
    recorded = record_decision(registry.operations, decision, record)
    return "" if recorded else f" ({NOT_RECORDED})"


def _champion_before(registry: Registry, present: Found | None) -> str | None:
    """Whom the present champion followed when it was last promoted."""
    if present is None:
        return None
    try:
        with registry.operations.begin() as session:
            history = champion_history(session, registry.kind.name)
    except NothingRecorded:
        return None
    # Trained again from the same history, a version may have followed itself.
    previous = [
        item.previous
        for item in history
        if item.action == "promoted" and item.version == present.version != item.previous
    ]
    return previous[-1] if previous else None


def _last_decisions(registry: Registry) -> dict[str, Decision]:
    try:
        with registry.operations.begin() as session:
            newest_first = latest_decisions(session, registry.kind.name, _LISTED_DECISIONS)
    except NothingRecorded:
        return {}
    except StorageError as error:
        sys.stderr.write(f"decisions cannot be read: {error}\n")
        return {}
    return {item.version: item for item in reversed(newest_first) if item.version is not None}


def _described(kind: ModelKind, found: Found) -> list[str]:
    if found.measures is None:
        return ["?", "-", "-"]
    if not kind.learns_from_history:
        pictures, test = found.measures.get("pictures", {}), found.measures.get("test", {})
        overlaps = test.get("mean_iou"), test.get("iou", {}).get("vehicle")
        shown = ["-" if value is None else f"{value:.4f}" for value in overlaps]
        return [f"{pictures.get('train', '?')} pictures", *shown]
    learned = found.measures["trained_on"]
    days = f"{learned['days']} {plural('day', learned['days'])}"
    period = f"{learned['source']}, {days} to {learned['last_day']}"
    figures = figures_of(kind, found.measures.get("test", {}))
    own, average = figures.get("challenger_rps"), figures.get("average_rps")
    saved = None if own is None or average is None else skill(own, average)
    return [
        period,
        "-" if own is None else f"{own:.4f}",
        "-" if saved is None else f"{saved:+.1%}",
    ]


def _told(decision: Decision | None, city: City) -> str:
    if decision is None:
        return ""
    when = city.local(decision.decided_at)
    reason = decision.reason.replace("_", " ")
    return f"{decision.action.replace('_', ' ')} {when:%Y-%m-%d %H:%M}: {reason}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.registry",
        description="List the versions of the models, promote one, or return to the one before. "
        "Web processes take up a new champion by themselves.",
    )
    kinds = list(MODEL_KINDS)
    commands = parser.add_subparsers(dest="command", required=True)
    shown = commands.add_parser("list", help="every version, its figures and what became of it")
    promoted = commands.add_parser("promote", help="make a version the champion")
    promoted.add_argument("version", metavar="VERSION")
    back = commands.add_parser("rollback", help="return to the champion before, or the shipped one")
    shown.add_argument("--kind", choices=kinds, help="default: all")
    for command in (promoted, back):
        command.add_argument("--kind", choices=kinds, default="zones", help="default: zones")
    for command in (shown, promoted, back):
        command.add_argument("--data-dir", type=Path, help="default: TRAFFIC_DATA_DIR")
    return parser


if __name__ == "__main__":
    run_command(main)
