"""The model card: what a model is, what it learned from and how good it is, for people."""

from __future__ import annotations

from typing import Any

from models.zones.comparison import calibration_table, comparison_table, status_table
from models.zones.forecaster import KERAS_MODEL_NAME

_SIMULATED = """\
**This model learned from simulated traffic.** Its measures say how well it learned the
simulation, not how well it forecasts {city}. Train it again on observed traffic as soon as some
weeks of it are there: `python -m models.train --source live`.
"""
_OBSERVED = "This model learned from traffic that was observed.\n"
_AT_RANDOM = "Whole days were shared out at random,\neach weekday alike"
_NEWEST_EVALUATE = (
    "The newest whole days were kept\n"
    "to judge by, the others shared out at random, each weekday alike"
)

_REASONS = {
    "no_worse_than_average": "no worse than the hour-of-week average",
    "worse_than_average": "worse than the hour-of-week average",
    "worse_than_champion": "not better than the champion",
    "better_than_champion": "better than the champion and no worse than the average",
    "no_champion": "there was no champion, and it is no worse than the average",
}


def model_card(measures: dict[str, Any]) -> str:
    """Write the card of a version from its record (``measures.json``)."""
    trained_on, training = measures["trained_on"], measures["training"]
    test = measures["test"]
    is_simulated = trained_on["source"] == "demo"
    split = measures["split"]
    days = {part: len(dates) for part, dates in split.items()}
    is_challenger = min(split["test"]) > max(split["train"] + split["validation"])
    shared_out = _NEWEST_EVALUATE if is_challenger else _AT_RANDOM
    made_by = "models.challenge" if is_challenger else "models.train"
    source, seed = trained_on["source"], training["seed"]
    return f"""\
# Traffic of {measures["city"]} by the hour of the week, {measures["model_version"]}

{_SIMULATED.format(city=measures["city"]) if is_simulated else _OBSERVED}
## What it does
Gives, for a zone, a day of the week and an hour (local time), the probabilities of *free*, *dense*
and *blocked*: the speed ratio of the zone above 0.67, in between, or up to 0.40
(`services/traffic/indicators.py` has the definitions and their sources). It knows the calendar
only: no weather, holidays, works, events, and nothing of how the traffic is now. It is meant for
the page's question "how will it be at 8 h?", not for routing, signals or anything that safety
depends on.

## What it learned from
{trained_on["snapshots"]:,} snapshots of source `{trained_on["source"]}`, {trained_on["days"]} days
from {trained_on["first_day"]} to {trained_on["last_day"]}. {shared_out}:
{days["train"]} to learn from, {days["validation"]} to choose the number of epochs by
(and then learned from as well), {days["test"]} to judge by, which neither the model nor the
baselines ever saw.

## How good it is
On the {len(test["days"])} test days ({test["observations"]:,} statuses of zones). RPS is the ranked
probability score, 0 to 1, lower is better (`models/zones/measures.py`).

{comparison_table(test)}

{status_table(test, KERAS_MODEL_NAME)}

Calibration, all statuses pooled:

{calibration_table(test, KERAS_MODEL_NAME)}

{_decided(measures)}## How it was made
A Keras model of {training["weights"]:,} weights (`models/zones/architecture.py`), features
`{measures["features"]["version"]}`, seed {training["seed"]}, {training["epochs"]} epochs, Keras
{training["keras"]}, TensorFlow {training["tensorflow"]}. The same history, seed, versions and
processor give the same weights; other processors may round differently.

    python -m {made_by} --data-dir DIR --source {source} --seed {seed}
    python -m models.evaluate --data-dir DIR --model DIRECTORY_OF_THIS_CARD
"""


def _decided(measures: dict[str, Any]) -> str:
    """What became of it, for versions whose record says so."""
    ruling = measures.get("decision")
    if ruling is None:
        return ""
    return f"""\
## What was decided
When it was trained it was **{ruling["action"]}**: {_REASONS[ruling["reason"]]} (by the ranked
probability score above). `python -m models.registry list` tells what became of it since.

"""
