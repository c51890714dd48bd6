"""The learner's night: every kind of model is challenged in turn, each in a process of its own.

A training of minutes would keep the learner from forecasting the next hour, and its memory
would stay. A process of its own gives way to all others, gives its memory back, and may fail.
"""

from __future__ import annotations

import logging
import os
import subprocess  # nosec B404 - runs this package's own command
import threading
from collections.abc import Callable
from typing import Final

from models.challenge import source_to_learn_from
from services.base.clock import Clock, utc_now
from services.base.settings import Settings
from services.city.city import City
from services.operations.tables import FORECAST_KINDS, Kind
from services.roles.processes import CHALLENGE, following, module_command
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# When the roads are empty and so is the page; it comes once on days of clock changes too.
NIGHT_HOUR: Final = 3
# The longest training takes a quarter of an hour on one quiet core.
LONGEST_SECONDS: Final = 7_200.0
LONGEST_NIGHT_SECONDS: Final = len(FORECAST_KINDS) * LONGEST_SECONDS
# One core of two is left to the next hour's forecast.
_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

RunChallenge = Callable[[Settings, Kind, Source], None]


def challenge_apart(settings: Settings, kind: Kind, source: Source) -> None:
    """Challenge one kind of model by the command, and tell the journal what it says."""
    command = [
        *module_command(CHALLENGE, "--kind", kind, "--source", source),
        *("--data-dir", str(settings.data_dir), "--companion"),
    ]
    with subprocess.Popen(
        following(command),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env={**os.environ, **_ONE_THREAD},
    ) as process:
        timer = threading.Timer(LONGEST_SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        try:
            for line in process.stdout or ():
                log.info("challenge of kind %s: %s", kind, line.rstrip())
        finally:
            timer.cancel()
    if process.returncode:
        log.error("the challenge of kind %s ended with code %d", kind, process.returncode)


def challenge_at_night(
    city: City, settings: Settings, clock: Clock = utc_now, run: RunChallenge = challenge_apart
) -> None:
    """The learner's job, to be run once an hour: challenges every champion once a night.

    Does nothing during the other hours of the day.
    """
    if city.local(clock()).hour != NIGHT_HOUR:
        return
    source = source_to_learn_from(settings)
    for kind in FORECAST_KINDS:
        run(settings, kind, source)
