"""Trains all models that are shipped, but the camera's, anew: ``python -m models.shipped``.

The simulation is written, each kind is trained on it by its own command in a process of its own,
and what the new versions replace is removed. Cards and measures are written beside them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess  # nosec B404 - runs this project's own commands
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from models.errors import TrainingRefused
from models.kinds import MODEL_KINDS
from models.training_command import say
from services.base.command_line import run_command, tells_errors
from services.base.errors import StorageError
from services.forecast.champions import SHIPPED_ARTIFACTS, VERSION_PATTERN, champion_version
from services.operations.tables import Kind
from services.roles.processes import following, module_command

SIMULATED_HISTORY: Final = "services.observe.simulated_history"
# A Sunday: whole weeks end with it.
LAST_DAY: Final = date(2026, 11, 22)

Run = Callable[[Sequence[str]], None]


@dataclass(frozen=True)
class Simulation:
    """How long a simulated history is, and how far its snapshots are apart."""

    weeks: int
    step_minutes: int

    def command(self, data_dir: Path) -> list[str]:
        """Writes it into a directory."""
        options = {"weeks": self.weeks, "until": LAST_DAY, "step-minutes": self.step_minutes}
        return module_command(SIMULATED_HISTORY, *_written(options | {"data-dir": data_dir}))


@dataclass(frozen=True)
class Training:
    """Which command trains a kind of model, and on which simulation."""

    kind: Kind
    module: str
    simulation: Simulation

    def command(self, data_dir: Path, out: Path) -> list[str]:
        """Trains it and writes the version."""
        options = {"data-dir": data_dir, "source": "demo", "out": out}
        return module_command(self.module, *_written(options))


# A week is learnt from many days, the next hour from what follows three minutes later.
_MANY_WEEKS: Final = Simulation(weeks=12, step_minutes=15)
_EVERY_SNAPSHOT: Final = Simulation(weeks=4, step_minutes=3)
TRAININGS: Final = (
    Training("zones", "models.train", _MANY_WEEKS),
    Training("week", "models.week.train", _MANY_WEEKS),
    Training("nowcast", "models.nowcast.train", _EVERY_SNAPSHOT),
)


def train_shipped(out: Path, run: Run) -> None:
    """Train every kind, and remove what the new versions replace.

    Parameters
    ----------
    out : Path
        Directory of the models.
    run : callable
        Runs a command to its end.

    Raises
    ------
    TrainingRefused
        When a version is no better than its baseline: nothing of its kind is removed.
    """
    with tempfile.TemporaryDirectory(prefix="simulated-") as workplace:
        written: dict[Simulation, Path] = {}
        for training in TRAININGS:
            if training.simulation not in written:
                data_dir = Path(workplace) / str(len(written))
                run(training.simulation.command(data_dir))
                written[training.simulation] = data_dir
            started = time.monotonic()
            before = _versions(out, training.kind)
            run(training.command(written[training.simulation], out))
            say(f"{training.kind}: {time.monotonic() - started:.0f} s")
            _remove_replaced(out, training.kind, before)


def _versions(out: Path, kind: Kind) -> set[str]:
    root = out / MODEL_KINDS[kind].folder
    return {path.name for path in root.glob("*") if VERSION_PATTERN.fullmatch(path.name)}


def _remove_replaced(out: Path, kind: Kind, before: set[str]) -> None:
    root = out / MODEL_KINDS[kind].folder
    champion = champion_version(root)
    new = _versions(out, kind) - before
    if new and champion not in new:
        raise TrainingRefused(f"{kind}: version {', '.join(sorted(new))} was refused")
    for version in sorted(before - {champion}):
        try:
            shutil.rmtree(root / version)
        except OSError as error:
            raise StorageError(f"cannot remove {root / version}: {error.strerror}") from error
        say(f"{kind}: removed {version}")


def _run(command: Sequence[str]) -> None:
    say(" ".join(command[1:]))
    done = subprocess.run(following(command), check=False)  # nosec B603
    if done.returncode:
        raise TrainingRefused(f"{command[2]} ended with code {done.returncode}")


def _written(options: dict[str, object]) -> list[str]:
    return [part for name, value in options.items() for part in (f"--{name}", str(value))]


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m models.shipped",
        description="Train anew, on simulated traffic, every model that comes with the code but "
        "the camera's; versions, cards and measures are written, replaced versions removed.",
    )
    parser.add_argument(
        "--out", type=Path, default=SHIPPED_ARTIFACTS, help=f"default: {SHIPPED_ARTIFACTS}"
    )
    options = parser.parse_args(arguments)
    train_shipped(options.out, _run)
    return 0


if __name__ == "__main__":
    run_command(main)
