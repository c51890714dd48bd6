"""What the commands that train have in common: their options, what they tell, how they end."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from services.base.data_directory import check_city
from services.base.settings import Settings, load_settings
from services.city.city import City

DEFAULT_SEED: Final = 35

Report = Callable[[str], None]
"""Gets lines of progress."""


@dataclass(frozen=True)
class Trained:
    """A version that was written.

    Attributes
    ----------
    measures : dict
        What its ``measures.json`` holds.
    is_champion : bool
        False when it was refused: the version is kept, not used.
    """

    directory: Path
    measures: dict[str, Any]
    is_champion: bool


def training_parser(module: str, description: str) -> argparse.ArgumentParser:
    """Options of a training: which history, where the version goes, and the seed."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument(
        "--data-dir", type=Path, help="holds history/ and networks/; default: TRAFFIC_DATA_DIR"
    )
    parser.add_argument(
        "--source", choices=("live", "demo"), default="live", help="which history; default: live"
    )
    parser.add_argument("--out", type=Path, help="directory of models; default: DATA_DIR/models")
    parser.add_argument(
        "--seed", type=at_least(0), default=DEFAULT_SEED, help=f"default: {DEFAULT_SEED}"
    )
    return parser


def settings_of(city: City, options: argparse.Namespace) -> Settings:
    """The settings, with the data directory of the options where they name one.

    Raises
    ------
    ConfigurationError
        Also when that directory is of another city.
    """
    settings = load_settings(**({"data_dir": options.data_dir} if options.data_dir else {}))
    check_city(settings.data_dir, city.name)
    return settings


def at_least(least: int) -> Callable[[str], int]:
    """What an option is parsed by: a whole number that must not be less."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return parse


def quieten_tensorflow() -> None:
    """Keep TensorFlow's own start-up lines from burying ours; errors still show."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def made_with() -> dict[str, str]:
    """The versions that a training is recorded with."""
    libraries = {name: version(name) for name in ("keras", "tensorflow")}
    return {"python": platform.python_version(), **libraries}


def say(text: str) -> None:
    """Tell it at once to who runs the command."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_outcome(trained: Trained, kind: str, who_is_better: str) -> None:
    """Tell where a version is, and whether it is used from now on.

    Parameters
    ----------
    kind : str
        As ``python -m models.registry`` knows it.
    who_is_better : str
        Why it is not, if so.
    """
    say(f"written: {trained.directory}")
    if trained.is_champion:
        say("it is now the champion")
        return
    say(
        f"it is NOT the champion: {who_is_better}. To use it all the same: "
        f"python -m models.registry promote {trained.directory.name} --kind {kind}"
    )
